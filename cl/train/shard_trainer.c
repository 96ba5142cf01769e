#include "cl/train/shard_trainer.h"

#include "cl/runtime/cl_error.h"
#include "cl/runtime/event_wait.h"
#include "cl/train/child_parameters.h"
#include "cl/train/child_plan.h"
#include "cl/train/child_state.h"
#include "cl/train/shard_pieces.h"
#include "cl/train/training_images.h"
#include "src/base/clock.h"
#include "src/net/graph_create.h"
#include "src/search/canonical.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Two naps for a long wait are enough; a short one ends soon after what it waits for. */
#define NAP_SHORTEST 20e-6
#define NAP_LONGEST  1e-3

struct pnas_shard_trainer {
    pnas_cl *cl;
    pnas_shard_trainer_options options;
    pnas_training_images images;
    pnas_image_stream *stream; /* NULL: all images lie on the device */
    pnas_graph *graph;
    pnas_child_plan *plan;
    pnas_shard_counts counts;
    pnas_shard_piece *piece;
    int pieces;
    int done;                         /* updates */
    float *running, *running_average; /* [plan->running_floats] */
};

/* --- creation --- */

static pnas_status count_shards(const pnas_training_options *training, const pnas_image_set *images,
                                pnas_shard_counts *out)
{
    PNAS_CHECK(training->batch % training->shards == 0, PNAS_ERROR_USAGE,
               "training.batch is %d, which %d shards do not divide; choose a training.shards that does",
               training->batch, training->shards);
    out->images = training->batch / training->shards;
    out->shards = training->shards * training->accumulate;
    size_t wanted = (size_t)training->batch * (size_t)training->accumulate;
    PNAS_CHECK(
        images->train_count >= wanted, PNAS_ERROR_USAGE,
        "an update takes %zu images (training.batch times training.accumulate), but there are only %zu to "
        "train on",
        wanted, images->train_count);
    out->updates = (int)(images->train_count / wanted);
    out->evaluations = (int)((images->validation_count + (size_t)out->images - 1) / (size_t)out->images);
    PNAS_CHECK((int64_t)training->epochs * out->updates * out->shards < INT_MAX, PNAS_ERROR_USAGE,
               "training.epochs: %d epochs of %d updates are too many", training->epochs, out->updates);
    return PNAS_OK;
}

static pnas_status check_memory(const pnas_shard_trainer *trainer)
{
    const pnas_device_info *device = pnas_cl_device(trainer->cl);
    uint64_t needed = pnas_child_plan_bytes(trainer->plan) + trainer->images.bytes;
    uint64_t limit = trainer->options.memory;
    PNAS_CHECK(
        limit == 0 || needed <= limit, PNAS_ERROR_TOO_LARGE,
        "the network and the images need %.1f MiB, but %.1f MiB of %s are for them; raise training.shards, "
        "or lower training.batch or network.filters",
        (double)needed / 0x1p20, (double)limit / 0x1p20, device->name);
    return PNAS_OK;
}

static pnas_status make_plan(pnas_shard_trainer *trainer, const pnas_build_options *build)
{
    const pnas_shard_counts *counts = &trainer->counts;
    const pnas_child_plan_options options = {
        .training = &trainer->options.training,
        .batch = counts->images,
        .shards = counts->shards,
        .train_steps = counts->updates * counts->shards,
        .evaluation_steps = counts->evaluations > 0 ? counts->evaluations : 1,
        .images = trainer->stream ? pnas_image_stream_pixels(trainer->stream) : trainer->images.pixels,
        .stream = trainer->stream,
        .mean_deviation = trainer->images.mean_deviation};
    PNAS_TRY(pnas_graph_create(&trainer->options.cell, &trainer->options.operators, &trainer->options.network,
                               &trainer->graph));
    PNAS_TRY(pnas_child_plan_create(trainer->cl, trainer->graph, &options, &trainer->plan));
    PNAS_TRY(check_memory(trainer));
    PNAS_TRY(pnas_child_plan_build(trainer->plan, build));
    PNAS_TRY(pnas_shard_pieces_create(trainer->plan, SIZE_MAX, &trainer->piece, &trainer->pieces));
    trainer->counts.values = pnas_shard_values(trainer->plan);
    trainer->counts.parameters = trainer->graph->parameters;
    trainer->counts.multiply_adds = trainer->graph->multiply_adds;
    return trainer->counts.evaluations > 0
               ? pnas_epoch_write_validation(trainer->plan, &trainer->images.samples)
               : PNAS_OK;
}

