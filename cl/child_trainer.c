#include "cl/child_trainer.h"

#include "cl/child_epoch.h"
#include "src/base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pnas_trainer {
    pnas_cl *cl;
    pnas_trainer_options options;
    pnas_sample_set samples;
    size_t image_bytes;
    cl_mem images, mean_deviation;
    pnas_graph *graph; /* of the last child trained */
    pnas_child_plan *plan;
};

/* --- creation --- */

static void *copy_array(const void *from, size_t bytes)
{
    void *to = malloc(bytes ? bytes : 1);
    if (to)
        memcpy(to, from, bytes);
    return to;
}

static pnas_status check_images(const pnas_image_set *images)
{
    PNAS_CHECK(images->train_count > 0 && images->validation_count > 0, PNAS_ERROR_DATA,
               "the data set leaves %zu training and %zu validation images; both need at least one",
               images->train_count, images->validation_count);
    PNAS_CHECK(images->count <= INT32_MAX, PNAS_ERROR_DATA,
               "the data set has %zu images; at most %d can be used", images->count, INT32_MAX);
    return PNAS_OK;
}

static pnas_status upload_images(pnas_trainer *trainer, const pnas_image_set *images)
{
    trainer->image_bytes =
        images->count * (size_t)images->height * (size_t)images->width * (size_t)images->channels;
    PNAS_TRY(pnas_buffer_create(trainer->cl, trainer->image_bytes, &trainer->images));
    PNAS_TRY(pnas_buffer_write(trainer->cl, trainer->images, 0, trainer->image_bytes, images->images));
    float figures[2 * PNAS_IMAGE_CHANNELS_MAX];
    memcpy(figures, images->mean, (size_t)images->channels * sizeof *figures);
    memcpy(figures + images->channels, images->deviation, (size_t)images->channels * sizeof *figures);
    size_t bytes = 2 * (size_t)images->channels * sizeof *figures;
    PNAS_TRY(pnas_buffer_create(trainer->cl, bytes, &trainer->mean_deviation));
    return pnas_buffer_write(trainer->cl, trainer->mean_deviation, 0, bytes, figures);
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
    trainer->samples = (pnas_sample_set){
        .train_count = images->train_count,
        .validation_count = images->validation_count,
        .train = copy_array(images->train, images->train_count * sizeof(uint32_t)),
        .validation = copy_array(images->validation, images->validation_count * sizeof(uint32_t)),
        .labels = copy_array(images->labels, images->count * sizeof(uint16_t)),
        .height = images->height,
        .width = images->width};
    PNAS_CHECK_CLEANUP(trainer->samples.train && trainer->samples.validation && trainer->samples.labels,
                       PNAS_ERROR_MEMORY, "no memory for the labels of %zu images", images->count);
    PNAS_TRY_CLEANUP(upload_images(trainer, images));
    *out = trainer;
    return PNAS_OK;
cleanup:
    pnas_trainer_destroy(&trainer);
    return status;
}

static void drop_child(pnas_trainer *trainer)
{
    pnas_child_plan_destroy(&trainer->plan);
    pnas_graph_destroy(&trainer->graph);
}

void pnas_trainer_destroy(pnas_trainer **trainer)
{
    if (!*trainer)
        return;
    drop_child(*trainer);
    pnas_buffer_release(&(*trainer)->images);
    pnas_buffer_release(&(*trainer)->mean_deviation);
    free((*trainer)->samples.train);
    free((*trainer)->samples.validation);
    free((*trainer)->samples.labels);
    free(*trainer);
    *trainer = NULL;
}

/* --- one child --- */

static pnas_child_plan_options plan_options(const pnas_trainer *trainer)
{
    size_t batch = (size_t)trainer->options.training.batch;
    if (batch > trainer->samples.train_count)
        batch = trainer->samples.train_count;
    return (pnas_child_plan_options){.training = &trainer->options.training,
                                     .batch = (int)batch,
                                     .train_steps = (int)(trainer->samples.train_count / batch),
                                     .evaluation_steps =
                                         (int)((trainer->samples.validation_count + batch - 1) / batch),
                                     .images = trainer->images,
                                     .mean_deviation = trainer->mean_deviation};
}

static pnas_status make_child(pnas_trainer *trainer, const pnas_cell *cell)
{
    drop_child(trainer);
    pnas_child_plan_options options = plan_options(trainer);
    PNAS_TRY(
        pnas_graph_create(cell, &trainer->options.operators, &trainer->options.network, &trainer->graph));
    PNAS_TRY(pnas_child_plan_create(trainer->cl, trainer->graph, &options, &trainer->plan));
    PNAS_TRY(pnas_child_parameters_initialize(trainer->plan, trainer->options.training.seed,
                                              pnas_cell_hash(cell)));
    return pnas_epoch_write_validation(trainer->plan, &trainer->samples);
}

