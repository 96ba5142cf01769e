#include "src/run/search_run.h"

#include "io/run/live_status.h"
#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/plain_text.h"
#include "src/base/progress.h"
#include "src/run/best_children.h"
#include "src/run/best_weights.h"
#include "src/run/level_jobs.h"
#include "src/run/level_usage.h"
#include "src/run/rank_kinds.h"
#include "src/run/run_record.h"
#include "src/run/rung_pass.h"
#include "src/run/search_progress.h"
#include "src/run/warm_start.h"
#include "src/search/strategy.h"

#include <errno.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BEST_SHOWN                  5
#define SECONDS_BETWEEN_LIVE_STATUS 2

typedef struct {
    const pnas_search_run_options *options;
    pnas_run_file *file;
    pnas_search *search;
    pnas_ensemble *ensemble; /* borrowed */
    pnas_surrogate surrogate;
    pnas_search_progress progress;
    pnas_live_status live; /* the children that run now */
    size_t begun;          /* of the next level's children so many are kept: they were handed out */
    bool offered;          /* those that are begun early were given to the scheduler */
} search_run;

static const pnas_strategy *strategy_of(const search_run *run)
{
    return pnas_strategy_get(run->options->configuration->search.strategy);
}

/* --- for whoever watches --- */

static void write_live_status(search_run *run, double seconds_left)
{
    double now = pnas_clock_unix();
    if (now - run->live.written < SECONDS_BETWEEN_LIVE_STATUS)
        return;
    run->live.written = now;
    run->live.seconds_left = seconds_left;
    if (pnas_live_status_write(run->options->path, &run->live) != PNAS_OK)
        pnas_debug("%s", pnas_message()); /* the search does not need it */
}

static void remove_live_status(search_run *run)
{
    pnas_live_status_remove(run->options->path);
    pnas_live_status_free(&run->live);
}

/* --- the surrogate's weights --- */

static pnas_status keep_controller(search_run *run, int level)
{
    pnas_run_info *info = pnas_run_file_info(run->file);
    for (int member = 0; member < pnas_ensemble_members(run->ensemble); member++) {
        pnas_named_tensor *tensors = NULL;
        size_t count = 0;
        PNAS_TRY(pnas_ensemble_weights(run->ensemble, member, &tensors, &count));
        pnas_status status = pnas_run_info_add_controller(info, level, member, tensors, count);
        pnas_ensemble_free_weights(&tensors, count);
        PNAS_TRY(status);
    }
    return PNAS_OK;
}

/* What finetuning, which goes by levels, goes on from: the weights of the fit before the one that comes next. */
static pnas_status restore_controller(search_run *run)
{
    const pnas_run_info *info = pnas_run_file_info(run->file);
    int level = pnas_search_levels(run->search) - 1, members = pnas_ensemble_members(run->ensemble);
    int restored = 0;
    for (size_t i = 0; i < info->controller_count; i++) {
        if (level < 1 || info->controller[i].level != level || info->controller[i].member >= members)
            continue;
        pnas_status status = pnas_ensemble_set_weights(run->ensemble, info->controller[i].member,
                                                       info->controller[i].tensor, info->controller[i].count);
        if (status == PNAS_ERROR_DATA && info->extended) {
            pnas_info("the surrogate is fit anew: its last weights are those of a search with fewer blocks");
            return PNAS_OK;
        }
        PNAS_TRY(status);
        restored++;
    }
    PNAS_CHECK(restored == members || level < 1, PNAS_ERROR_DATA,
               "%s: is damaged: its surrogate after level %d, from which the next fit goes on, has %d of %d "
               "members; put a copy of it back",
               run->options->path, level, restored, members);
    return level < 1 ? PNAS_OK : pnas_surrogate_ranks_broadcast(run->options->surrogate);
}