pnas_status pnas_shard_trainer_cut(pnas_shard_trainer *trainer, size_t smallest, size_t **begin, int *count)
{
    free(trainer->piece);
    trainer->piece = NULL;
    PNAS_TRY(pnas_shard_pieces_create(trainer->plan, smallest, &trainer->piece, &trainer->pieces));
    *begin = calloc((size_t)trainer->pieces, sizeof **begin);
    PNAS_CHECK(*begin, PNAS_ERROR_MEMORY, "no memory for the pieces of a shard");
    for (int i = 0; i < trainer->pieces; ++i)
        (*begin)[i] = trainer->piece[i].begin;
    *count = trainer->pieces;
    return PNAS_OK;
}

/* --- running statistics: kept by the host, and on the device where an evaluation or an export wants them --- */

static size_t running_bytes(const pnas_shard_trainer *trainer, int norm)
{
    const pnas_child_plan *plan = trainer->plan;
    return 2 * (size_t)pnas_child_padded(plan, plan->graph->norm[norm].channels) * sizeof(float);
}

static pnas_status read_running(const pnas_shard_trainer *trainer, float *running)
{
    const pnas_child_plan *plan = trainer->plan;
    for (int i = 0; i < plan->graph->norm_count; ++i) {
        PNAS_TRY(pnas_slice_read(plan->cl, pnas_child_norm(plan, i, PNAS_NORM_RUNNING), 0,
                                 running_bytes(trainer, i), running + plan->running_at[i]));
    }
    return PNAS_OK;
}

static pnas_status write_running(const pnas_shard_trainer *trainer, const float *running)
{
    const pnas_child_plan *plan = trainer->plan;
    for (int i = 0; i < plan->graph->norm_count; ++i) {
        PNAS_TRY(pnas_slice_write(plan->cl, pnas_child_norm(plan, i, PNAS_NORM_RUNNING), 0,
                                  running_bytes(trainer, i), running + plan->running_at[i]));
    }
    return PNAS_OK;
}

/* --- the moving average in the place of the weights --- */

static size_t parameter_bytes(const pnas_shard_trainer *trainer)
{
    return trainer->plan->parameter_floats * sizeof(float);
}

static pnas_status copy_parameters(const pnas_shard_trainer *trainer, pnas_slice from, pnas_slice to)
{
    float *values = malloc(parameter_bytes(trainer));
    PNAS_CHECK(values, PNAS_ERROR_MEMORY, "no memory for %zu parameters", trainer->plan->parameter_floats);
    pnas_status status = pnas_slice_read(trainer->cl, from, 0, parameter_bytes(trainer), values);
    if (status == PNAS_OK)
        status = pnas_slice_write(trainer->cl, to, 0, parameter_bytes(trainer), values);
    free(values);
    return status;
}

/* Calls `use` with the weights, or with their moving average, and the running statistics that belong to them in
 * the plan. */
static pnas_status with_weights(pnas_shard_trainer *trainer, bool average,
                                pnas_status (*use)(pnas_shard_trainer *trainer, void *payload), void *payload)
{
    pnas_child_plan *plan = trainer->plan;
    PNAS_TRY(write_running(trainer, average ? trainer->running_average : trainer->running));
    if (!average)
        return use(trainer, payload);
    float *own = malloc(parameter_bytes(trainer));
    pnas_status status;
    PNAS_CHECK(own, PNAS_ERROR_MEMORY, "no memory for %zu parameters", plan->parameter_floats);
    PNAS_TRY_CLEANUP(pnas_slice_read(plan->cl, plan->parameters, 0, parameter_bytes(trainer), own));
    PNAS_TRY_CLEANUP(copy_parameters(trainer, plan->average, plan->parameters));
    status = use(trainer, payload);
    pnas_status back = pnas_slice_write(plan->cl, plan->parameters, 0, parameter_bytes(trainer), own);
    status = status == PNAS_OK ? back : status;
cleanup:
    free(own);
    return status;
}

/* --- life --- */

static pnas_status start(pnas_shard_trainer *trainer)
{
    pnas_child_plan *plan = trainer->plan;
    size_t floats = plan->running_floats + 1;
    trainer->running = calloc(floats, sizeof *trainer->running);
    trainer->running_average = calloc(floats, sizeof *trainer->running_average);
    PNAS_CHECK(trainer->running && trainer->running_average, PNAS_ERROR_MEMORY,
               "no memory for %zu running statistics", floats);
    PNAS_TRY(pnas_child_parameters_initialize(plan, trainer->options.training.seed,
                                              pnas_cell_hash(&trainer->options.cell)));
    PNAS_TRY(read_running(trainer, trainer->running));
    memcpy(trainer->running_average, trainer->running, plan->running_floats * sizeof(float));
    return plan->average.buffer ? copy_parameters(trainer, plan->parameters, plan->average) : PNAS_OK;
}

