#include "src/train/train_run.h"

#include "io/net/network_lock.h"
#include "mpi/collectives.h"
#include "mpi/silence.h"
#include "mpi/stop_request.h"
#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/base/progress.h"
#include "src/train/shard_update.h"
#include "src/train/train_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_BETWEEN_LINES 0.2

typedef struct {
    const pnas_train_options *options;
    pnas_shard_trainer *trainer; /* NULL: this rank has no device */
    pnas_shard_update update;
    pnas_train_state state;
    pnas_network_lock lock; /* rank 0 holds it */
    double begun;           /* steady clock, put back by what was trained before */
    double kept;            /* when the last checkpoint was made */
    double shown;           /* the last progress line */
    double first;           /* when this process began to train, and images since then */
    double images;
} train_run;

static const pnas_training_options *training_of(const train_run *run)
{
    return &run->options->configuration->training;
}

static pnas_status check_stop(void *payload)
{
    (void)payload;
    return pnas_stop_requested() ? pnas_fail(PNAS_STOPPED, "stopped by %s", pnas_stop_reason()) : PNAS_OK;
}

/* --- making ready --- */

static pnas_status make_trainer(train_run *run)
{
    const pnas_train_options *options = run->options;
    const pnas_configuration *configuration = options->configuration;
    if (!options->cl)
        return PNAS_OK;
    const pnas_shard_trainer_options trainer = {.cell = *options->cell,
                                                .operators = configuration->search.space.operators,
                                                .network = configuration->network,
                                                .training = configuration->training,
                                                .memory = pnas_cl_device(options->cl)->memory};
    PNAS_TRY(
        pnas_shard_trainer_create(options->cl, &trainer, options->images, check_stop, NULL, &run->trainer));
    pnas_shard_counts counts = pnas_shard_trainer_counts(run->trainer);
    size_t cells = (size_t)configuration->training.epochs * PNAS_TRAIN_COLUMNS;
    run->state.history = malloc(cells * sizeof *run->state.history);
    run->state.batch_metrics = calloc((size_t)counts.updates, 2 * sizeof *run->state.batch_metrics);
    PNAS_CHECK(run->state.history && run->state.batch_metrics, PNAS_ERROR_MEMORY,
               "no memory for a history of %d epochs", configuration->training.epochs);
    for (size_t i = 0; i < cells; i++)
        run->state.history[i] = NAN;
    return PNAS_OK;
}

static pnas_status share_work(train_run *run)
{
    const pnas_layout *layout = run->options->layout;
    PNAS_TRY(pnas_shard_update_create(layout, run->trainer, &run->update));
    if (layout->rank == 0 && run->update.share.members < layout->ranks)
        pnas_warning(
            "%d of %d ranks train, as an update has %d shards; training.shards would have to be larger",
            run->update.share.members, layout->ranks, run->update.counts.shards);
    return PNAS_OK;
}

static void tell_sizes(const train_run *run)
{
    const pnas_training_options *training = training_of(run);
    const pnas_shard_update *update = &run->update;
    pnas_info(
        "%lld parameters, %lld multiply-adds; an update takes %d shards of %d images on %d rank%s, an epoch "
        "%d updates, the training %d epochs",
        (long long)update->counts.parameters, (long long)update->counts.multiply_adds, update->counts.shards,
        update->counts.images, update->share.members, update->share.members == 1 ? "" : "s",
        update->counts.updates, training->epochs);
    if (update->share.members > 1)
        pnas_debug("an update sends %.3g MB from this rank, in %d piece%s",
                   1e-6 * (double)pnas_gradient_sum_bytes(update->sum), update->pieces,
                   update->pieces == 1 ? "" : "s");
}

static pnas_status share_state(train_run *run, const pnas_network_file *file)
{
    const pnas_train_options *options = run->options;
    pnas_status status = pnas_train_state_share(options->layout, file, run->trainer, training_of(run)->epochs,
                                                run->update.counts.updates, &run->state);
    return status == PNAS_ERROR_DATA ? pnas_fail_at(status, "%s", options->path) : status;
}

