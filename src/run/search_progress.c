#include "src/run/search_progress.h"

#include "src/base/clock.h"
#include "src/base/progress.h"
#include "src/search/cell_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define SECONDS_BETWEEN_LINES 0.2

static const pnas_space *space_of(const pnas_search_progress *progress)
{
    return &pnas_search_get_options(progress->search)->space;
}

/* What is left to do for a child from this job on, as rungs leave it on average. */
static double cost_from(const pnas_search_progress *progress, const pnas_job *job, int from)
{
    const pnas_search_options *options = pnas_search_get_options(progress->search);
    return (double)job->cost * (job->epochs > 0 ? pnas_rung_expected_share(options, from, job->epochs) : 1);
}

static void begin(pnas_search_progress *progress, const pnas_job *jobs, size_t count)
{
    double whole = 0;
    progress->running = 0;
    progress->cost_left = progress->cost_done = progress->seconds_done = 0;
    for (size_t i = 0; i < count; i++) {
        progress->cost_left += cost_from(progress, &jobs[i], jobs[i].from);
        whole += cost_from(progress, &jobs[i], 0);
    }
    progress->average_cost = count ? whole / (double)count : 0;
}

void pnas_search_progress_level(pnas_search_progress *progress, const pnas_level *level, const pnas_job *jobs,
                                size_t count)
{
    progress->level = level->blocks;
    progress->children = level->count;
    progress->done = level->count - count;
    begin(progress, jobs, count);
    progress->best = fmax(progress->best, pnas_levels_best(level, 1));
}

void pnas_search_progress_round(pnas_search_progress *progress, const pnas_job *jobs, size_t count)
{
    int levels = pnas_search_levels(progress->search);
    size_t there = pnas_search_children(progress->search);
    progress->level = levels;
    progress->all_sizes = true;
    progress->children = there + pnas_search_remaining(progress->search, levels);
    progress->done = there - count;
    begin(progress, jobs, count);
    for (int b = 1; b <= levels; b++)
        progress->best = fmax(progress->best, pnas_levels_best(pnas_search_level(progress->search, b), 1));
}

void pnas_search_progress_add(pnas_search_progress *progress, const pnas_job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        progress->cost_left += (double)jobs[i].cost;
}

void pnas_search_progress_started(pnas_search_progress *progress)
{
    progress->running++;
}

static void log_result(const pnas_search_progress *progress, const pnas_job *job, const pnas_result *result)
{
    char text[PNAS_CELL_TEXT_MAX], seconds[32], parameters[48] = "", place[48] = "early";
    if (job->level == progress->level || progress->all_sizes)
        snprintf(place, sizeof place, "%zu/%zu", progress->done, progress->children);
    pnas_cell_format(&job->cell, &space_of(progress)->operators, text);
    if (result->parameters > 0) /* a table may not know them */
        snprintf(parameters, sizeof parameters, "%" PRId64 " parameters  ", result->parameters);
    if (result->train_seconds < 60)
        snprintf(seconds, sizeof seconds, "%.1f s", result->train_seconds);
    else
        pnas_clock_duration(result->train_seconds, seconds, sizeof seconds);
    if (result->status == PNAS_CHILD_PAUSED)
        pnas_progress_event(0, "level %d/%d  %s  accuracy %.4f after epoch %d  %s%s  rank %d  %s", job->level,
                            space_of(progress)->blocks, place,
                            pnas_result_accuracy_after(result, result->epochs), result->epochs, parameters,
                            seconds, result->rank, text);
    else if (result->status == PNAS_CHILD_FAILED)
        pnas_progress_event(1, "level %d/%d  %s  failed: %s  %s  rank %d", job->level,
                            space_of(progress)->blocks, place, result->error, text, result->rank);
    else
        pnas_progress_event(0, "level %d/%d  %s  accuracy %.4f  %s%s  rank %d  %s", job->level,
                            space_of(progress)->blocks, place, result->accuracy, parameters, seconds,
                            result->rank, text);
}

void pnas_search_progress_result(pnas_search_progress *progress, const pnas_job *job,
                                 const pnas_result *result)
{
    bool early = job->level != progress->level &&
                 !progress->all_sizes; /* of the next level, before this one is finished */
    progress->done += !early;
    progress->running -= progress->running > 0;
    progress->cost_left -= early ? 0 : pnas_job_share(job) * (double)job->cost;
    if (result->status == PNAS_CHILD_DONE || result->status == PNAS_CHILD_PAUSED) {
        progress->cost_done += pnas_job_share(job) * (double)job->cost;
        progress->seconds_done += result->train_seconds - job->before;
    }
    if (result->status == PNAS_CHILD_DONE)
        progress->best = fmax(progress->best, result->accuracy);
    log_result(progress, job, result);
    progress->last_shown = 0;
}

/* Children of later levels cost what this level's cost on average, a block for a block. */
double pnas_search_progress_left(const pnas_search_progress *progress)
{
    if (progress->cost_done <= 0 || progress->trainers < 1)
        return NAN;
    double cost = progress->cost_left;
    for (int b = progress->level; b <= space_of(progress)->blocks; b++)
        cost +=
            (double)pnas_search_remaining(progress->search, b) * progress->average_cost * b / progress->level;
    return cost * progress->seconds_done / progress->cost_done / progress->trainers;
}

void pnas_search_progress_show(pnas_search_progress *progress)
{
    double now = pnas_clock_seconds();
    if (now - progress->last_shown < SECONDS_BETWEEN_LINES)
        return;
    progress->last_shown = now;
    double seconds = pnas_search_progress_left(progress);
    char left[48] = "", best[24] = "", duration[32];
    pnas_clock_duration(seconds, duration, sizeof duration);
    if (!isnan(seconds))
        snprintf(left, sizeof left, ", %s left", duration);
    if (progress->best > 0)
        snprintf(best, sizeof best, ", best %.3f", progress->best);
    char level[32] = "";
    if (!progress->all_sizes)
        snprintf(level, sizeof level, "level %d/%d  ", progress->level, space_of(progress)->blocks);
    pnas_progress_show("%s%zu/%zu done%s, %zu running%s", level, progress->done, progress->children, left,
                       progress->running, best);
}