pnas_status pnas_shard_trainer_create(pnas_cl *cl, const pnas_shard_trainer_options *options,
                                      const pnas_image_set *images, pnas_tick tick, void *payload,
                                      pnas_shard_trainer **out)
{
    pnas_shard_counts counts = {0};
    const pnas_build_options build = {tick, payload, NULL};
    pnas_status status;
    PNAS_TRY(count_shards(&options->training, images, &counts));
    pnas_shard_trainer *trainer = calloc(1, sizeof *trainer);
    PNAS_CHECK(trainer, PNAS_ERROR_MEMORY, "no memory for a trainer");
    trainer->cl = cl;
    trainer->options = *options;
    trainer->counts = counts;
    pnas_network_options *network = &trainer->options.network;
    network->height = images->height;
    network->width = images->width;
    network->channels = images->channels;
    network->classes = images->classes;
    uint64_t memory = options->memory ? options->memory : pnas_cl_device(cl)->memory;
    PNAS_TRY_CLEANUP(
        pnas_training_images_create(cl, images, (size_t)counts.images, memory, &trainer->images));
    PNAS_TRY_CLEANUP(pnas_training_images_stream(&trainer->images, cl, &trainer->stream));
    PNAS_TRY_CLEANUP(make_plan(trainer, &build));
    PNAS_TRY_CLEANUP(start(trainer));
    *out = trainer;
    return PNAS_OK;
cleanup:
    pnas_shard_trainer_destroy(&trainer);
    return status;
}

void pnas_shard_trainer_destroy(pnas_shard_trainer **trainer)
{
    if (!*trainer)
        return;
    pnas_child_plan_destroy(&(*trainer)->plan);
    pnas_graph_destroy(&(*trainer)->graph);
    pnas_image_stream_destroy(&(*trainer)->stream);
    pnas_training_images_release(&(*trainer)->images);
    free((*trainer)->piece);
    free((*trainer)->running);
    free((*trainer)->running_average);
    free(*trainer);
    *trainer = NULL;
}

pnas_shard_counts pnas_shard_trainer_counts(const pnas_shard_trainer *trainer)
{
    return trainer->counts;
}

/* --- training --- */

pnas_status pnas_shard_trainer_begin(pnas_shard_trainer *trainer, int epoch)
{
    return pnas_epoch_write_training(trainer->plan, &trainer->images.samples,
                                     pnas_cell_hash(&trainer->options.cell), epoch);
}

static pnas_status set_state(const pnas_shard_trainer *trainer, pnas_slice state, int position)
{
    const cl_int values[4] = {position};
    return pnas_slice_write(trainer->cl, state, 0, sizeof values, values);
}

/* Until the event, or with it if nothing has to be looked after meanwhile. */
static pnas_status await_piece(const pnas_cl *cl, cl_event event, int there, pnas_shard_watch watch,
                               void *payload)
{
    bool again = watch != NULL;
    for (double nap = NAP_SHORTEST; again; nap = fmin(2 * nap, NAP_LONGEST)) {
        cl_int state = CL_QUEUED;
        PNAS_TRY(watch(payload, there, &again));
        PNAS_TRY(pnas_cl_status(
            clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL),
            "clGetEventInfo"));
        if (state <= CL_COMPLETE)
            break;
        if (again)
            pnas_clock_sleep(nap);
    }
    return pnas_event_wait(cl, event);
}

static pnas_status run_pieces(pnas_shard_trainer *trainer, int slot, float *sums, cl_event *events,
                              pnas_shard_watch watch, void *payload)
{
    bool again = false;
    for (int i = 0; i < trainer->pieces; ++i)
        PNAS_TRY(pnas_shard_piece_enqueue(trainer->plan, trainer->piece, i, slot, sums, &events[i]));
    PNAS_TRY(pnas_cl_status(clFlush(trainer->cl->queue), "clFlush"));
    for (int i = 0; i < trainer->pieces; ++i)
        PNAS_TRY(await_piece(trainer->cl, events[i], i, watch, payload));
    return watch ? watch(payload, trainer->pieces, &again) : PNAS_OK;
}

