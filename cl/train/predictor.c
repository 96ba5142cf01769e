#include "cl/train/predictor.h"

#include "cl/train/child_arena.h"
#include "cl/train/child_launches.h"
#include "cl/train/child_parameters.h"
#include "cl/train/child_pieces.h"
#include "cl/train/child_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pnas_predictor {
    pnas_cl *cl;
    const pnas_graph *graph;
    pnas_training_options training; /* what a plan asks for */
    pnas_child_plan *plan;          /* with the buffers and lists of an evaluation only */
    cl_mem images, mean_deviation;  /* uint8 [N, H, W, C]; [2][C] */
    size_t image_bytes;             /* of one */
};

/* --- weights --- */

static pnas_status find(const pnas_predictor_options *options, const char *name, size_t values,
                        const float **out)
{
    for (size_t i = 0; i < options->count; ++i) {
        const pnas_named_tensor *tensor = &options->tensor[i];
        size_t found = 1;
        if (strcmp(tensor->name, name) != 0)
            continue;
        for (int d = 0; d < tensor->rank; ++d)
            found *= tensor->shape[d];
        PNAS_CHECK(found == values, PNAS_ERROR_DATA, "tensor %s has %zu values; the network needs %zu", name,
                   found, values);
        *out = tensor->data;
        return PNAS_OK;
    }
    return pnas_fail(PNAS_ERROR_DATA, "there is no tensor %s, which the network needs", name);
}

static size_t values_of(const pnas_parameter *parameter)
{
    size_t values = 1;
    for (int d = 0; d < 4; ++d)
        values *= (size_t)parameter->shape[d];
    return values;
}

static pnas_status write_parameters(pnas_child_plan *plan, const pnas_predictor_options *options)
{
    float *flat = calloc(plan->parameter_floats + 1, sizeof *flat);
    PNAS_CHECK(flat, PNAS_ERROR_MEMORY, "no memory for %zu parameters", plan->parameter_floats);
    pnas_status status = PNAS_OK;
    for (int i = 0; i < plan->graph->parameter_count && status == PNAS_OK; ++i) {
        const pnas_parameter *parameter = &plan->graph->parameter[i];
        const float *values = NULL;
        status = find(options, parameter->path, values_of(parameter), &values);
        if (status == PNAS_OK)
            pnas_child_parameter_pack(plan, i, values, flat + plan->parameter_at[i]);
    }
    if (status == PNAS_OK)
        status = pnas_slice_write(plan->cl, plan->parameters, 0, plan->parameter_floats * sizeof *flat, flat);
    free(flat);
    return status;
}

/* Mean and variance of one normalisation; padded channels have mean 0 and variance 1. */
static pnas_status gather_norm(const pnas_child_plan *plan, const pnas_predictor_options *options, int index,
                               float *norms)
{
    static const char *const figures[] = {"running_mean", "running_variance"};
    const pnas_norm *norm = &plan->graph->norm[index];
    size_t channels = (size_t)norm->channels, padded = (size_t)pnas_child_padded(plan, norm->channels);
    for (size_t f = 0; f < 2; ++f) {
        char name[PNAS_LAYER_PATH_MAX + 32];
        float *to = norms + plan->norm_at[index] + f * padded;
        const float *values = NULL;
        snprintf(name, sizeof name, "%s/%s", norm->path, figures[f]);
        PNAS_TRY(find(options, name, channels, &values));
        memcpy(to, values, channels * sizeof *to);
        for (size_t c = channels; c < padded; ++c)
            to[c] = (float)f;
    }
    return PNAS_OK;
}

static pnas_status write_norms(pnas_child_plan *plan, const pnas_predictor_options *options)
{
    float *norms = calloc(plan->norm_floats + 1, sizeof *norms);
    PNAS_CHECK(norms, PNAS_ERROR_MEMORY, "no memory for %zu running statistics", plan->norm_floats);
    pnas_status status = PNAS_OK;
    for (int i = 0; i < plan->graph->norm_count && status == PNAS_OK; ++i)
        status = gather_norm(plan, options, i, norms);
    if (status == PNAS_OK)
        status = pnas_slice_write(plan->cl, plan->norms, 0, plan->norm_floats * sizeof *norms, norms);
    free(norms);
    return status;
}