static pnas_status run_epoch(pnas_trainer *trainer, uint64_t hash, int epoch, pnas_tick tick, void *payload,
                             float row[PNAS_METRICS], double *accuracy)
{
    pnas_child_plan *plan = trainer->plan;
    pnas_epoch_result train, validation;
    size_t seen = (size_t)plan->options.train_steps * (size_t)plan->options.batch;
    PNAS_TRY(pnas_epoch_write_training(plan, &trainer->samples, hash, epoch));
    PNAS_TRY(pnas_epoch_run(plan, &plan->step, &plan->train, seen, tick, payload, &train));
    PNAS_TRY(pnas_launch_run(plan->cl, &plan->before_evaluation, NULL));
    PNAS_TRY(pnas_epoch_run(plan, &plan->evaluation, &plan->validation, trainer->samples.validation_count,
                            tick, payload, &validation));
    pnas_schedule schedule = trainer->options.training.schedule;
    schedule.epochs = trainer->options.training.epochs;
    schedule.steps_per_epoch = plan->options.train_steps;
    row[PNAS_METRIC_TRAIN_LOSS] = (float)train.loss;
    row[PNAS_METRIC_TRAIN_ACCURACY] = (float)train.accuracy;
    row[PNAS_METRIC_VALIDATION_LOSS] = (float)validation.loss;
    row[PNAS_METRIC_VALIDATION_ACCURACY] = (float)validation.accuracy;
    row[PNAS_METRIC_LEARNING_RATE] = (float)pnas_schedule_rate(&schedule, epoch * plan->options.train_steps);
    *accuracy = validation.accuracy;
    return PNAS_OK;
}

static pnas_status train(pnas_trainer *trainer, const pnas_job *job, pnas_tick tick, void *payload,
                         pnas_result *result)
{
    const pnas_training_options *training = &trainer->options.training;
    PNAS_TRY(make_child(trainer, &job->cell));
    result->parameters = trainer->graph->parameters;
    result->multiply_adds = trainer->graph->multiply_adds;
    result->history = calloc((size_t)training->epochs * PNAS_METRICS, sizeof *result->history);
    PNAS_CHECK(result->history, PNAS_ERROR_MEMORY, "no memory for a history of %d epochs", training->epochs);
    uint64_t hash = pnas_cell_hash(&job->cell);
    double best = 0, last = 0;
    for (int epoch = 0; epoch < training->epochs; ++epoch) {
        float *row = result->history + (size_t)epoch * PNAS_METRICS;
        PNAS_TRY(run_epoch(trainer, hash, epoch, tick, payload, row, &last));
        result->epochs = epoch + 1;
        best = fmax(best, last);
    }
    result->accuracy = training->reward == PNAS_REWARD_BEST ? best : last;
    return PNAS_OK;
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
    result->start = pnas_clock_unix();
    double start = pnas_clock_seconds();
    pnas_status status = train(trainer, job, tick, tick_payload, result);
    result->train_seconds = pnas_clock_seconds() - start;
    /* A signal that asks for a stop may also reach the compiler that a driver runs beside us: what fails then
     * is not the child's fault, and must not be recorded as such. */
    if (status != PNAS_OK && status != PNAS_STOPPED && tick) {
        char message[PNAS_CHILD_ERROR_MAX];
        snprintf(message, sizeof message, "%s", pnas_message());
        pnas_status asked = tick(tick_payload);
        status = asked != PNAS_OK ? asked : pnas_fail(status, "%s", message);
    }
    bool own_failure = status == PNAS_ERROR_DIVERGED || status == PNAS_ERROR_MEMORY ||
                       status == PNAS_ERROR_USAGE || status == PNAS_ERROR_BUILD;
    if (status == PNAS_OK) {
        result->status = PNAS_CHILD_DONE;
        return PNAS_OK;
    }
    if (!own_failure) { /* the run stops, or this rank's device cannot go on */
        pnas_result_clear(result);
        return status;
    }
    result->status = PNAS_CHILD_FAILED;
    snprintf(result->error, sizeof result->error, "%s", pnas_message());
    if (status == PNAS_ERROR_MEMORY)
        drop_child(trainer);
    return PNAS_OK;
}

/* --- weights and memory --- */