pnas_status pnas_shard_trainer_run(pnas_shard_trainer *trainer, int epoch, int update, int shard, float *sums,
                                   pnas_shard_watch watch, void *payload)
{
    pnas_child_plan *plan = trainer->plan;
    int slot = update * trainer->counts.shards + shard;
    PNAS_TRY(set_state(trainer, plan->train.state, epoch * plan->train.period + slot));
    PNAS_TRY(
        pnas_epoch_bring_images(plan, (size_t)plan->train.period * (size_t)trainer->counts.images, slot));
    cl_event *events = calloc((size_t)trainer->pieces, sizeof(cl_event));
    PNAS_CHECK(events, PNAS_ERROR_MEMORY, "no memory for the pieces of a shard");
    pnas_status status = run_pieces(trainer, slot, sums, events, watch, payload);
    if (status != PNAS_OK)
        clFinish(trainer->cl->queue); /* nothing is written to `sums` any more */
    for (int i = 0; i < trainer->pieces; ++i)
        if (events[i])
            clReleaseEvent(events[i]);
    free(events);
    return status;
}

/* As the moving average of the parameters goes on the device (op.h). */
static void average_running(pnas_shard_trainer *trainer)
{
    float t = (float)trainer->done, start = (1 + t) / (10 + t);
    float decay = fminf((float)trainer->options.training.average, start);
    for (size_t i = 0; i < trainer->plan->running_floats; ++i)
        trainer->running_average[i] += (1 - decay) * (trainer->running[i] - trainer->running_average[i]);
}

pnas_status pnas_shard_trainer_update(pnas_shard_trainer *trainer, float *sums, pnas_shard_figures *out)
{
    pnas_child_plan *plan = trainer->plan;
    size_t weights = pnas_shard_head(plan), others = plan->parameter_floats - plan->decayed_floats;
    const float *statistics = sums + weights - plan->running_floats;
    float share = 1.0f / (float)trainer->counts.shards;
    float kept = (float)trainer->options.training.norm_momentum;
    double images = (double)trainer->counts.shards * trainer->counts.images;
    *out = (pnas_shard_figures){.loss = (double)(sums[0] * share), .accuracy = (double)sums[1] / images};
    PNAS_CHECK(isfinite(out->loss), PNAS_ERROR_DIVERGED,
               "the loss became %g; a lower training.learning_rate may help, or training.clip_norm, or "
               "training.divergence_factor, which lowers the rates once",
               out->loss);
    for (size_t i = PNAS_SHARD_METRICS; i < trainer->counts.values; ++i)
        sums[i] *= share;
    for (size_t i = 0; i < plan->running_floats; ++i)
        trainer->running[i] = kept * trainer->running[i] + statistics[i];
    PNAS_TRY(
        pnas_slice_write(plan->cl, plan->gradients, 0, plan->decayed_floats * sizeof *sums, sums + weights));
    PNAS_TRY(pnas_slice_write(plan->cl, plan->gradients, plan->decayed_floats * sizeof *sums,
                              others * sizeof *sums, sums + PNAS_SHARD_METRICS));
    PNAS_TRY(pnas_launch_run(plan->cl, &plan->update, NULL));
    if (plan->average.buffer)
        average_running(trainer);
    ++trainer->done;
    return PNAS_OK;
}

double pnas_shard_trainer_image_wait(const pnas_shard_trainer *trainer)
{
    return trainer->stream ? pnas_image_stream_waited(trainer->stream) : -1;
}

static bool are_finite(const float *values, size_t count)
{
    for (size_t i = 0; i < count; ++i)
        if (!isfinite(values[i]))
            return false;
    return true;
}

pnas_status pnas_shard_trainer_check(pnas_shard_trainer *trainer)
{
    const pnas_child_plan *plan = trainer->plan;
    float *values = malloc(parameter_bytes(trainer));
    PNAS_CHECK(values, PNAS_ERROR_MEMORY, "no memory for %zu parameters", plan->parameter_floats);
    pnas_status status = pnas_slice_read(plan->cl, plan->parameters, 0, parameter_bytes(trainer), values);
    bool finite =
        are_finite(values, plan->parameter_floats) && are_finite(trainer->running, plan->running_floats);
    free(values);
    PNAS_TRY(status);
    PNAS_CHECK(finite, PNAS_ERROR_DIVERGED,
               "a weight is not finite any more; a lower training.learning_rate may help, or "
               "training.clip_norm, or training.divergence_factor, which lowers the rates once");
    return PNAS_OK;
}