/* Fits start from another run's weights, where one is named. */
static pnas_status start_warm(search_run *run)
{
    const pnas_run_info *info = pnas_run_file_info(run->file);
    if (!info->warm_start)
        return PNAS_OK;
    PNAS_TRY(pnas_warm_start_set(info, &run->options->configuration->search.space, run->ensemble));
    return pnas_surrogate_ranks_start(run->options->surrogate);
}

/* --- a level's children --- */

static pnas_status keep_result(void *payload, const pnas_job *job, pnas_result *result)
{
    search_run *run = payload;
    PNAS_TRY(pnas_run_file_append(run->file, job->level, (size_t)job->index, result));
    if (result->status != PNAS_CHILD_PAUSED)
        pnas_checkpoint_folder_forget(run->options->checkpoints, &job->cell);
    PNAS_TRY(pnas_run_record_training(run->file, job->level, job->index, result, job->before));
    pnas_search_progress_result(&run->progress, job, result);
    pnas_live_status_drop(&run->live, job->level, job->index);
    return pnas_search_record(run->search, job->level, (size_t)job->index, result);
}

static void show_start(void *payload, const pnas_job *job, int rank)
{
    search_run *run = payload;
    pnas_search_progress_started(&run->progress);
    if (job->level > pnas_search_levels(run->search) && (size_t)job->index >= run->begun)
        run->begun = (size_t)job->index + 1;
    const pnas_running_child child = {rank, job->level, job->index, pnas_clock_unix()};
    if (pnas_live_status_add(&run->live, &child) != PNAS_OK)
        pnas_warning("%s", pnas_message());
    pnas_debug("level %d, child %d goes to rank %d", job->level, job->index, rank);
}

static void show_progress(void *payload)
{
    search_run *run = payload;
    pnas_search_progress_show(&run->progress);
    write_live_status(run, pnas_search_progress_left(&run->progress));
}

/* A round of children on several levels is kept by the last one. */
static void keep_round_usage(search_run *run)
{
    const pnas_level_usage *usage = pnas_scheduler_usage(run->options->scheduler);
    char text[256];
    pnas_search_add_usage(run->search, pnas_search_levels(run->search), usage);
    if (usage->busy_seconds <= 0)
        return;
    pnas_usage_text(usage, text, sizeof text);
    pnas_info("%zu of %zu children: %s",
              pnas_search_children(run->search) - pnas_search_unfinished(run->search), run->progress.children,
              text);
}

static void keep_level_usage(search_run *run, int level)
{
    const pnas_level *trained = pnas_search_level(run->search, level);
    const pnas_level_usage *usage = &trained->usage;
    size_t pending = pnas_level_count(trained, PNAS_CHILD_PENDING);
    char text[256];
    pnas_search_add_usage(run->search, level, pnas_scheduler_usage(run->options->scheduler));
    if (usage->busy_seconds <= 0)
        return;
    pnas_usage_text(usage, text, sizeof text);
    if (pending > 0)
        pnas_info("level %d: not finished, %zu of %zu children are left; so far %s", level, pending,
                  trained->count, text);
    else if (pnas_level_count(trained, PNAS_CHILD_PAUSED) > 0)
        pnas_info("level %d: all its children are at a rung; so far %s", level, text);
    else
        pnas_info("level %d: %s", level, text);
}

/* How long choosing children took at the last level. */
static double choice_seconds(const search_run *run)
{
    int level = pnas_search_levels(run->search);
    const pnas_level *before = pnas_search_level(run->search, level - 1);
    return before ? before->fit_seconds + pnas_search_level(run->search, level)->score_seconds : 0;
}