/* Where the network file stands, on all ranks. */
static pnas_status take_state(train_run *run)
{
    const pnas_train_options *options = run->options;
    pnas_network_file file = {0};
    bool there = false;
    pnas_status status = PNAS_OK;
    if (options->layout->rank == 0)
        status = pnas_train_file_open(options, &file, &there);
    status = pnas_mpi_agree(status);
    if (status == PNAS_OK)
        status = share_state(run, there ? &file : NULL);
    pnas_network_file_clear(&file);
    if (status == PNAS_OK && there && !run->state.complete)
        pnas_info("%s continues in epoch %d after %d of its %d updates", options->path,
                  run->state.at.epoch + 1, run->state.at.batch, run->update.counts.updates);
    return status;
}

/* --- the network file, on rank 0 --- */

static pnas_status write_file(train_run *run)
{
    PNAS_TRY(pnas_shard_trainer_check(run->trainer));
    run->kept = pnas_clock_seconds();
    run->state.at.seconds = run->kept - run->begun;
    return pnas_train_file_write(run->options, run->trainer, &run->state);
}

/* Before the program ends without a rank that does not answer: weights change only when all have, so they are
 * those after the last update. */
static void keep_last(void *payload)
{
    if (write_file(payload) != PNAS_OK)
        pnas_warning("the training's progress cannot be kept: %s", pnas_message());
}

static void keep_checkpoint(train_run *run)
{
    double seconds = run->options->configuration->checkpoint_seconds;
    if (run->options->layout->rank != 0 || seconds <= 0 || pnas_clock_seconds() - run->kept < seconds)
        return;
    pnas_status status = write_file(run);
    if (status != PNAS_OK && status != PNAS_ERROR_DIVERGED) /* the next update tells of that */
        pnas_warning("the training's progress cannot be kept: %s", pnas_message());
}

/* --- for people --- */

static double seconds_left(const train_run *run)
{
    double all = (double)training_of(run)->epochs * run->update.counts.updates;
    double done = (double)run->state.at.epoch * run->update.counts.updates + run->state.at.batch;
    double an_update = (double)run->update.counts.shards * run->update.counts.images;
    return run->images > 0 ? (all - done) * an_update / run->images * (pnas_clock_seconds() - run->first)
                           : NAN;
}

static void show_progress(train_run *run, const pnas_shard_figures *figures)
{
    char left[32] = "?";
    double now = pnas_clock_seconds();
    if (run->options->layout->rank != 0 || now - run->shown < SECONDS_BETWEEN_LINES)
        return;
    run->shown = now;
    if (!isnan(seconds_left(run)))
        pnas_clock_duration(seconds_left(run), left, sizeof left);
    pnas_progress_show("epoch %d of %d, %d of %d updates, %.0f images/s, loss %.4f, %s left",
                       run->state.at.epoch + 1, training_of(run)->epochs, run->state.at.batch,
                       run->update.counts.updates, run->images / (now - run->first), figures->loss, left);
}