pnas_status pnas_shard_trainer_scale_rates(pnas_shard_trainer *trainer, double factor)
{
    return pnas_child_plan_scale_rates(trainer->plan, factor);
}

/* --- evaluation --- */

typedef struct {
    int first, count;
    pnas_tick tick;
    void *payload;
    float *metrics;
} evaluation;

static pnas_status run_evaluation(pnas_shard_trainer *trainer, void *payload)
{
    const evaluation *work = payload;
    pnas_child_plan *plan = trainer->plan;
    PNAS_TRY(pnas_launch_run(plan->cl, &plan->before_evaluation, NULL));
    PNAS_TRY(set_state(trainer, plan->validation.state, work->first));
    PNAS_TRY(pnas_epoch_begin_validation(plan, &trainer->images.samples));
    for (int i = 0; i < work->count; ++i) {
        if (work->tick)
            PNAS_TRY(work->tick(work->payload));
        PNAS_TRY(pnas_epoch_bring_images(plan, trainer->images.samples.validation_count, work->first + i));
        PNAS_TRY(pnas_launch_run(plan->cl, &plan->evaluation, NULL));
        PNAS_TRY(pnas_cl_finish(plan->cl));
    }
    size_t at = PNAS_SHARD_METRICS * (size_t)work->first, floats = PNAS_SHARD_METRICS * (size_t)work->count;
    return floats ? pnas_slice_read(plan->cl, plan->validation.metrics, at * sizeof(float),
                                    floats * sizeof(float), work->metrics + at)
                  : PNAS_OK;
}

pnas_status pnas_shard_trainer_evaluate(pnas_shard_trainer *trainer, bool average, int first, int count,
                                        pnas_tick tick, void *payload, float *metrics)
{
    evaluation work = {first, count, tick, payload, metrics};
    return with_weights(trainer, average, run_evaluation, &work);
}

pnas_shard_figures pnas_shard_trainer_figures(const pnas_shard_trainer *trainer, const float *metrics)
{
    size_t images = trainer->images.samples.validation_count, batch = (size_t)trainer->counts.images;
    double loss = 0, right = 0;
    for (int i = 0; i < trainer->counts.evaluations; ++i) {
        size_t left = images - (size_t)i * batch;
        loss += (double)metrics[PNAS_SHARD_METRICS * i] * (double)(left < batch ? left : batch);
        right += (double)metrics[PNAS_SHARD_METRICS * i + 1];
    }
    return (pnas_shard_figures){loss / (double)images, right / (double)images};
}

/* --- state --- */

typedef struct {
    pnas_named_tensor **out;
    size_t *count;
} tensor_export;

static pnas_status export_weights(pnas_shard_trainer *trainer, void *payload)
{
    const tensor_export *to = payload;
    return pnas_child_weights_export(trainer->plan, to->out, to->count);
}

pnas_status pnas_shard_trainer_weights(pnas_shard_trainer *trainer, bool average, pnas_named_tensor **out,
                                       size_t *count)
{
    tensor_export to = {out, count};
    PNAS_CHECK(!average || trainer->plan->average.buffer, PNAS_ERROR_INTERNAL, "there is no moving average");
    return with_weights(trainer, average, export_weights, &to);
}

pnas_status pnas_shard_trainer_moments(pnas_shard_trainer *trainer, pnas_named_tensor **out, size_t *count)
{
    return pnas_child_moments_export(trainer->plan, out, count);
}

void pnas_shard_tensors_free(pnas_named_tensor **tensors, size_t count)
{
    pnas_child_tensors_free(tensors, count);
}

static pnas_status resume_average(pnas_shard_trainer *trainer, const pnas_named_tensor *average, size_t count)
{
    pnas_child_plan *plan = trainer->plan;
    PNAS_TRY(pnas_child_tensors_import(plan, average, count, false));
    PNAS_TRY(read_running(trainer, trainer->running_average));
    return copy_parameters(trainer, plan->parameters, plan->average);
}

pnas_status pnas_shard_trainer_resume(pnas_shard_trainer *trainer, int updates,
                                      const pnas_named_tensor *tensors, size_t count,
                                      const pnas_named_tensor *average, size_t average_count)
{
    pnas_child_plan *plan = trainer->plan;
    if (plan->average.buffer)
        PNAS_TRY(resume_average(trainer, average, average_count));
    PNAS_TRY(pnas_child_tensors_import(plan, tensors, count, true));
    PNAS_TRY(read_running(trainer, trainer->running));
    trainer->done = updates;
    return set_state(trainer, plan->update_state, updates);
}
