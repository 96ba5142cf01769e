#include "cl/train/child_trainer.h"

#include "cl/train/child_epoch.h"
#include "cl/train/child_fault.h"
#include "cl/train/child_group.h"
#include "cl/train/child_parameters.h"
#include "cl/train/child_plan.h"
#include "cl/train/child_state.h"
#include "cl/train/training_images.h"
#include "src/base/clock.h"
#include "src/base/log.h"
#include "src/net/graph_create.h"
#include "src/search/canonical.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pnas_trainer {
    pnas_cl *cl;
    pnas_trainer_options options;
    const pnas_checkpoint_store *store; /* NULL: no checkpoints */
    pnas_training_images images;        /* a lane's: the first one's */
    bool is_lane;
    pnas_image_stream *stream; /* its own; NULL: all images lie on the device */
    pnas_child_group *group;   /* borrowed; NULL: none */
    int member;
    pnas_graph *graph; /* of the last child trained */
    pnas_child_plan *plan;
};

/* --- creation --- */

static pnas_status check_images(const pnas_image_set *images)
{
    PNAS_CHECK(images->train_count > 0 && images->validation_count > 0, PNAS_ERROR_DATA,
               "the data set leaves %zu training and %zu validation images; both need at least one",
               images->train_count, images->validation_count);
    return PNAS_OK;
}

/* Images a step: fewer where there are not so many. */
static size_t batch_of(const pnas_trainer_options *options, size_t images)
{
    size_t batch = (size_t)options->training.batch;
    return batch < images ? batch : images;
}

static uint64_t memory_of(const pnas_trainer *trainer)
{
    return trainer->options.memory ? trainer->options.memory : pnas_cl_device(trainer->cl)->memory;
}

pnas_status pnas_trainer_create(pnas_cl *cl, const pnas_trainer_options *options,
                                const pnas_image_set *images, pnas_trainer **out)
{
    PNAS_TRY(check_images(images));
    pnas_trainer *trainer = calloc(1, sizeof *trainer);
    PNAS_CHECK(trainer, PNAS_ERROR_MEMORY, "no memory for a trainer");
    pnas_status status = PNAS_OK;
    trainer->cl = cl;
    trainer->options = *options;
    pnas_network_options *network = &trainer->options.network;
    network->height = images->height;
    network->width = images->width;
    network->channels = images->channels;
    network->classes = images->classes;
    PNAS_TRY_CLEANUP(pnas_training_images_create(cl, images, batch_of(options, images->train_count),
                                                 memory_of(trainer), &trainer->images));
    PNAS_TRY_CLEANUP(pnas_training_images_stream(&trainer->images, cl, &trainer->stream));
    *out = trainer;
    return PNAS_OK;
cleanup:
    pnas_trainer_destroy(&trainer);
    return status;
}

