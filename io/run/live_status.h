/* The live status of a search, RUN.h5.now: what it does now, beside RUN.h5, which tells what is finished. A
 * few lines of text for pnas_rank --watch, replaced as a whole, removed at the end of the run;
 * docs/formats.md. Local. */
#ifndef PNAS_IO_LIVE_STATUS_H
#define PNAS_IO_LIVE_STATUS_H

#include "src/base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    int rank, level, index;
    double start; /* seconds since 1970 */
} pnas_running_child;

typedef struct {         /* zero to start with; freed by pnas_live_status_free */
    double written;      /* seconds since 1970 */
    double seconds_left; /* of the whole run; NaN: not known */
    size_t count, room;
    pnas_running_child *child; /* [count] */
} pnas_live_status;

void pnas_live_status_free(pnas_live_status *live);

/* Adds a child, in place of one of the same level and index. PNAS_ERROR_MEMORY. */
pnas_status pnas_live_status_add(pnas_live_status *live, const pnas_running_child *child);
void pnas_live_status_drop(pnas_live_status *live, int level, int index);

/* PNAS_ERROR_FILE. */
pnas_status pnas_live_status_write(const char *run_path, const pnas_live_status *live);
void pnas_live_status_remove(const char *run_path);

/* Whether there is one that can be read; *out is then the caller's. */
bool pnas_live_status_read(const char *run_path, pnas_live_status *out);

/* Whether it is so young that the run is taken to be at work. */
bool pnas_live_status_is_young(const pnas_live_status *live, double now);

#endif