/* --- buffers and launches --- */

static pnas_status create_buffers(pnas_predictor *predictor)
{
    pnas_child_plan *plan = predictor->plan;
    pnas_batch_stream *stream = &plan->validation;
    size_t batch = (size_t)plan->options.batch;
    size_t channels = (size_t)predictor->graph->options.channels;
    const pnas_child_piece pieces[] = {
        {&plan->parameters, plan->parameter_floats},
        {&plan->norms, plan->norm_floats},
        {&plan->scratch, plan->scratch_floats},
        {&stream->records, batch * PNAS_RECORD_INTS},
        {&stream->state, 4},
    };
    PNAS_TRY(pnas_child_arena_create(plan));
    PNAS_TRY(pnas_child_pieces_take(plan, pieces, sizeof pieces / sizeof *pieces));
    PNAS_TRY(pnas_buffer_create(plan->cl, batch * predictor->image_bytes, &predictor->images));
    PNAS_TRY(pnas_buffer_create(plan->cl, 2 * channels * sizeof(cl_float), &predictor->mean_deviation));
    stream->period = 1;
    return PNAS_OK;
}

/* Every batch shows the images that are in the buffer, in their order and unchanged. */
static pnas_status write_stream(pnas_predictor *predictor, const pnas_predictor_options *options)
{
    const pnas_child_plan *plan = predictor->plan;
    size_t batch = (size_t)plan->options.batch, channels = (size_t)predictor->graph->options.channels;
    const cl_int first_step[4] = {0};
    cl_int *records = calloc(batch * PNAS_RECORD_INTS, sizeof *records);
    PNAS_CHECK(records, PNAS_ERROR_MEMORY, "no memory for %zu records", batch);
    for (size_t i = 0; i < batch; ++i)
        records[i * PNAS_RECORD_INTS + PNAS_RECORD_IMAGE] = (cl_int)i;
    pnas_status status = pnas_slice_write(plan->cl, plan->validation.records, 0,
                                          batch * PNAS_RECORD_INTS * sizeof *records, records);
    free(records);
    PNAS_TRY(status);
    PNAS_TRY(pnas_slice_write(plan->cl, plan->validation.state, 0, sizeof first_step, first_step));
    PNAS_TRY(
        pnas_buffer_write(plan->cl, predictor->mean_deviation, 0, channels * sizeof(float), options->mean));
    return pnas_buffer_write(plan->cl, predictor->mean_deviation, channels * sizeof(float),
                             channels * sizeof(float), options->deviation);
}

static pnas_status append_evaluation(pnas_predictor *predictor)
{
    pnas_child_plan *plan = predictor->plan;
    const pnas_graph *graph = predictor->graph;
    pnas_view view = pnas_child_data(plan, graph->layer[0].in[0].tensor, 0, 1);
    for (int i = 0; i < graph->norm_count; ++i)
        PNAS_TRY(pnas_op_norm_running(
            plan->cl, &plan->before_evaluation, pnas_child_padded(plan, graph->norm[i].channels),
            pnas_child_parameter(plan, graph->norm[i].gamma), pnas_child_parameter(plan, graph->norm[i].beta),
            predictor->training.norm_epsilon, pnas_child_norm(plan, i, PNAS_NORM_RUNNING),
            pnas_child_norm(plan, i, PNAS_NORM_SCALE_SHIFT)));
    PNAS_TRY(pnas_op_load_images(plan->cl, &plan->evaluation, plan->options.batch,
                                 (pnas_pixels){.buffer = predictor->images}, graph->options.channels,
                                 (pnas_slice){predictor->mean_deviation, 0}, plan->validation.records,
                                 plan->validation.state, 1, &view));
    return pnas_child_append_forward(plan, &plan->evaluation, false);
}