static pnas_status add_tensor(pnas_named_tensor *out, const char *path, const char *suffix, int rank,
                              const int *shape, const float *data, size_t count)
{
    snprintf(out->name, sizeof out->name, "%s%s", path, suffix);
    out->rank = rank;
    for (int i = 0; i < rank; ++i)
        out->shape[i] = (size_t)shape[i];
    out->data = copy_array(data, count * sizeof *data);
    PNAS_CHECK(out->data, PNAS_ERROR_MEMORY, "no memory for the weights of %s", path);
    return PNAS_OK;
}

static pnas_status export_parameters(const pnas_child_plan *plan, const float *flat, float *logical,
                                     pnas_named_tensor *out)
{
    for (int i = 0; i < plan->graph->parameter_count; ++i) {
        const pnas_parameter *p = &plan->graph->parameter[i];
        size_t count = (size_t)p->shape[0] * (size_t)p->shape[1] * (size_t)p->shape[2] * (size_t)p->shape[3];
        bool vector = p->kind != PNAS_PARAMETER_WEIGHT;
        memset(logical, 0, count * sizeof *logical);
        pnas_child_parameter_unpack(plan, i, flat + plan->parameter_at[i], logical);
        PNAS_TRY(add_tensor(&out[i], p->path, "", vector ? 1 : 4, vector ? &p->shape[3] : p->shape, logical,
                            count));
    }
    return PNAS_OK;
}

static pnas_status export_running(const pnas_child_plan *plan, const float *norms, pnas_named_tensor *out)
{
    for (int i = 0; i < plan->graph->norm_count; ++i) {
        const pnas_norm *norm = &plan->graph->norm[i];
        const float *running = norms + plan->norm_at[i];
        size_t count = (size_t)norm->channels;
        PNAS_TRY(add_tensor(&out[2 * i], norm->path, "/running_mean", 1, &norm->channels, running, count));
        PNAS_TRY(add_tensor(&out[2 * i + 1], norm->path, "/running_variance", 1, &norm->channels,
                            running + pnas_child_padded(plan, norm->channels), count));
    }
    return PNAS_OK;
}

pnas_status pnas_trainer_weights(pnas_trainer *trainer, pnas_named_tensor **out, size_t *count)
{
    const pnas_child_plan *plan = trainer->plan;
    PNAS_CHECK(plan, PNAS_ERROR_USAGE, "no child has been trained, so there are no weights");
    const pnas_graph *graph = plan->graph;
    pnas_status status = PNAS_OK;
    size_t tensors = (size_t)graph->parameter_count + 2 * (size_t)graph->norm_count;
    float *flat = malloc((plan->parameter_floats + 1) * sizeof *flat);
    float *logical = malloc((plan->parameter_floats + 1) * sizeof *logical);
    float *norms = malloc((plan->norm_floats + 1) * sizeof *norms);
    pnas_named_tensor *tensor = calloc(tensors, sizeof *tensor);
    PNAS_CHECK_CLEANUP(flat && logical && norms && tensor, PNAS_ERROR_MEMORY,
                       "no memory for %zu weight tensors", tensors);
    PNAS_TRY_CLEANUP(
        pnas_buffer_read(trainer->cl, plan->parameters, 0, plan->parameter_floats * sizeof *flat, flat));
    PNAS_TRY_CLEANUP(pnas_buffer_read(trainer->cl, plan->norms, 0, plan->norm_floats * sizeof *norms, norms));
    PNAS_TRY_CLEANUP(export_parameters(plan, flat, logical, tensor));
    PNAS_TRY_CLEANUP(export_running(plan, norms, tensor + graph->parameter_count));
cleanup:
    free(flat);
    free(logical);
    free(norms);
    if (status != PNAS_OK) {
        pnas_trainer_free_weights(&tensor, tensors);
        return status;
    }
    *out = tensor;
    *count = tensors;
    return PNAS_OK;
}

void pnas_trainer_free_weights(pnas_named_tensor **tensors, size_t count)
{
    if (!*tensors)
        return;
    for (size_t i = 0; i < count; ++i)
        free((*tensors)[i].data);
    free(*tensors);
    *tensors = NULL;
}

pnas_status pnas_trainer_memory(pnas_trainer *trainer, const pnas_cell *cell, uint64_t *bytes)
{
    pnas_graph *graph = NULL;
    PNAS_TRY(pnas_graph_create(cell, &trainer->options.operators, &trainer->options.network, &graph));
    pnas_child_plan_options options = plan_options(trainer);
    pnas_status status = pnas_child_plan_bytes(trainer->cl, graph, &options, bytes);
    *bytes += trainer->image_bytes;
    pnas_graph_destroy(&graph);
    return status;
}
