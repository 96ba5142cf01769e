/* RUN.h5.now: what a search is doing at this moment, beside RUN.h5, which tells what is finished. A few lines
 * of text for pnas_rank --watch, replaced as a whole, removed at the end of the run; docs/formats.md. Local.
 */
#ifndef PNAS_IO_RUN_MOMENT_H
#define PNAS_IO_RUN_MOMENT_H

#include "src/base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    int rank, level, index;
    double start; /* seconds since 1970 */
} pnas_running_child;

typedef struct {         /* zero to start with; freed by pnas_run_moment_free */
    double written;      /* seconds since 1970 */
    double seconds_left; /* of the whole run; NaN: not known */
    size_t count, room;
    pnas_running_child *child; /* [count] */
} pnas_run_moment;

void pnas_run_moment_free(pnas_run_moment *moment);

/* Adds a child, in place of one of the same level and index. PNAS_ERROR_MEMORY. */
pnas_status pnas_run_moment_add(pnas_run_moment *moment, const pnas_running_child *child);
void pnas_run_moment_drop(pnas_run_moment *moment, int level, int index);

/* PNAS_ERROR_FILE. */
pnas_status pnas_run_moment_write(const char *run_path, const pnas_run_moment *moment);
void pnas_run_moment_remove(const char *run_path);

/* Whether there is one that can be read; *out is then the caller's. */
bool pnas_run_moment_read(const char *run_path, pnas_run_moment *out);

#endif