static void tell_epoch(const train_run *run, const float *row)
{
    char left[32] = "?", held[128] = "", waited[64] = "", images[64] = "";
    double seconds = pnas_clock_seconds() - run->first;
    if (run->options->layout->rank != 0)
        return;
    if (run->update.share.members > 1)
        snprintf(waited, sizeof waited, ", %.1f %% of the time waiting for sums",
                 100 * run->update.waited / seconds);
    double image_wait = pnas_shard_trainer_image_wait(run->trainer);
    if (image_wait >= 0)
        snprintf(images, sizeof images, ", %.1f %% waiting for images", 100 * image_wait / seconds);
    if (!isnan(seconds_left(run)))
        pnas_clock_duration(seconds_left(run), left, sizeof left);
    if (run->update.counts.evaluations > 0)
        snprintf(held, sizeof held, ", validation %.4f", (double)row[PNAS_TRAIN_VALIDATION_ACCURACY]);
    if (!isnan(row[PNAS_TRAIN_AVERAGE_ACCURACY]))
        snprintf(held + strlen(held), sizeof held - strlen(held), ", of the average %.4f",
                 (double)row[PNAS_TRAIN_AVERAGE_ACCURACY]);
    pnas_progress_event(1,
                        "epoch %d of %d: rate %.4g, loss %.4f, accuracy %.4f%s; %.0f images/s%s%s, %s left",
                        run->state.at.epoch, training_of(run)->epochs, (double)row[PNAS_TRAIN_RATE],
                        (double)row[PNAS_TRAIN_LOSS], (double)row[PNAS_TRAIN_ACCURACY], held,
                        run->images / seconds, waited, images, left);
}

/* --- an epoch --- */

static pnas_status run_update(train_run *run)
{
    pnas_shard_figures figures;
    PNAS_TRY(pnas_shard_update_run(&run->update, run->state.at.epoch, run->state.at.batch, &figures));
    if (run->update.broken)
        return PNAS_OK;
    float *row = run->state.batch_metrics + 2 * (size_t)run->state.at.batch;
    row[0] = (float)figures.loss;
    row[1] = (float)figures.accuracy;
    run->state.at.batch++;
    run->images += (double)run->update.counts.shards * run->update.counts.images;
    show_progress(run, &figures);
    return PNAS_OK;
}

/* Every member evaluates a range of the batches. A stop leaves it undone. */
static pnas_status evaluate(train_run *run, bool average, float *row)
{
    int batches = run->update.counts.evaluations, members = run->update.share.members,
        member = run->update.share.member;
    int first = (int)((int64_t)batches * member / members),
        end = (int)((int64_t)batches * (member + 1) / members);
    size_t values = 2 * (size_t)batches;
    float *metrics = calloc(values + PNAS_SHARD_FLAGS, sizeof *metrics);
    PNAS_CHECK(metrics, PNAS_ERROR_MEMORY, "no memory for the figures of %d batches", batches);
    pnas_status mine =
        pnas_shard_trainer_evaluate(run->trainer, average, first, end - first, check_stop, NULL, metrics);
    pnas_status status = pnas_shard_update_collect(&run->update, metrics, values, mine);
    const pnas_shard_figures figures = pnas_shard_trainer_figures(run->trainer, metrics);
    row[average ? PNAS_TRAIN_AVERAGE_LOSS : PNAS_TRAIN_VALIDATION_LOSS] = (float)figures.loss;
    row[average ? PNAS_TRAIN_AVERAGE_ACCURACY : PNAS_TRAIN_VALIDATION_ACCURACY] = (float)figures.accuracy;
    free(metrics);
    return status;
}

static bool goes_on(const train_run *run)
{
    return !run->update.stop && !run->update.broken;
}

/* --- a loss that is not finite: all members meet it in the same update --- */

/* What may be gone back to. */
static pnas_status keep_beginning(train_run *run)
{
    pnas_train_state *state = &run->state;
    if (training_of(run)->divergence_factor == 0 || state->divergence.epoch > 0)
        return PNAS_OK;
    if (state->at.batch == 0)
        return pnas_train_tensors_take(run->trainer, training_of(run)->average > 0, &state->before);
    PNAS_CHECK(state->before.count > 0, PNAS_ERROR_DATA,
               "%s: has no state of the beginning of its epoch; train to another file with -o",
               run->options->path);
    return PNAS_OK;
}

