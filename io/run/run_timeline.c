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

const char *pnas_timeline_unit(const pnas_timeline *line, double *seconds)
{
    double lasted = line->last - line->first;
    *seconds = lasted >= 7200 ? 3600 : lasted >= 300 ? 60 : 1;
    return lasted >= 7200 ? "h" : lasted >= 300 ? "min" : "s";
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

static bool is_pause(const pnas_run_event *event)
{
    return isfinite(event->start) && isfinite(event->end) && event->end > event->start && event->rank < 0;
}

static bool is_span(const pnas_run_event *event)
{
    return isfinite(event->start) && isfinite(event->end) && event->end >= event->start && event->rank >= 0;
}

/* `time` without the pauses before it. */
static double at_work(const pnas_run_event *const *pauses, size_t count, double time)
{
    double paused = 0;
    for (size_t i = 0; i < count; i++)
        if (pauses[i]->start < time)
            paused += fmin(pauses[i]->end, time) - pauses[i]->start;
    return time - paused;
}

static void add_spans(const pnas_run_info *info, const pnas_run_event *const *pauses, size_t count,
                      pnas_timeline *out)
{
    for (size_t i = 0; i < info->event_count; i++) {
        const pnas_run_event *event = &info->event[i];
        if (!is_span(event))
            continue;
        pnas_timeline_span one = {.start = at_work(pauses, count, event->start),
                                  .end = at_work(pauses, count, event->end),
                                  .rank = event->rank,
                                  .kind = find_kind(event->what),
                                  .what = event->what};
        out->span[out->count++] = one;
        out->has[one.kind] = true;
        out->first = fmin(out->first, one.start);
        out->last = fmax(out->last, one.end);
        out->ranks = one.rank >= out->ranks ? one.rank + 1 : out->ranks;
    }
    for (size_t i = 0; i < count; i++) {
        double at = at_work(pauses, count, pauses[i]->start);
        if (at > out->first && at < out->last)
            out->pause[out->pauses++] = at;
    }
}

pnas_status pnas_timeline_collect(const char *path, const pnas_run_info *info, pnas_timeline *out)
{
    size_t pauses = 0;
    *out = (pnas_timeline){.first = INFINITY, .last = -INFINITY};
    out->span = malloc((info->event_count + 1) * sizeof *out->span);
    out->pause = malloc((info->event_count + 1) * sizeof *out->pause);
    const pnas_run_event **pause = malloc((info->event_count + 1) * sizeof *pause);
    bool room = out->span && out->pause && pause;
    for (size_t i = 0; room && i < info->event_count; i++)
        if (is_pause(&info->event[i]))
            pause[pauses++] = &info->event[i];
    if (room)
        add_spans(info, pause, pauses, out);
    free(pause);
    if (room && out->count > 0 && out->last > out->first) {
        qsort(out->span, out->count, sizeof *out->span, by_rank_and_start);
        return PNAS_OK;
    }
    pnas_timeline_clear(out);
    PNAS_CHECK(room, PNAS_ERROR_MEMORY, "%s: out of memory for %zu events", path, info->event_count);
    return pnas_fail(PNAS_ERROR_DATA, "%s: has no time line yet", path);
}

void pnas_timeline_clear(pnas_timeline *line)
{
    free(line->span);
    free(line->pause);
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
