/* Rows of an array that all cores work on. Local. */
#ifndef PNAS_IO_ROW_THREADS_H
#define PNAS_IO_ROW_THREADS_H

#include "src/base/status.h"

#include <stddef.h>

#define PNAS_ROW_THREADS_MOST 64

/* How many threads suit `rows` rows of `row_bytes`: as many as this process has cores, fewer where there is little to
 * do; at least 1. */
int pnas_row_threads(size_t rows, size_t row_bytes);

/* Calls work(payload, thread, row) once for each row, by `threads` threads at a time, whose numbers are 0 to
 * threads - 1; one of 1 is the caller itself. After a failure no other row is begun; the status and the message are those
 * of the lowest row that failed, whatever the threads. */
pnas_status pnas_rows_each(size_t rows, int threads,
                           pnas_status (*work)(void *payload, int thread, size_t row), void *payload);

#endif