pnas_status pnas_trainer_create_lane(const pnas_trainer *first, pnas_cl *cl, pnas_trainer **out)
{
    *out = malloc(sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for a trainer");
    **out = *first;
    (*out)->cl = cl;
    (*out)->is_lane = true;
    (*out)->group = NULL;
    (*out)->graph = NULL;
    (*out)->plan = NULL;
    pnas_status status = pnas_training_images_stream(&first->images, cl, &(*out)->stream);
    if (status != PNAS_OK)
        pnas_trainer_destroy(out);
    return status;
}

void pnas_trainer_join_group(pnas_trainer *trainer, pnas_child_group *group, int member)
{
    trainer->group = group;
    trainer->member = member;
}

static void drop_child(pnas_trainer *trainer)
{
    if (trainer->group)
        pnas_child_group_forget(trainer->group, trainer->member);
    pnas_child_plan_destroy(&trainer->plan);
    pnas_graph_destroy(&trainer->graph);
}

void pnas_trainer_destroy(pnas_trainer **trainer)
{
    if (!*trainer)
        return;
    drop_child(*trainer);
    pnas_image_stream_destroy(&(*trainer)->stream);
    if (!(*trainer)->is_lane)
        pnas_training_images_release(&(*trainer)->images);
    free(*trainer);
    *trainer = NULL;
}

/* --- one child --- */

static pnas_child_plan_options plan_options(const pnas_trainer *trainer)
{
    size_t batch = batch_of(&trainer->options, trainer->images.samples.train_count);
    pnas_child_room room = {0};
    if (trainer->group)
        room = pnas_child_group_room(trainer->group, trainer->member);
    return (pnas_child_plan_options){
        .group = trainer->group,
        .member = trainer->member,
        .room = room,
        .training = &trainer->options.training,
        .batch = (int)batch,
        .train_steps = (int)(trainer->images.samples.train_count / batch),
        .evaluation_steps = (int)((trainer->images.samples.validation_count + batch - 1) / batch),
        .images = trainer->stream ? pnas_image_stream_pixels(trainer->stream) : trainer->images.pixels,
        .stream = trainer->stream,
        .mean_deviation = trainer->images.mean_deviation};
}

/* Of the child whose plan is made, before anything is allocated for it. */
static pnas_status check_memory(const pnas_trainer *trainer)
{
    const pnas_device_info *device = pnas_cl_device(trainer->cl);
    uint64_t limit = memory_of(trainer);
    uint64_t needed = pnas_child_plan_bytes(trainer->plan) + trainer->images.bytes;
    PNAS_CHECK(needed <= limit, PNAS_ERROR_TOO_LARGE,
               "needs %.1f MiB, but %.1f MiB of %s are for it; lower training.batch or network.filters, or "
               "put fewer ranks on a device",
               (double)needed / 0x1p20, (double)limit / 0x1p20, device->name);
    return PNAS_OK;
}

static pnas_status make_child(pnas_trainer *trainer, const pnas_cell *cell, const pnas_build_options *build)
{
    pnas_child_plan_options options = plan_options(trainer);
    PNAS_TRY(
        pnas_graph_create(cell, &trainer->options.operators, &trainer->options.network, &trainer->graph));
    PNAS_TRY(pnas_child_plan_create(trainer->cl, trainer->graph, &options, &trainer->plan));
    PNAS_TRY(check_memory(trainer));
    PNAS_TRY(pnas_child_plan_build(trainer->plan, build));
    PNAS_TRY(pnas_child_parameters_initialize(trainer->plan, trainer->options.training.seed,
                                              pnas_cell_hash(cell)));
    return pnas_epoch_write_validation(trainer->plan, &trainer->images.samples);
}

/* The child in the place of the last one; none where it cannot be made. */
static pnas_status replace_child(pnas_trainer *trainer, const pnas_cell *cell,
                                 const pnas_build_options *build)
{
    drop_child(trainer);
    pnas_status status = make_child(trainer, cell, build);
    if (status != PNAS_OK)
        drop_child(trainer);
    return status;
}

typedef struct { /* a child on its way */
    pnas_trainer *trainer;
    const pnas_job *job;
    pnas_tick tick; /* the caller's */
    void *tick_payload;
    pnas_checkpoint at; /* without tensors */
    float *history;     /* [epochs][PNAS_METRICS], the result's */
    double begun;       /* steady clock, put back by what was trained before */
    double started;     /* steady clock, by this rank, its kernels built */
    double kept;        /* when the last checkpoint was made, or the training began */
} child_run;

static void keep_checkpoint(child_run *run)
{
    const pnas_checkpoint_store *store = run->trainer->store;
    run->kept = pnas_clock_seconds();
    if (run->at.epoch == 0 && run->at.batch == 0)
        return;
    pnas_checkpoint checkpoint = run->at;
    checkpoint.seconds = run->kept - run->begun;
    if (pnas_child_state_export(run->trainer->plan, run->history, &checkpoint) != PNAS_OK)
        pnas_warning("a child's progress cannot be kept: %s", pnas_message());
    else if (pnas_checkpoint_is_finite(&checkpoint)) /* one that diverges here may be tried elsewhere */
        store->save(store->payload, &run->job->cell, &checkpoint);
    pnas_checkpoint_clear(&checkpoint);
}

static pnas_status check_time(const child_run *run)
{
    double limit = run->trainer->options.training.child_seconds;
    double seconds = pnas_clock_seconds() - run->started;
    PNAS_CHECK(limit <= 0 || seconds < limit, PNAS_ERROR_TIMEOUT,
               "not ready after %.*f s in epoch %d of %d; training.child_time_limit is %g s", seconds < 10,
               seconds, run->at.epoch + 1, run->trainer->options.training.epochs, limit);
    return PNAS_OK;
}

static pnas_fault_kind fault_of(const child_run *run)
{
    const pnas_trainer_options *options = &run->trainer->options;
    const pnas_fault *fault = &options->fault;
    bool child = fault->level == 0 || (fault->level == run->job->level && fault->index == run->job->index);
    return child && (fault->rank < 0 || fault->rank == options->rank) ? fault->kind : PNAS_FAULT_NONE;
}

/* A stop leaves a checkpoint. The time limit leaves none: another attempt goes on from the last one that the
 * child made on its way. */
static pnas_status poll(child_run *run)
{
    const pnas_checkpoint_store *store = run->trainer->store;
    pnas_status status = run->tick ? run->tick(run->tick_payload) : PNAS_OK;
    if (status == PNAS_OK)
        PNAS_TRY(check_time(run));
    if (!store)
        return status;
    if (status != PNAS_OK) {
        char message[2048];
        snprintf(message, sizeof message, "%s", pnas_message());
        keep_checkpoint(run);
        return pnas_fail(status, "%s", message);
    }
    if (store->seconds > 0 && pnas_clock_seconds() - run->kept >= store->seconds)
        keep_checkpoint(run);
    return PNAS_OK;
}

/* Whether a test wants it to hang: in the second half of its batches. */
static bool hangs(const child_run *run)
{
    int64_t period = run->trainer->plan->train.period;
    return fault_of(run) == PNAS_FAULT_HANG &&
           2 * (run->at.epoch * period + run->at.batch) > run->trainer->options.training.epochs * period;
}

/* The tick of all batches. */
static pnas_status watch(void *payload)
{
    child_run *run = payload;
    pnas_status status = poll(run);
    while (status == PNAS_OK && hangs(run)) {
        pnas_clock_sleep(0.001);
        status = poll(run);
    }
    return status;
}

/* Goes on from a checkpoint if there is one that fits. */
static pnas_status take_checkpoint(child_run *run)
{
    const pnas_checkpoint_store *store = run->trainer->store;
    pnas_checkpoint checkpoint = {0};
    if (!store || !store->load(store->payload, &run->job->cell, &checkpoint))
        return PNAS_OK;
    pnas_status status = pnas_child_state_import(run->trainer->plan, &checkpoint, run->history);
    if (status == PNAS_OK) {
        run->begun -= checkpoint.seconds;
        run->at = checkpoint;
        run->at.count = 0;
        run->at.tensor = NULL;
        if (run->at.epoch > run->job->from || run->at.batch > 0) /* a rung is no news */
            pnas_info("level %d, child %d continues in epoch %d after %d of its %d batches", run->job->level,
                      run->job->index, run->at.epoch + 1, run->at.batch, run->trainer->plan->train.period);
    } else if (status == PNAS_ERROR_DATA) {
        pnas_warning("level %d, child %d starts from its beginning, as its checkpoint does not fit: %s",
                     run->job->level, run->job->index, pnas_message());
        status = PNAS_OK;
    }
    pnas_checkpoint_clear(&checkpoint);
    return status;
}

static pnas_status run_epoch(child_run *run, uint64_t hash)
{
    pnas_trainer *trainer = run->trainer;
    pnas_child_plan *plan = trainer->plan;
    pnas_epoch_result train, validation;
    int epoch = run->at.epoch, evaluated = 0;
    size_t seen = (size_t)plan->options.train_steps * (size_t)plan->options.batch;
    PNAS_TRY(pnas_epoch_write_training(plan, &trainer->images.samples, hash, epoch));
    PNAS_TRY(pnas_epoch_run(plan, &plan->step, &plan->train, seen, &run->at.batch, watch, run, &train));
    PNAS_TRY(pnas_launch_run(plan->cl, &plan->before_evaluation, NULL));
    PNAS_TRY(pnas_epoch_begin_validation(plan, &trainer->images.samples));
    PNAS_TRY(pnas_epoch_run(plan, &plan->evaluation, &plan->validation,
                            trainer->images.samples.validation_count, &evaluated, watch, run, &validation));
    pnas_schedule schedule = trainer->options.training.schedule;
    schedule.epochs = trainer->options.training.epochs;
    schedule.steps_per_epoch = plan->options.train_steps;
    float *row = run->history + (size_t)epoch * PNAS_METRICS;
    row[PNAS_METRIC_TRAIN_LOSS] = (float)train.loss;
    row[PNAS_METRIC_TRAIN_ACCURACY] = (float)train.accuracy;
    row[PNAS_METRIC_VALIDATION_LOSS] = (float)validation.loss;
    row[PNAS_METRIC_VALIDATION_ACCURACY] = (float)validation.accuracy;
    row[PNAS_METRIC_LEARNING_RATE] = (float)pnas_schedule_rate(&schedule, epoch * plan->options.train_steps);
    run->at.last = validation.accuracy;
    run->at.best = fmax(run->at.best, validation.accuracy);
    run->at.epoch = epoch + 1;
    run->at.batch = 0;
    return PNAS_OK;
}

/* Where this job ends: at its rung, or with the training. */
static int last_epoch(const child_run *run)
{
    int epochs = run->trainer->options.training.epochs, until = run->job->until;
    return until > 0 && until < epochs ? until : epochs;
}

static pnas_status train(child_run *run, pnas_result *result)
{
    pnas_trainer *trainer = run->trainer;
    const pnas_training_options *training = &trainer->options.training;
    double building = 0;
    const pnas_build_options build = {run->tick, run->tick_payload, &building};
    pnas_status made = replace_child(trainer, &run->job->cell, &build);
    run->begun += building; /* is no part of what a child takes: the next one finds the kernels */
    PNAS_TRY(made);
    PNAS_TRY(pnas_child_fault_apply(trainer->plan, fault_of(run)));
    run->started = pnas_clock_seconds();
    if (fault_of(run) == PNAS_FAULT_TIME)
        run->started -= trainer->options.training.child_seconds;
    result->parameters = trainer->graph->parameters;
    result->multiply_adds = trainer->graph->multiply_adds;
    result->history = calloc((size_t)training->epochs * PNAS_METRICS, sizeof *result->history);
    PNAS_CHECK(result->history, PNAS_ERROR_MEMORY, "no memory for a history of %d epochs", training->epochs);
    run->history = result->history;
    PNAS_TRY(take_checkpoint(run));
    uint64_t hash = pnas_cell_hash(&run->job->cell);
    pnas_status status = PNAS_OK;
    int end = last_epoch(run);
    while (status == PNAS_OK && run->at.epoch < end)
        status = run_epoch(run, hash);
    result->epochs = run->at.epoch;
    if (status == PNAS_OK && end < training->epochs && run->trainer->store)
        keep_checkpoint(run); /* from which it goes on if it may */
    else if (status == PNAS_OK && end == training->epochs)
        result->accuracy = training->reward == PNAS_REWARD_BEST ? run->at.best : run->at.last;
    return status;
}

void pnas_trainer_set_checkpoint_store(pnas_trainer *trainer, const pnas_checkpoint_store *store)
{
    trainer->store = store;
}

pnas_status pnas_trainer_evaluate(void *payload, const pnas_job *job, pnas_tick tick, void *tick_payload,
                                  pnas_result *result)
{
    pnas_trainer *trainer = payload;
    memset(result, 0, sizeof *result);
    result->rank = trainer->options.rank;
    result->device = trainer->options.device;
    result->attempts = 1;
    result->accuracy = NAN;
    double now = pnas_clock_seconds();
    child_run run = {.trainer = trainer,
                     .job = job,
                     .tick = tick,
                     .tick_payload = tick_payload,
                     .begun = now,
                     .kept = now};
    pnas_status status = train(&run, result);
    if (trainer->group)
        pnas_child_group_leave(trainer->group, trainer->member);
    result->train_seconds = pnas_clock_seconds() - run.begun;
    result->start = pnas_clock_unix() - result->train_seconds;
    /* A signal that asks for a stop may also reach the compiler that a driver runs beside us: what fails then
     * is not the child's fault, and must not be recorded as such. */
    if (status != PNAS_OK && status != PNAS_STOPPED && tick) {
        char message[PNAS_MESSAGE_MAX];
        snprintf(message, sizeof message, "%s", pnas_message());
        pnas_status asked = tick(tick_payload);
        status = asked != PNAS_OK ? asked : pnas_fail(status, "%s", message);
    }
    /* Whatever else goes wrong (the memory of the machine or a device, its disks, a compiler) is none of the
     * child's: that it fits was computed (TOO_LARGE), before the device was asked for anything. */
    bool own_failure = status == PNAS_ERROR_DIVERGED || status == PNAS_ERROR_TOO_LARGE ||
                       status == PNAS_ERROR_USAGE || status == PNAS_ERROR_TIMEOUT;
    if (status == PNAS_OK) {
        bool paused = result->epochs < trainer->options.training.epochs;
        result->status = paused ? PNAS_CHILD_PAUSED : PNAS_CHILD_DONE;
        return PNAS_OK;
    }
    if (!own_failure) { /* the run stops, or this rank's device cannot go on */
        pnas_result_clear(result);
        return status;
    }
    result->status = PNAS_CHILD_FAILED;
    /* The other kinds come again to the bit wherever it is trained. */
    result->retryable = status == PNAS_ERROR_TOO_LARGE || status == PNAS_ERROR_TIMEOUT;
    snprintf(result->error, sizeof result->error, "%s", pnas_message());
    if (status == PNAS_ERROR_TOO_LARGE)
        drop_child(trainer);
    return PNAS_OK;
}

/* --- weights and memory --- */

pnas_status pnas_trainer_weights(pnas_trainer *trainer, pnas_named_tensor **out, size_t *count)
{
    PNAS_CHECK(trainer->plan, PNAS_ERROR_USAGE, "no child has been trained, so there are no weights");
    return pnas_child_weights_export(trainer->plan, out, count);
}

void pnas_trainer_free_weights(pnas_named_tensor **tensors, size_t count)
{
    pnas_child_tensors_free(tensors, count);
}

pnas_status pnas_trainer_memory(pnas_trainer *trainer, const pnas_cell *cell, uint64_t *bytes)
{
    pnas_graph *graph = NULL;
    pnas_child_plan *plan = NULL;
    pnas_child_plan_options options = plan_options(trainer);
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_graph_create(cell, &trainer->options.operators, &trainer->options.network, &graph));
    PNAS_TRY_CLEANUP(pnas_child_plan_create(trainer->cl, graph, &options, &plan));
    *bytes = pnas_child_plan_bytes(plan) + trainer->images.bytes;
cleanup:
    pnas_child_plan_destroy(&plan);
    pnas_graph_destroy(&graph);
    return status;
}

uint64_t pnas_trainer_image_bytes(const pnas_trainer *trainer)
{
    return trainer->stream ? 0 : trainer->images.bytes;
}