/* All programs are built together. Padded channels are zero from the start, and stay so. */
static pnas_status build(pnas_predictor *predictor, const pnas_predictor_options *options)
{
    pnas_child_plan *plan = predictor->plan;
    pnas_launch_list zeros = {0};
    pnas_launch_list *const lists[] = {&zeros, &plan->before_evaluation, &plan->evaluation};
    pnas_status status;
    PNAS_TRY_CLEANUP(create_buffers(predictor));
    PNAS_TRY_CLEANUP(pnas_child_arena_append_zeros(plan, &zeros));
    PNAS_TRY_CLEANUP(append_evaluation(predictor));
    PNAS_TRY_CLEANUP(pnas_launch_build(plan->cl, lists, 3, NULL));
    PNAS_TRY_CLEANUP(write_stream(predictor, options));
    PNAS_TRY_CLEANUP(write_parameters(plan, options));
    PNAS_TRY_CLEANUP(write_norms(plan, options));
    PNAS_TRY_CLEANUP(pnas_launch_run(plan->cl, &zeros, NULL));
    PNAS_TRY_CLEANUP(pnas_launch_run(plan->cl, &plan->before_evaluation, NULL));
    status = pnas_cl_finish(plan->cl);
cleanup:
    pnas_launch_clear(&zeros);
    return status;
}

/* --- the interface --- */

/* A system that promises more memory than it has would end the process later. */
static pnas_status check_memory(const pnas_predictor *predictor)
{
    const pnas_device_info *device = pnas_cl_device(predictor->cl);
    uint64_t bytes = pnas_child_plan_bytes(predictor->plan);
    PNAS_CHECK(device->memory == 0 || bytes <= device->memory, PNAS_ERROR_TOO_LARGE,
               "the network takes %.1f GiB for %d images at a time; %s has %.1f GiB", (double)bytes / 0x1p30,
               predictor->training.batch, device->name, (double)device->memory / 0x1p30);
    return PNAS_OK;
}

pnas_status pnas_predictor_create(pnas_cl *cl, const pnas_predictor_options *options, pnas_predictor **out)
{
    const pnas_network_options *network = &options->graph->options;
    pnas_predictor *predictor = calloc(1, sizeof *predictor);
    pnas_status status;
    *out = NULL;
    PNAS_CHECK(predictor, PNAS_ERROR_MEMORY, "no memory for a network");
    predictor->cl = cl;
    predictor->graph = options->graph;
    predictor->image_bytes = (size_t)network->height * (size_t)network->width * (size_t)network->channels;
    predictor->training =
        (pnas_training_options){.epochs = 1, .batch = options->batch, .norm_epsilon = options->norm_epsilon};
    const pnas_child_plan_options plan = {
        .training = &predictor->training, .batch = options->batch, .train_steps = 1, .evaluation_steps = 1};
    PNAS_TRY_CLEANUP(pnas_child_plan_create(cl, options->graph, &plan, &predictor->plan));
    PNAS_TRY_CLEANUP(check_memory(predictor));
    PNAS_TRY_CLEANUP(build(predictor, options));
    *out = predictor;
    return PNAS_OK;
cleanup:
    pnas_predictor_destroy(&predictor);
    return status;
}

pnas_status pnas_predictor_run(pnas_predictor *predictor, const uint8_t *images, size_t count, float *logits)
{
    pnas_child_plan *plan = predictor->plan;
    const pnas_graph *graph = predictor->graph;
    size_t batch = (size_t)plan->options.batch, classes = (size_t)graph->options.classes;
    pnas_slice from = pnas_child_data(plan, graph->layer[graph->layer_count - 1].out, 0, 1).at;
    for (size_t done = 0; done < count; done += batch) {
        size_t now = count - done < batch ? count - done : batch;
        PNAS_TRY(pnas_buffer_write(plan->cl, predictor->images, 0, now * predictor->image_bytes,
                                   images + done * predictor->image_bytes));
        PNAS_TRY(pnas_launch_run(plan->cl, &plan->evaluation, NULL));
        PNAS_TRY(pnas_slice_read(plan->cl, from, 0, now * classes * sizeof *logits, logits + done * classes));
    }
    return PNAS_OK;
}

void pnas_predictor_destroy(pnas_predictor **predictor)
{
    if (!*predictor)
        return;
    pnas_child_plan_destroy(&(*predictor)->plan);
    pnas_buffer_release(&(*predictor)->images);
    pnas_buffer_release(&(*predictor)->mean_deviation);
    free(*predictor);
    *predictor = NULL;
}