static pnas_status go_back(train_run *run)
{
    pnas_train_state *state = &run->state;
    const pnas_train_tensors *before = &state->before;
    double factor = training_of(run)->divergence_factor;
    int last = run->update.counts.updates, update = state->at.batch < last ? state->at.batch + 1 : last;
    pnas_fail_at(PNAS_ERROR_DATA, "epoch %d, update %d of %d", state->at.epoch + 1, update, last);
    if (factor == 0)
        return PNAS_ERROR_DATA;
    if (state->divergence.epoch > 0)
        return pnas_fail_at(PNAS_ERROR_DATA, "again, although all rates are lower since epoch %d",
                            state->divergence.epoch);
    if (run->options->layout->rank == 0)
        pnas_warning("%s; the epoch begins again, and from here on rates are multiplied by %g",
                     pnas_message(), factor);
    state->divergence = (pnas_network_divergence){state->at.epoch + 1, update, factor};
    state->at.batch = 0;
    PNAS_TRY(pnas_shard_trainer_resume(run->trainer, state->at.epoch * last, before->tensor, before->count,
                                       before->average, before->average_count));
    pnas_train_tensors_clear(&state->before);
    return pnas_shard_trainer_scale_rates(run->trainer, factor);
}

/* --- the whole epoch --- */

static void fill_row(const train_run *run, float *row)
{
    double lower = run->state.divergence.epoch > 0 ? run->state.divergence.factor : 1;
    pnas_schedule schedule = training_of(run)->schedule;
    double loss = 0, accuracy = 0;
    for (int i = 0; i < run->update.counts.updates; i++) {
        loss += (double)run->state.batch_metrics[2 * i];
        accuracy += (double)run->state.batch_metrics[2 * i + 1];
    }
    schedule.epochs = training_of(run)->epochs;
    schedule.steps_per_epoch = run->update.counts.updates;
    row[PNAS_TRAIN_LOSS] = (float)(loss / run->update.counts.updates);
    row[PNAS_TRAIN_ACCURACY] = (float)(accuracy / run->update.counts.updates);
    row[PNAS_TRAIN_RATE] =
        (float)(lower * pnas_schedule_rate(&schedule, run->state.at.epoch * run->update.counts.updates));
}

/* The end of an epoch whose updates are done. */
static pnas_status close_epoch(train_run *run)
{
    pnas_train_state *state = &run->state;
    float *row = state->history + (size_t)state->at.epoch * PNAS_TRAIN_COLUMNS;
    PNAS_TRY(pnas_shard_trainer_check(run->trainer));
    fill_row(run, row);
    double last = NAN;
    if (run->update.counts.evaluations > 0) {
        PNAS_TRY(evaluate(run, false, row));
        if (goes_on(run) && training_of(run)->average > 0)
            PNAS_TRY(evaluate(run, true, row));
        if (!goes_on(run)) /* the state stays that of the last whole epoch, with this one's updates */
            return PNAS_OK;
        last = (double)row[PNAS_TRAIN_VALIDATION_ACCURACY];
        state->at.best = fmax(state->at.best, last);
    }
    state->at.last = last;
    state->at.epoch++;
    state->at.batch = 0;
    tell_epoch(run, row);
    return PNAS_OK;
}

static pnas_status run_epoch(train_run *run)
{
    PNAS_TRY(keep_beginning(run));
    if (run->state.at.batch < run->update.counts.updates)
        PNAS_TRY(pnas_shard_trainer_begin(run->trainer, run->state.at.epoch));
    while (run->state.at.batch < run->update.counts.updates && goes_on(run)) {
        PNAS_TRY(run_update(run));
        if (goes_on(run))
            keep_checkpoint(run);
    }
    return goes_on(run) ? close_epoch(run) : PNAS_OK;
}

/* A stop may come between an update and the one that finds that the former went wrong: then the last checkpoint
 * stays. */
static pnas_status write_at_the_end(train_run *run)
{
    pnas_status status = write_file(run);
    return status == PNAS_ERROR_DIVERGED && run->update.stop ? PNAS_OK : status;
}

/* --- the whole --- */

