#include "src/run/run_record.h"

#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/run/configuration_match.h"
#include "src/run/kernel_agreement.h"
#include "src/run/retry_failed.h"
#include "src/run/tuned_agreement.h"
#include "src/search/strategy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PART " (part)" /* of a child that was not finished */

/* --- begin and resume --- */

static pnas_status replace_text(char **text, const char *with)
{
    char *copy = strdup(with);
    PNAS_CHECK(copy, PNAS_ERROR_MEMORY, "no memory for %zu bytes of text", strlen(with));
    free(*text);
    *text = copy;
    return PNAS_OK;
}

static pnas_status replace_table(pnas_run_info *info, const pnas_search_run_options *options)
{
    size_t count = (size_t)options->layout->ranks;
    pnas_run_rank *table = malloc(count * sizeof *table);
    PNAS_CHECK(table, PNAS_ERROR_MEMORY, "no memory for a table of %zu ranks", count);
    memcpy(table, options->devices->table, count * sizeof *table);
    free(info->rank);
    info->rank = table;
    info->rank_count = count;
    return PNAS_OK;
}

static pnas_status describe_start(pnas_run_info *info, const pnas_search_run_options *options)
{
    PNAS_TRY(replace_text(&info->command_line, options->command_line ? options->command_line : ""));
    PNAS_TRY(replace_text(&info->configuration, options->configuration_text));
    PNAS_TRY(replace_table(info, options));
    if (!info->kernels[0]) /* or those of an older version, which did not tell */
        snprintf(info->kernels, sizeof info->kernels, "%s", options->kernels);
    info->status = PNAS_RUN_RUNNING;
    info->end = 0;
    return PNAS_OK;
}

pnas_status pnas_run_record_begin(pnas_run_file *file, const pnas_search_run_options *options)
{
    pnas_run_info *info = pnas_run_file_info(file);
    const pnas_dataset *dataset = options->dataset;
    snprintf(info->dataset_name, sizeof info->dataset_name, "%s", dataset->name);
    snprintf(info->dataset_sha256, sizeof info->dataset_sha256, "%s", dataset->sha256);
    info->dataset_images = (int64_t)(dataset->train.count + dataset->test.count);
    info->start = pnas_clock_unix();
    return describe_start(info, options);
}

/* A run that looks its children up has the table in the place of the data set ("table T.h5"). */
static pnas_status check_same_data(const pnas_run_info *info, const pnas_search_run_options *options)
{
    const pnas_configuration *configuration = options->configuration;
    bool was_table = strncmp(info->dataset_name, "table ", 6) == 0;
    PNAS_CHECK(strcmp(info->dataset_sha256, options->dataset->sha256) == 0, PNAS_ERROR_DATA,
               "%s: this run was started on the %s%s (SHA-256 %.12s...), but the configuration now names the "
               "%s %s (SHA-256 %.12s...); bring the first one back or take another file with -o",
               options->path, was_table ? "" : "data set ", info->dataset_name, info->dataset_sha256,
               options->table ? "table" : "data set",
               options->table ? configuration->table : configuration->dataset, options->dataset->sha256);
    return PNAS_OK;
}

static pnas_status check_same_search(const pnas_run_info *info, const pnas_search_run_options *options,
                                     char extension[PNAS_EXTENSION_MAX])
{
    PNAS_TRY(check_same_data(info, options));
    return pnas_configuration_match(options->path, info->configuration ? info->configuration : "",
                                    info->status == PNAS_RUN_COMPLETE, options->configuration, extension);
}

/* Adds a line to what the run file tells about it. */
static pnas_status record_extension(pnas_run_info *info, const char *path, const pnas_search *search,
                                    const char *extension)
{
    char stamp[32], there[48], after[48];
    int levels = pnas_search_levels(search), strategy = pnas_search_get_options(search)->strategy;
    bool all_sizes = pnas_strategy_get(strategy)->all_sizes;
    snprintf(after, sizeof after, "level %d", levels);
    snprintf(there, sizeof there, "%d levels", levels);
    if (all_sizes) {
        snprintf(there, sizeof there, "%zu children", pnas_search_children(search));
        snprintf(after, sizeof after, "%s", there);
    }
    const char *before = info->extended ? info->extended : "";
    pnas_clock_stamp(pnas_clock_unix(), stamp);
    size_t size = strlen(before) + PNAS_EXTENSION_MAX + 80;
    char *text = malloc(size);
    PNAS_CHECK(text, PNAS_ERROR_MEMORY, "no memory for %zu bytes of text", size);
    snprintf(text, size, "%s%s%s after %s: %s", before, *before ? "\n" : "", stamp, after, extension);
    free(info->extended);
    info->extended = text;
    pnas_info("%s: complete with %s; continues with %s for the %s to come", path, there, extension,
              all_sizes ? "children" : "levels");
    return PNAS_OK;
}