/* Free lanes may begin the next level's children, which stand in the run file before one is handed out. */
static pnas_status begin_next_level(void *payload, double seconds_left)
{
    search_run *run = payload;
    const pnas_search_run_options *options = run->options;
    int next = pnas_search_levels(run->search) + 1;
    pnas_job *jobs = NULL;
    size_t count = 0;
    if (pnas_search_may_begin_next(run->search) && choice_seconds(run) < seconds_left) {
        double start = pnas_clock_unix();
        PNAS_TRY(pnas_search_begin_next(run->search, &run->surrogate));
        PNAS_TRY(pnas_run_record_early(run->file, options, next, start));
        if (options->configuration->surrogate.refit == PNAS_REFIT_FINETUNE)
            PNAS_TRY(restore_controller(run)); /* the level's own fit goes on from the one before */
        PNAS_TRY(pnas_run_file_write(run->file, run->search));
    }
    const pnas_level *begun = pnas_search_level(run->search, next);
    if (!begun || run->offered)
        return PNAS_OK;
    PNAS_TRY(pnas_level_jobs(options->configuration, options->table, begun, &jobs, &count));
    run->offered = true;
    pnas_info("level %d: lanes are free, which may begin %zu children of level %d", next - 1, count, next);
    pnas_status status = pnas_scheduler_add(options->scheduler, jobs, count);
    free(jobs);
    return status;
}

/* --- from level to level --- */

static void name_duration(double seconds, char out[32])
{
    if (seconds < 0.5)
        snprintf(out, 32, "less than 1 s");
    else
        pnas_clock_duration(seconds, out, 32);
}

static void report_level(const search_run *run, const pnas_level *level)
{
    char fit[32], score[32];
    if (level->candidates == 0) {
        pnas_info("level 1: %zu cells of one block", level->count);
        return;
    }
    if (level->blocks == 1) {
        pnas_info("level 1: the best %zu of %llu cells of one block by the surrogate begun with",
                  level->count, (unsigned long long)level->candidates);
        return;
    }
    name_duration(pnas_search_level(run->search, level->blocks - 1)->fit_seconds, fit);
    name_duration(level->score_seconds, score);
    size_t early = 0;
    while (early < level->count && level->child[early].early)
        early++;
    pnas_info("level %d: the best %zu of %llu candidates by the surrogate, fit in %s, scored in %s",
              level->blocks, level->count - early, (unsigned long long)level->candidates, fit, score);
    if (early > 0)
        pnas_info("level %d: %zu more were begun before level %d was finished", level->blocks, early,
                  level->blocks - 1);
}

static void report_round(const search_run *run)
{
    const pnas_choice *choice = pnas_search_last_choice(run->search);
    char fit[32], score[32];
    if (choice->candidates == 0) {
        pnas_info("%zu cells to begin with", choice->children);
        return;
    }
    name_duration(choice->fit_seconds, fit);
    name_duration(choice->score_seconds, score);
    pnas_info("round %d: %zu of %llu candidates by the surrogate, fit in %s, scored in %s", choice->round,
              choice->children, (unsigned long long)choice->candidates, fit, score);
}

static void show_choice(const search_run *run, bool all_sizes)
{
    int finished = pnas_search_levels(run->search), blocks = run->options->configuration->search.space.blocks;
    if (all_sizes)
        pnas_progress_show("%zu children  fitting the surrogate and scoring candidates",
                           pnas_search_children(run->search));
    else
        pnas_progress_show("level %d/%d  fitting the surrogate and scoring candidates", finished + 1, blocks);
}

static pnas_status next_children(search_run *run)
{
    const pnas_strategy *strategy = strategy_of(run);
    int finished = pnas_search_levels(run->search);
    bool fits = strategy->surrogate && finished > 0;
    bool asks = fits || (strategy->surrogate && pnas_run_file_info(run->file)->warm_start);
    double start = pnas_clock_unix();
    if (fits && pnas_search_pending(run->search) == 0)
        show_choice(run, strategy->all_sizes);
    PNAS_TRY(pnas_search_keep_begun(run->search, run->begun));
    PNAS_TRY(pnas_search_propose(run->search, asks ? &run->surrogate : NULL));
    run->begun = 0;
    pnas_progress_end();
    if (fits) {
        PNAS_TRY(pnas_run_record_proposal(run->file, run->options, run->search, start));
        PNAS_TRY(keep_controller(run, finished));
    }
    if (strategy->all_sizes && pnas_search_last_choice(run->search)->children > 0)
        report_round(run);
    if (strategy->levelwise)
        report_level(run, pnas_search_level(run->search, finished + 1));
    return pnas_run_file_write(run->file, run->search);
}

