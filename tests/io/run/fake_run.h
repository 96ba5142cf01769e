/* A small search with made-up children, for tests of the run file. */
#ifndef PNAS_TESTS_FAKE_RUN_H
#define PNAS_TESTS_FAKE_RUN_H

#include "io/run/run_file.h"

#define FAKE_FIRST 7
#define FAKE_BEAM  5

/* Three blocks, the paper's operators, FAKE_FIRST one-block cells, then beams of FAKE_BEAM. */
pnas_search *fake_search(void);
pnas_search *fake_search_of(int first); /* with so many one-block cells */

/* Its surrogate: predicts from the hash of the cell. */
pnas_surrogate fake_surrogate(void);

/* A result made from level, index and hash alone; every third has no history, every fifth has failed. The
 * history is the caller's. */
pnas_result fake_result(int level, size_t index);

/* Proposes the next level; records its children from `from` up to `to`. */
void fake_propose(pnas_search *search);
void fake_record(pnas_search *search, size_t from, size_t to);

/* Fills in every field of a new run's info. */
void fake_info(pnas_run_info *info);

/* Writes a run of two finished levels and a third one with two of its children done. */
void fake_run_write(const char *path);

/* The same, complete: 6, 4 and 4 children are done, the others failed. */
void fake_run_write_complete(const char *path);

/* A run with a finished level of FAKE_FIRST cells, by this configuration, which has search.first: 7 and three blocks. */
void fake_run_write_as(const char *path, const char *configuration);

/* Fails the test where two results, levels or infos differ in any bit. */
void fake_expect_result(const pnas_result *found, const pnas_result *expected);
void fake_expect_search(const pnas_search *found, const pnas_search *expected);
void fake_expect_info(const pnas_run_info *found, const pnas_run_info *expected);

/* All of a file; the caller's (free). */
unsigned char *fake_read_file(const char *path, size_t *size);

#endif