/* Of the members. What only one knows is agreed on afterwards. */
static pnas_status train(train_run *run)
{
    double now = pnas_clock_seconds();
    bool leads = run->options->layout->rank == 0;
    run->begun = now - run->state.at.seconds;
    run->kept = run->first = now;
    if (leads)
        pnas_silence_set_work(&(pnas_silence_work){.keep = keep_last, .payload = run});
    while (run->state.at.epoch < training_of(run)->epochs && goes_on(run)) {
        pnas_status status = run_epoch(run);
        PNAS_TRY(status == PNAS_ERROR_DIVERGED ? go_back(run) : status);
    }
    if (leads)
        pnas_progress_end();
    if (run->update.broken)
        return PNAS_OK; /* the other rank says why */
    if (leads)
        PNAS_TRY(write_at_the_end(run));
    if (run->state.at.epoch == training_of(run)->epochs)
        return PNAS_OK;
    return pnas_fail(PNAS_STOPPED, "stopped by %s; %s holds what is done, and the same command continues",
                     pnas_stop_requested() ? pnas_stop_reason() : "another rank", run->options->path);
}

static void tell_result(const train_run *run)
{
    char time[32], average[48] = "";
    if (run->options->layout->rank != 0)
        return;
    pnas_clock_duration(run->state.at.seconds, time, sizeof time);
    if (run->update.counts.evaluations == 0) {
        pnas_info("%s is complete after %s", run->options->path, time);
        return;
    }
    const float *row = run->state.history + (size_t)(run->state.at.epoch - 1) * PNAS_TRAIN_COLUMNS;
    if (training_of(run)->average > 0)
        snprintf(average, sizeof average, ", of the average %.4f", (double)row[PNAS_TRAIN_AVERAGE_ACCURACY]);
    pnas_info("%s is complete after %s: accuracy on the validation images: of the last weights %.4f%s",
              run->options->path, time, run->state.at.last, average);
}

static pnas_status prepare(train_run *run)
{
    PNAS_TRY(pnas_mpi_agree(make_trainer(run)));
    PNAS_TRY(share_work(run));
    if (run->options->layout->rank == 0)
        tell_sizes(run);
    return PNAS_OK;
}

/* Before anything else: a second program learns of it at once. */
static pnas_status take_lock(train_run *run)
{
    bool leads = run->options->layout->rank == 0;
    return pnas_mpi_agree(leads ? pnas_network_lock_take(run->options->path, &run->lock) : PNAS_OK);
}

static pnas_status train_to_the_end(train_run *run)
{
    PNAS_TRY(take_lock(run));
    PNAS_TRY(prepare(run));
    PNAS_TRY(take_state(run));
    if (run->state.complete) {
        pnas_info("%s is complete already; nothing is left to do", run->options->path);
        return PNAS_OK;
    }
    PNAS_TRY(pnas_mpi_agree(run->update.share.member >= 0 ? train(run) : PNAS_OK));
    tell_result(run);
    return PNAS_OK;
}

static pnas_status finish(train_run *run, pnas_status status)
{
    pnas_silence_set_work(NULL);
    pnas_shard_update_clear(&run->update);
    pnas_shard_trainer_destroy(&run->trainer);
    pnas_train_state_clear(&run->state);
    pnas_network_lock_release(&run->lock);
    return status;
}

pnas_status pnas_train_run(const pnas_train_options *options)
{
    train_run run = {.options = options, .lock = PNAS_NO_NETWORK_LOCK};
    return finish(&run, train_to_the_end(&run));
}

/* Of the network file too, where one is named: that it can be written, and what is there continued. */
static pnas_status check(train_run *run)
{
    if (run->options->path)
        PNAS_TRY(take_lock(run));
    PNAS_TRY(prepare(run));
    return run->options->path ? take_state(run) : PNAS_OK;
}

pnas_status pnas_train_check(const pnas_train_options *options)
{
    train_run run = {.options = options, .lock = PNAS_NO_NETWORK_LOCK};
    return finish(&run, check(&run));
}