static void report_spearman(const pnas_level *level)
{
    if (!isnan(level->spearman))
        pnas_info("level %d: Spearman's correlation of predicted and measured accuracy: %.3f", level->blocks,
                  level->spearman);
}

static bool rounds_overlap(const search_run *run)
{
    return strategy_of(run)->all_sizes && run->options->configuration->search.overlap;
}

/* Rounds that need not wait for the children at work are chosen, and stand in the run file before one of their
 * children is handed out. */
static pnas_status continue_rounds(void *payload)
{
    search_run *run = payload;
    const pnas_search_run_options *options = run->options;
    int levels = pnas_search_levels(run->search);
    do {
        size_t there = pnas_search_children(run->search), count = 0;
        pnas_job *jobs = NULL;
        if (pnas_search_may_propose(run->search)) {
            PNAS_TRY(next_children(run));
            PNAS_TRY(
                pnas_pending_jobs(options->configuration, options->table, run->search, there, &jobs, &count));
        }
        bool more = pnas_search_remaining(run->search, levels) > 0;
        pnas_search_progress_add(&run->progress, jobs, count);
        pnas_status status = pnas_scheduler_extend(options->scheduler, jobs, count, more);
        free(jobs);
        PNAS_TRY(status);
    } while (pnas_search_may_propose(run->search));
    return PNAS_OK;
}

/* A level, or children of all sizes: a round, or where rounds overlap all that follow. */
static pnas_status train(search_run *run, const pnas_level *level)
{
    const pnas_scheduler_listener listener = {.on_result = keep_result,
                                              .on_start = show_start,
                                              .on_tick = show_progress,
                                              .on_idle = begin_next_level,
                                              .on_change = rounds_overlap(run) ? continue_rounds : NULL,
                                              .payload = run};
    pnas_scheduler *scheduler = run->options->scheduler;
    pnas_job *jobs = NULL;
    size_t count = 0;
    bool all_sizes = strategy_of(run)->all_sizes;
    PNAS_TRY(
        pnas_pending_jobs(run->options->configuration, run->options->table, run->search, 0, &jobs, &count));
    if (all_sizes)
        pnas_search_progress_round(&run->progress, jobs, count);
    else
        pnas_search_progress_level(&run->progress, level, jobs, count);
    run->progress.running = run->live.count; /* begun before this level was */
    run->offered = false;
    pnas_status status = pnas_scheduler_run(scheduler, jobs, count, &listener);
    pnas_progress_end();
    bool took_time = !run->options->table || run->options->configuration->table_pace > 0;
    if (took_time && all_sizes)
        keep_round_usage(run);
    else if (took_time)
        keep_level_usage(run, level->blocks);
    if (status == PNAS_OK && !all_sizes)
        report_spearman(level);
    free(jobs);
    return status;
}

static pnas_status search_levels(search_run *run)
{
    while (!pnas_search_complete(run->search)) {
        if (pnas_search_at_rung(run->search))
            PNAS_TRY(pnas_rung_pass(run->file, run->search, run->options->checkpoints));
        else if (pnas_search_may_propose(run->search))
            PNAS_TRY(next_children(run));
        else
            PNAS_TRY(train(run, pnas_search_current(run->search)));
    }
    return PNAS_OK;
}

/* The fit after the last level changes no choice; it leaves a surrogate that has seen everything. */
static pnas_status fit_last(search_run *run)
{
    double start = pnas_clock_unix();
    PNAS_TRY(pnas_search_fit(run->search, &run->surrogate));
    PNAS_TRY(pnas_run_record_last_fit(run->file, run->options, run->search, start));
    return keep_controller(run, pnas_search_levels(run->search));
}

