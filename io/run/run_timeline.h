/* What each rank of a run did when, as its events tell it. Times are seconds since 1970, without those
 * between a stop and the next start. Local. */
#ifndef PNAS_IO_RUN_TIMELINE_H
#define PNAS_IO_RUN_TIMELINE_H

#include "io/run/run_file.h"

/* Kinds of work: before PNAS_TIMELINE_FIT training, by level from 0. */
enum { PNAS_TIMELINE_FIT = PNAS_BLOCKS_MAX, PNAS_TIMELINE_SCORE, PNAS_TIMELINE_OTHER, PNAS_TIMELINE_KINDS };

typedef struct {
    double start, end;
    int rank;
    size_t kind;
    const char *what; /* borrowed from the run */
} pnas_timeline_span;

typedef struct { /* zero to start with; freed by pnas_timeline_clear */
    size_t count;
    pnas_timeline_span *span; /* [count], by rank, then start */
    int ranks;                /* one more than the largest */
    double first, last;       /* of all spans */
    bool has[PNAS_TIMELINE_KINDS];
    double *pause; /* [pauses] when time was left out */
    size_t pauses;
} pnas_timeline;

/* `path` is for messages; `info` is borrowed. PNAS_ERROR_DATA if there is nothing that lasted. */
pnas_status pnas_timeline_collect(const char *path, const pnas_run_info *info, pnas_timeline *out);
void pnas_timeline_clear(pnas_timeline *line);

/* Seconds in which the rank did something; spans may overlap. */
double pnas_timeline_busy(const pnas_timeline *line, int rank);

/* "s", "min" or "h", by how long it lasted; *seconds: of one. Static. */
const char *pnas_timeline_unit(const pnas_timeline *line, double *seconds);

/* "train 2 blocks", "fit", "score", "other". */
void pnas_timeline_kind_name(size_t kind, char *out, size_t size);

typedef struct {
    double time;
    int busy; /* ranks from then on */
} pnas_busy_change;

/* How many ranks were busy, as changes in the order of time, one at a time; pauses too short to be drawn are
 * closed. *out is the caller's (free). */
pnas_status pnas_timeline_changes(const pnas_timeline *line, pnas_busy_change **out, size_t *count);

#endif
