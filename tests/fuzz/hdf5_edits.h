/* What the harnesses of the HDF5 readers share: a small valid file, changed as the input says, is read.
 *
 * The input is a list of edits. They go through HDF5, so that the result is a sound HDF5 file that is not
 * what the reader expects: objects gone, of other types and shapes, with other values, links that lead in
 * circles. With PNAS_FUZZ_BYTES in the environment they change bytes of the file instead, which also tries
 * HDF5. */
#ifndef PNAS_TESTS_HDF5_EDITS_H
#define PNAS_TESTS_HDF5_EDITS_H

#include <stdbool.h>

/* Each harness: whether the changed file gets a seal, without which files of our own alone are refused unread. */
extern const bool fuzz_sealed;

/* Each harness: makes the valid file, and reads a changed one; both end the process where that goes wrong. */
void fuzz_make(const char *path);
void fuzz_read(const char *path);

/* A number that depends on the input alone, for what is tried with only some inputs. */
unsigned fuzz_choice(void);

#endif