/* What stands in the parts of a child's training; *end: when the last one ended, 0 if there is none. */
static double seconds_in_parts(const pnas_run_info *info, int level, size_t index, double *end)
{
    char name[48];
    double seconds = 0;
    *end = 0;
    snprintf(name, sizeof name, "train %d/%zu" PART, level, index);
    for (size_t i = 0; i < info->event_count; i++) {
        const pnas_run_event *event = &info->event[i];
        if (strcmp(event->what, name) != 0)
            continue;
        seconds += event->end - event->start;
        *end = fmax(*end, event->end);
    }
    return seconds;
}

#define SAME_MOMENT 1e-3 /* seconds */

/* A child that is at a rung has the event of its last part, unless it came from the journal. */
static pnas_status rebuild_event(pnas_run_file *file, const pnas_level *level, size_t index, bool rungs)
{
    const pnas_result *result = &level->child[index].result;
    bool at_rung = result->status == PNAS_CHILD_PAUSED || result->status == PNAS_CHILD_STOPPED;
    double last, seconds = seconds_in_parts(pnas_run_file_info(file), level->blocks, index, &last);
    bool there = at_rung && result->start + result->train_seconds < last + SAME_MOMENT;
    if (result->status == PNAS_CHILD_PENDING || there)
        return PNAS_OK;
    return pnas_run_record_training(file, level->blocks, (int)index, result, rungs ? seconds : 0);
}

/* Children that came from the journal have no event yet, so all training events are made anew, but not those
 * of parts, which stand nowhere else. */
static pnas_status rebuild_training_events(pnas_run_file *file, const pnas_search *search)
{
    pnas_run_info *info = pnas_run_file_info(file);
    size_t kept = 0;
    for (size_t i = 0; i < info->event_count; i++)
        if (strncmp(info->event[i].what, "train ", 6) != 0 || strstr(info->event[i].what, PART))
            info->event[kept++] = info->event[i];
    info->event_count = kept;
    for (int b = 1; pnas_search_level(search, b); b++) {
        const pnas_level *level = pnas_search_level(search, b);
        for (size_t i = 0; i < level->count; i++)
            PNAS_TRY(rebuild_event(file, level, i, pnas_search_get_options(search)->rungs > 0));
    }
    return PNAS_OK;
}

/* From the end that was recorded, or from the last thing that is known of a process that was killed. */
static pnas_status record_pause(pnas_run_file *file, double ended, double now)
{
    pnas_run_info *info = pnas_run_file_info(file);
    double since = fmax(ended, info->start);
    for (size_t i = 0; i < info->event_count && ended <= 0; i++)
        since = fmax(since, info->event[i].end);
    const pnas_run_event pause = {.start = since, .end = now, .rank = -1, .what = "stopped"};
    return now > since ? pnas_run_info_add_event(info, &pause) : PNAS_OK;
}

static void report_resume(const pnas_search_run_options *options, const pnas_search *search)
{
    const pnas_level *level = pnas_search_current(search);
    if (!level)
        level = pnas_search_level(search, pnas_search_levels(search));
    if (!level)
        return;
    if (pnas_strategy_get(options->configuration->search.strategy)->all_sizes) {
        size_t children = pnas_search_children(search);
        pnas_info("%s: continuing with %zu of %zu children done", options->path,
                  children - pnas_search_unfinished(search),
                  children + pnas_search_remaining(search, pnas_search_levels(search)));
        return;
    }
    pnas_info("%s: continuing at level %d with %zu of %zu children done", options->path, level->blocks,
              level->count - pnas_level_unfinished(level), level->count);
}

static pnas_status check_whole(const pnas_run_info *info, const pnas_search_run_options *options,
                               char extension[PNAS_EXTENSION_MAX])
{
    PNAS_TRY(check_same_search(info, options, extension));
    if (*extension || info->status != PNAS_RUN_COMPLETE)
        PNAS_TRY(pnas_kernel_check_run(options->path, info, options->kernels));
    return PNAS_OK;
}

pnas_status pnas_run_record_check(const pnas_search_run_options *options)
{
    pnas_run_file *file = NULL;
    char extension[PNAS_EXTENSION_MAX];
    if (access(options->path, F_OK) != 0)
        return PNAS_OK;
    PNAS_TRY(pnas_run_file_read(options->path, &file));
    const pnas_run_info *info = pnas_run_file_info(file);
    pnas_status status = check_whole(info, options, extension);
    if (status == PNAS_OK && info->status == PNAS_RUN_COMPLETE && !*extension)
        pnas_info("%s is complete already; no child is left to train", options->path);
    else if (status == PNAS_OK)
        pnas_info("%s would be continued%s%s", options->path, *extension ? " with " : "", extension);
    pnas_run_file_close(&file);
    return status;
}