/* The whole search: what was training, and what was not. */
static void report_run(const search_run *run)
{
    pnas_level_usage sum = {0};
    double fit = 0, score = 0;
    char text[256], fitting[32], scoring[32];
    for (int b = 1; b <= pnas_search_levels(run->search); b++) {
        const pnas_level *level = pnas_search_level(run->search, b);
        pnas_usage_add(&sum, &level->usage);
        fit += level->fit_seconds;
        score += level->score_seconds;
    }
    pnas_rung_pass_report(run->search, run->options->configuration->training.epochs);
    if (sum.busy_seconds <= 0)
        return;
    pnas_usage_text(&sum, text, sizeof text);
    pnas_clock_duration(fit, fitting, sizeof fitting);
    pnas_clock_duration(score, scoring, sizeof scoring);
    pnas_info("all levels: %s", text);
    if (rounds_overlap(run))
        pnas_info("meanwhile: %s fitting and %s scoring", fitting, scoring);
    else
        pnas_info("besides training: %s fitting and %s scoring, %.1f %% of the time", fitting, scoring,
                  100 * (fit + score) / (sum.span_seconds + fit + score));
}

/* Of the complete run; whatever comes between, the same command writes what is missing. */
static pnas_status keep_weights(search_run *run)
{
    const pnas_best_weights_options options = {
        .run_path = run->options->path,
        .configuration = run->options->configuration,
        .configuration_text = run->options->configuration_text,
        .dataset = run->options->dataset,
        .trainer = run->options->devices->trainer,
        .tick = pnas_scheduler_poll,
        .tick_payload = run->options->scheduler,
    };
    pnas_status status = pnas_best_weights_write(&options, run->search);
    if (status != PNAS_OK)
        return pnas_fail(
            status, "%s; the search is complete, and the same command writes the weights that are missing",
            pnas_message());
    return PNAS_OK;
}

/* --- begin and end --- */

static pnas_status open_surrogate(search_run *run)
{
    run->ensemble = pnas_surrogate_ranks_ensemble(run->options->surrogate);
    run->surrogate = pnas_surrogate_ranks_surrogate(run->options->surrogate);
    bool finetune = run->options->configuration->surrogate.refit == PNAS_REFIT_FINETUNE;
    PNAS_TRY(start_warm(run));
    return finetune ? restore_controller(run) : PNAS_OK;
}

static pnas_status open_run(search_run *run)
{
    const pnas_search_run_options *options = run->options;
    bool existed = false;
    pnas_rank_kinds_set(options);
    PNAS_TRY(pnas_search_create(&options->configuration->search, &run->search));
    run->progress.search = run->search;
    pnas_search_set_tick(run->search, pnas_scheduler_poll, options->scheduler);
    if (options->table)
        pnas_search_limit(run->search, options->table, options->configuration->candidates);
    PNAS_TRY(pnas_run_file_open(options->path, &run->file, &existed));
    if (!existed) {
        PNAS_TRY(pnas_run_record_begin(run->file, options));
        return pnas_warm_start_take(options->configuration, pnas_run_file_info(run->file));
    }
    pnas_rank_kinds then = {0};
    PNAS_TRY(pnas_rank_kinds_remember(run->file, &then));
    pnas_status status = pnas_run_record_resume(run->file, options, run->search);
    if (status == PNAS_OK)
        status = pnas_warm_start_take(options->configuration, pnas_run_file_info(run->file));
    if (status == PNAS_OK)
        status = pnas_rank_kinds_learn(options, run->search, &then);
    pnas_rank_kinds_free(&then);
    const pnas_level *begun = pnas_search_level(run->search, pnas_search_levels(run->search) + 1);
    run->begun = begun ? begun->count : 0; /* which of them were handed out is not known any more */
    return status;
}

static int count_trainers(const pnas_search_run_options *options)
{
    int trainers = options->table ? options->layout->ranks : 0;
    for (int rank = 0; !options->table && rank < options->layout->ranks; rank++)
        trainers += options->devices->lanes_of[rank];
    return trainers;
}

