/* What took time to make and is never replaced by a file of another kind, told by its first bytes. Local. */
#ifndef PNAS_IO_FILE_KIND_H
#define PNAS_IO_FILE_KIND_H

#include <stdbool.h>
#include <stddef.h>

#define PNAS_HDF5_MAGIC "\x89HDF\r\n\x1a\n" /* an HDF5 file begins so; 8 bytes without the end */

/* The 8 bytes that a journal begins with: PNASJRN1. */
#define PNAS_JOURNAL_MAGIC                                                                                   \
    {                                                                                                        \
        'P', 'N', 'A', 'S', 'J', 'R', 'N', '1'                                                               \
    }

typedef enum { PNAS_FILE_OTHER, PNAS_FILE_HDF5, PNAS_FILE_JOURNAL } pnas_file_kind;

/* PNAS_FILE_OTHER, too, for what is not there or cannot be read. Waits for no pipe. */
pnas_file_kind pnas_file_kind_of(const char *path);

/* The first bytes of a regular file of `folder` (AT_FDCWD: the working directory), out [size]: how many there are;
 * SIZE_MAX for what is none, as a link. */
size_t pnas_file_start(int folder, const char *name, char *out, size_t size);

/* Whether it is HDF5 and names these conventions near its beginning, also where it is cut or damaged behind: not told
 * by the library, which reads nothing of a file that is cut. */
bool pnas_file_names_conventions(int folder, const char *name, const char *conventions);

#endif