pnas_status pnas_run_record_resume(pnas_run_file *file, const pnas_search_run_options *options,
                                   pnas_search *search)
{
    pnas_run_info *info = pnas_run_file_info(file);
    char extension[PNAS_EXTENSION_MAX];
    double ended = info->end;
    PNAS_TRY(check_whole(info, options, extension));
    if (info->retried)
        pnas_search_expect_retries(search);
    PNAS_TRY(pnas_run_file_restore(file, search));
    size_t retried = 0;
    if (options->retry_failed)
        PNAS_TRY(pnas_retry_failed(info, options->path, search, &retried));
    if (*extension)
        PNAS_TRY(record_extension(info, options->path, search, extension));
    else if (info->status == PNAS_RUN_COMPLETE && retried == 0)
        return PNAS_OK;
    else
        report_resume(options, search);
    pnas_tuned_warn_of_change(options->path, info->rank, info->rank_count, options->devices->table,
                              (size_t)options->layout->ranks);
    PNAS_TRY(describe_start(info, options));
    PNAS_TRY(rebuild_training_events(file, search));
    return record_pause(file, ended, pnas_clock_unix());
}

/* --- the timeline --- */

static pnas_status add_event(pnas_run_file *file, double start, double seconds, int rank, const char *what)
{
    pnas_run_event event = {.start = start, .end = start + seconds, .rank = rank};
    snprintf(event.what, sizeof event.what, "%s", what);
    return pnas_run_info_add_event(pnas_run_file_info(file), &event);
}

/* When a child that ended at `end` was last begun: its seconds before a pause lie before that. */
static double last_begun(const pnas_run_info *info, double start, double end)
{
    for (size_t i = 0; i < info->event_count; i++)
        if (info->event[i].rank < 0 && info->event[i].end <= end)
            start = fmax(start, info->event[i].end);
    return start;
}

pnas_status pnas_run_record_training(pnas_run_file *file, int level, int index, const pnas_result *result,
                                     double before)
{
    char what[48];
    double end = result->start + result->train_seconds;
    double start = last_begun(pnas_run_file_info(file), result->start + before, end);
    bool part = result->status == PNAS_CHILD_PAUSED || result->status == PNAS_CHILD_STOPPED;
    snprintf(what, sizeof what, "train %d/%d%s", level, index, part ? PART : "");
    return add_event(file, start, end - start, result->rank, what);
}

pnas_status pnas_run_record_part(pnas_run_file *file, const pnas_running_child *child, double end)
{
    char what[48];
    snprintf(what, sizeof what, "train %d/%d" PART, child->level, child->index);
    return end > child->start ? add_event(file, child->start, end - child->start, child->rank, what)
                              : PNAS_OK;
}

/* The others' share of what rank 0 led. */
static pnas_status add_shares(pnas_run_file *file, const pnas_rank_span *span, int ranks, const char *what)
{
    for (int rank = 1; rank < ranks; rank++)
        if (span[rank].end > 0)
            PNAS_TRY(add_event(file, span[rank].start, span[rank].end - span[rank].start, rank, what));
    return PNAS_OK;
}

static pnas_status add_fit(pnas_run_file *file, const pnas_search_run_options *options, int level,
                           double start, double seconds)
{
    char what[48];
    snprintf(what, sizeof what, "fit %d", level);
    PNAS_TRY(add_event(file, start, seconds, 0, what));
    return add_shares(file, pnas_surrogate_ranks_fit_spans(options->surrogate), options->layout->ranks, what);
}

pnas_status pnas_run_record_proposal(pnas_run_file *file, const pnas_search_run_options *options,
                                     const pnas_search *search, double start)
{
    const pnas_choice *choice = pnas_search_last_choice(search);
    const pnas_strategy *strategy = pnas_strategy_get(options->configuration->search.strategy);
    int proposed = pnas_search_levels(search);
    double fit = choice->fit_seconds;
    char what[48];
    PNAS_TRY(add_fit(file, options, proposed - !strategy->all_sizes, start, fit));
    snprintf(what, sizeof what, "score %d", proposed);
    PNAS_TRY(add_event(file, start + fit, choice->score_seconds, 0, what));
    return add_shares(file, pnas_surrogate_ranks_score_spans(options->surrogate), options->layout->ranks,
                      what);
}

pnas_status pnas_run_record_early(pnas_run_file *file, const pnas_search_run_options *options, int level,
                                  double start)
{
    char what[48];
    snprintf(what, sizeof what, "fit and score %d early", level);
    PNAS_TRY(add_event(file, start, pnas_clock_unix() - start, 0, what));
    PNAS_TRY(
        add_shares(file, pnas_surrogate_ranks_fit_spans(options->surrogate), options->layout->ranks, what));
    return add_shares(file, pnas_surrogate_ranks_score_spans(options->surrogate), options->layout->ranks,
                      what);
}

pnas_status pnas_run_record_last_fit(pnas_run_file *file, const pnas_search_run_options *options,
                                     const pnas_search *search, double start)
{
    return add_fit(file, options, pnas_search_levels(search), start, pnas_clock_unix() - start);
}

/* --- the end --- */

pnas_status pnas_run_record_end(pnas_run_file *file, const pnas_search *search, pnas_status status)
{
    pnas_run_info *info = pnas_run_file_info(file);
    info->status = status == PNAS_OK        ? PNAS_RUN_COMPLETE
                   : status == PNAS_STOPPED ? PNAS_RUN_STOPPED
                                            : PNAS_RUN_FAILED;
    info->end = pnas_clock_unix();
    return pnas_run_file_write(file, search);
}