/* Children known at a time for each lane, from which on lanes hardly wait (docs/scaling.md) */
#define WINDOW_OF_LANES 4

static void warn_of_waiting_lanes(const search_run *run)
{
    const pnas_search_options *search = &run->options->configuration->search;
    int lanes = run->progress.trainers;
    double known = (double)search->round * (search->lag + 1);
    if (!rounds_overlap(run) || lanes < 2 || known >= WINDOW_OF_LANES * (double)lanes)
        return;
    pnas_warning(
        "search.overlap: %d children are trained at once, and search.round * (search.lag + 1) = %.0f "
        "are known at a time; with less than %d some may wait for others",
        lanes, known, WINDOW_OF_LANES * lanes);
}

static pnas_status search_to_the_end(search_run *run)
{
    warn_of_waiting_lanes(run);
    if (strategy_of(run)->surrogate)
        PNAS_TRY(open_surrogate(run));
    PNAS_TRY(pnas_run_file_write(run->file, run->search));
    PNAS_TRY(search_levels(run));
    if (strategy_of(run)->surrogate)
        PNAS_TRY(fit_last(run));
    report_run(run);
    return PNAS_OK;
}

static bool folder_is_gone(const char *path)
{
    char *copy = strdup(path);
    bool gone = copy && access(dirname(copy), F_OK) != 0 && errno == ENOENT;
    free(copy);
    return gone;
}

static pnas_status record_parts(const search_run *run)
{
    double now = pnas_clock_unix();
    for (size_t i = 0; i < run->live.count; i++)
        PNAS_TRY(pnas_run_record_part(run->file, &run->live.child[i], now));
    return PNAS_OK;
}

/* Leaves the run file with what is known, whatever happened; the first failure is the one that is told. */
static pnas_status end_run(search_run *run, pnas_status status)
{
    char message[PNAS_MESSAGE_MAX];
    snprintf(message, sizeof message, "%s", pnas_message());
    pnas_status parts = status == PNAS_OK ? PNAS_OK : record_parts(run);
    pnas_status written = pnas_run_record_end(run->file, run->search, status);
    if (written == PNAS_OK)
        written = parts;
    if (status == PNAS_OK)
        return written;
    if (written != PNAS_OK && strcmp(message, pnas_message()) != 0)
        pnas_error("%s", pnas_message());
    const char *outlook = "";
    if (written != PNAS_OK && folder_is_gone(run->options->path))
        outlook = "; the folder of the run is no longer there, nor is what was finished in it";
    else if (status == PNAS_STOPPED)
        outlook = "; what is finished is kept, and the same command continues";
    else if (status == PNAS_ERROR_DEVICE)
        outlook = "; what is finished is kept, and the same command continues where there are devices";
    else if (status == PNAS_ERROR_FILE || status == PNAS_ERROR_DATA)
        outlook = "; what was finished before is kept, and the same command continues once that is corrected";
    return pnas_fail(status, "%s%s", message, outlook);
}

pnas_status pnas_search_run(const pnas_search_run_options *options)
{
    search_run run = {.options = options};
    run.progress.trainers = count_trainers(options);
    pnas_status status = open_run(&run);
    bool opened = status == PNAS_OK;
    if (opened && pnas_run_file_info(run.file)->status == PNAS_RUN_COMPLETE)
        pnas_info("%s is complete already; no child is left to train", options->path);
    else if (opened)
        status = end_run(&run, search_to_the_end(&run));
    if (status == PNAS_OK)
        status = keep_weights(&run);
    if (opened)
        remove_live_status(&run);
    pnas_progress_end();
    if (status == PNAS_OK)
        status = pnas_best_children_print(run.search, BEST_SHOWN);
    if (status == PNAS_OK)
        pnas_text_line(stdout, "%s", options->path);
    pnas_run_file_close(&run.file);
    pnas_search_destroy(&run.search);
    return status;
}
