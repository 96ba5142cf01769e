#include "io/run/run_timeline.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAP_SHOWN 0.001 /* of the whole time: a shorter pause is less than a pixel */

static int by_rank_and_start(const void *a, const void *b)
{
    const pnas_timeline_span *left = a, *right = b;
    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return (left->start > right->start) - (left->start < right->start);
}

/* "train 2/17" is training at level 2. */
static size_t find_kind(const char *what)
{
    int level;
    if (sscanf(what, "train %d/", &level) == 1 && level >= 1 && level <= PNAS_BLOCKS_MAX)
        return (size_t)level - 1;
    return strncmp(what, "fit", 3) == 0     ? PNAS_TIMELINE_FIT
           : strncmp(what, "score", 5) == 0 ? PNAS_TIMELINE_SCORE
                                            : PNAS_TIMELINE_OTHER;
}

void pnas_timeline_kind_name(size_t kind, char *out, size_t size)
{
    if (kind < PNAS_TIMELINE_FIT)
        snprintf(out, size, "train %zu block%s", kind + 1, kind == 0 ? "" : "s");
    else
        snprintf(out, size, "%s",
                 kind == PNAS_TIMELINE_FIT     ? "fit"
                 : kind == PNAS_TIMELINE_SCORE ? "score"
                                               : "other");
}

pnas_status pnas_timeline_collect(const char *path, const pnas_run_info *info, pnas_timeline *out)
{
    *out = (pnas_timeline){.first = INFINITY, .last = -INFINITY};
    out->span = malloc((info->event_count + 1) * sizeof *out->span);
    PNAS_CHECK(out->span, PNAS_ERROR_MEMORY, "%s: out of memory for %zu events", path, info->event_count);
    for (size_t i = 0; i < info->event_count; i++) {
        const pnas_run_event *event = &info->event[i];
        if (!isfinite(event->start) || !isfinite(event->end) || event->end < event->start || event->rank < 0)
            continue;
        out->span[out->count++] = (pnas_timeline_span){.start = event->start,
                                                       .end = event->end,
                                                       .rank = event->rank,
                                                       .kind = find_kind(event->what),
                                                       .what = event->what};
        out->has[find_kind(event->what)] = true;
        out->first = fmin(out->first, event->start);
        out->last = fmax(out->last, event->end);
        out->ranks = event->rank >= out->ranks ? event->rank + 1 : out->ranks;
    }
    if (out->count == 0 || out->last <= out->first) {
        pnas_timeline_clear(out);
        return pnas_fail(PNAS_ERROR_DATA, "%s: has no time line yet", path);
    }
    qsort(out->span, out->count, sizeof *out->span, by_rank_and_start);
    return PNAS_OK;
}

void pnas_timeline_clear(pnas_timeline *line)
{
    free(line->span);
    *line = (pnas_timeline){0};
}

double pnas_timeline_busy(const pnas_timeline *line, int rank)
{
    double busy = 0, until = -INFINITY;
    for (size_t i = 0; i < line->count; i++) {
        const pnas_timeline_span *one = &line->span[i];
        if (one->rank != rank || one->end <= until)
            continue;
        busy += one->end - fmax(one->start, until);
        until = one->end;
    }
    return busy;
}

/* ---- busy ranks ---- */

/* Here `busy` is by how much the number changes. */
static int earlier_change(const void *a, const void *b)
{
    const pnas_busy_change *left = a, *right = b;
    if (left->time != right->time)
        return left->time < right->time ? -1 : 1;
    return left->busy - right->busy;
}

/* The merged spans of each rank as changes: +1 where it begins to be busy, -1 where it ends. */
static size_t find_changes(const pnas_timeline *line, pnas_busy_change *out)
{
    size_t count = 0;
    double gap = GAP_SHOWN * (line->last - line->first);
    for (size_t i = 0; i < line->count;) {
        double end = line->span[i].end;
        size_t next = i + 1;
        while (next < line->count && line->span[next].rank == line->span[i].rank &&
               line->span[next].start <= end + gap)
            end = fmax(end, line->span[next++].end);
        out[count++] = (pnas_busy_change){line->span[i].start, 1};
        out[count++] = (pnas_busy_change){end, -1};
        i = next;
    }
    return count;
}

pnas_status pnas_timeline_changes(const pnas_timeline *line, pnas_busy_change **out, size_t *count)
{
    pnas_busy_change *change = *out = malloc((2 * line->count + 1) * sizeof *change);
    PNAS_CHECK(change, PNAS_ERROR_MEMORY, "out of memory for a time line");
    *count = find_changes(line, change);
    qsort(change, *count, sizeof *change, earlier_change);
    int busy = 0;
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        busy += change[i].busy;
        if (i + 1 == *count || change[i + 1].time > change[i].time)
            change[kept++] = (pnas_busy_change){change[i].time, busy};
    }
    *count = kept;
    return PNAS_OK;
}
