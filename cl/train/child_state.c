#include "cl/train/child_state.h"

#include "cl/train/child_parameters.h"
#include "src/search/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const moment_group[] = {"first_moment/", "second_moment/"};

static int moments_of(const pnas_child_plan *plan)
{
    return plan->options.training->optimizer == PNAS_OPTIMIZER_SGD ? 1 : 2;
}

static size_t weight_tensors(const pnas_child_plan *plan)
{
    return (size_t)plan->graph->parameter_count + 2 * (size_t)plan->graph->norm_count;
}

static size_t moment_tensors(const pnas_child_plan *plan)
{
    return (size_t)moments_of(plan) * (size_t)plan->graph->parameter_count;
}

/* Name and shape of a tensor; without data yet. */
static pnas_named_tensor describe(const char *group, const char *path, const char *suffix, int rank,
                                  const int *shape)
{
    pnas_named_tensor tensor = {.rank = rank};
    snprintf(tensor.name, sizeof tensor.name, "%s%s%s", group, path, suffix);
    for (int i = 0; i < rank; ++i)
        tensor.shape[i] = (size_t)shape[i];
    return tensor;
}

static pnas_named_tensor describe_parameter(const char *group, const pnas_parameter *p)
{
    bool vector = p->kind != PNAS_PARAMETER_WEIGHT;
    return describe(group, p->path, "", vector ? 1 : 4, vector ? &p->shape[3] : p->shape);
}

static pnas_named_tensor describe_running(const pnas_norm *norm, bool variance)
{
    return describe("", norm->path, variance ? "/running_variance" : "/running_mean", 1, &norm->channels);
}

static pnas_named_tensor describe_history(int epochs)
{
    return describe("", "history", "", 2, (int[]){epochs, PNAS_METRICS});
}

static pnas_named_tensor describe_metrics(int batches)
{
    return describe("", "batch_metrics", "", 2, (int[]){batches, 2});
}

static size_t values_of(const pnas_named_tensor *tensor)
{
    size_t values = 1;
    for (int i = 0; i < tensor->rank; ++i)
        values *= tensor->shape[i];
    return values;
}

/* --- from the device --- */

static pnas_status make_room(pnas_named_tensor *tensor)
{
    tensor->data = calloc(values_of(tensor) + 1, sizeof *tensor->data);
    PNAS_CHECK(tensor->data, PNAS_ERROR_MEMORY, "no memory for the values of %s", tensor->name);
    return PNAS_OK;
}

static pnas_status read_floats(const pnas_child_plan *plan, pnas_slice slice, size_t first, size_t count,
                               float **out)
{
    *out = malloc((count + 1) * sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for %zu values of a child", count);
    return count ? pnas_slice_read(plan->cl, slice, first * sizeof **out, count * sizeof **out, *out)
                 : PNAS_OK;
}

/* One tensor a parameter from a buffer of the parameters' layout that starts at `first`. */
static pnas_status export_parameters(const pnas_child_plan *plan, pnas_slice slice, size_t first,
                                     const char *group, pnas_named_tensor *out)
{
    float *flat = NULL;
    pnas_status status = read_floats(plan, slice, first, plan->parameter_floats, &flat);
    for (int i = 0; i < plan->graph->parameter_count && status == PNAS_OK; ++i) {
        out[i] = describe_parameter(group, &plan->graph->parameter[i]);
        status = make_room(&out[i]);
        if (status == PNAS_OK)
            pnas_child_parameter_unpack(plan, i, flat + plan->parameter_at[i], out[i].data);
    }
    free(flat);
    return status;
}

static pnas_status export_running(const pnas_child_plan *plan, pnas_named_tensor *out)
{
    float *norms = NULL;
    pnas_status status = read_floats(plan, plan->norms, 0, plan->norm_floats, &norms);
    for (int i = 0; i < 2 * plan->graph->norm_count && status == PNAS_OK; ++i) {
        const pnas_norm *norm = &plan->graph->norm[i / 2];
        size_t variance = i % 2 ? (size_t)pnas_child_padded(plan, norm->channels) : 0;
        out[i] = describe_running(norm, i % 2);
        status = make_room(&out[i]);
        if (status == PNAS_OK)
            memcpy(out[i].data, norms + plan->norm_at[i / 2] + variance,
                   (size_t)norm->channels * sizeof *norms);
    }
    free(norms);
    return status;
}

static pnas_status export_weights(const pnas_child_plan *plan, pnas_named_tensor *out)
{
    PNAS_TRY(export_parameters(plan, plan->parameters, 0, "", out));
    return export_running(plan, out + plan->graph->parameter_count);
}

void pnas_child_tensors_free(pnas_named_tensor **tensors, size_t count)
{
    for (size_t i = 0; *tensors && i < count; ++i)
        free((*tensors)[i].data);
    free(*tensors);
    *tensors = NULL;
}

/* `tensors` of them by `fill`, in memory that is the caller's. */
static pnas_status export_tensors(const pnas_child_plan *plan, size_t tensors,
                                  pnas_status (*fill)(const pnas_child_plan *plan, pnas_named_tensor *out),
                                  pnas_named_tensor **out, size_t *count)
{
    pnas_named_tensor *tensor = calloc(tensors + 1, sizeof *tensor);
    PNAS_CHECK(tensor, PNAS_ERROR_MEMORY, "no memory for %zu tensors", tensors);
    pnas_status status = fill(plan, tensor);
    if (status != PNAS_OK) {
        pnas_child_tensors_free(&tensor, tensors);
        return status;
    }
    *out = tensor;
    *count = tensors;
    return PNAS_OK;
}

pnas_status pnas_child_weights_export(const pnas_child_plan *plan, pnas_named_tensor **out, size_t *count)
{
    return export_tensors(plan, weight_tensors(plan), export_weights, out, count);
}

static pnas_status export_moments(const pnas_child_plan *plan, pnas_named_tensor *out)
{
    for (int i = 0; i < moments_of(plan); ++i) {
        PNAS_TRY(
            export_parameters(plan, plan->moments, (size_t)i * plan->parameter_floats, moment_group[i], out));
        out += plan->graph->parameter_count;
    }
    return PNAS_OK;
}

pnas_status pnas_child_moments_export(const pnas_child_plan *plan, pnas_named_tensor **out, size_t *count)
{
    return export_tensors(plan, moment_tensors(plan), export_moments, out, count);
}

static pnas_status export_progress(const pnas_child_plan *plan, const float *history,
                                   pnas_checkpoint *checkpoint, pnas_named_tensor *out)
{
    PNAS_TRY(export_moments(plan, out));
    out += moment_tensors(plan);
    if (checkpoint->epoch > 0) {
        *out = describe_history(checkpoint->epoch);
        PNAS_TRY(make_room(out));
        memcpy(out->data, history, values_of(out) * sizeof *history);
        ++out;
    }
    if (checkpoint->batch > 0) {
        *out = describe_metrics(checkpoint->batch);
        PNAS_TRY(read_floats(plan, plan->train.metrics, 0, values_of(out), &out->data));
    }
    return PNAS_OK;
}

pnas_status pnas_child_state_export(const pnas_child_plan *plan, const float *history,
                                    pnas_checkpoint *checkpoint)
{
    size_t weights = weight_tensors(plan);
    checkpoint->count = weights + moment_tensors(plan) + (checkpoint->epoch > 0) + (checkpoint->batch > 0);
    checkpoint->tensor = calloc(checkpoint->count, sizeof *checkpoint->tensor);
    if (!checkpoint->tensor)
        checkpoint->count = 0;
    PNAS_CHECK(checkpoint->tensor, PNAS_ERROR_MEMORY, "no memory for a checkpoint");
    PNAS_TRY(export_weights(plan, checkpoint->tensor));
    return export_progress(plan, history, checkpoint, checkpoint->tensor + weights);
}

/* --- to the device --- */

/* The values of the tensor that is described; NULL with a message if there is none such. */
static const float *find(const pnas_checkpoint *checkpoint, pnas_named_tensor wanted)
{
    for (size_t i = 0; i < checkpoint->count; ++i) {
        const pnas_named_tensor *tensor = &checkpoint->tensor[i];
        if (strcmp(tensor->name, wanted.name) == 0 && tensor->rank == wanted.rank &&
            memcmp(tensor->shape, wanted.shape, (size_t)wanted.rank * sizeof *wanted.shape) == 0)
            return tensor->data;
    }
    pnas_fail(PNAS_ERROR_DATA, "it has no tensor %s of the shape that the network needs", wanted.name);
    return NULL;
}

typedef struct { /* what the device gets, on the host */
    float *parameters, *moments, *norms;
} host_copy;

static pnas_status gather_parameters(const pnas_child_plan *plan, const pnas_checkpoint *checkpoint,
                                     const char *group, float *flat)
{
    for (int i = 0; i < plan->graph->parameter_count; ++i) {
        const float *values = find(checkpoint, describe_parameter(group, &plan->graph->parameter[i]));
        if (!values)
            return PNAS_ERROR_DATA;
        pnas_child_parameter_pack(plan, i, values, flat + plan->parameter_at[i]);
    }
    return PNAS_OK;
}

/* Into `norms` as they are after initialisation: padded channels keep their values. */
static pnas_status gather_running(const pnas_child_plan *plan, const pnas_checkpoint *checkpoint,
                                  float *norms)
{
    for (int i = 0; i < 2 * plan->graph->norm_count; ++i) {
        const pnas_norm *norm = &plan->graph->norm[i / 2];
        size_t variance = i % 2 ? (size_t)pnas_child_padded(plan, norm->channels) : 0;
        const float *values = find(checkpoint, describe_running(norm, i % 2));
        if (!values)
            return PNAS_ERROR_DATA;
        memcpy(norms + plan->norm_at[i / 2] + variance, values, (size_t)norm->channels * sizeof *norms);
    }
    return PNAS_OK;
}

static void free_copy(host_copy *host)
{
    free(host->parameters);
    free(host->moments);
    free(host->norms);
}

/* moments: whether they are wanted, too. *out is to be freed (free_copy), also after a failure. */
static pnas_status gather(const pnas_child_plan *plan, const pnas_checkpoint *checkpoint, bool moments,
                          host_copy *out)
{
    size_t floats = (size_t)moments_of(plan) * plan->parameter_floats;
    *out = (host_copy){.parameters = calloc(plan->parameter_floats + 1, sizeof(float)),
                       .moments = calloc(floats + 1, sizeof(float))};
    PNAS_CHECK(out->parameters && out->moments, PNAS_ERROR_MEMORY, "no memory for a checkpoint");
    PNAS_TRY(read_floats(plan, plan->norms, 0, plan->norm_floats, &out->norms));
    PNAS_TRY(gather_parameters(plan, checkpoint, "", out->parameters));
    for (int i = 0; moments && i < moments_of(plan); ++i)
        PNAS_TRY(gather_parameters(plan, checkpoint, moment_group[i],
                                   out->moments + (size_t)i * plan->parameter_floats));
    return gather_running(plan, checkpoint, out->norms);
}

static pnas_status write_copy(pnas_child_plan *plan, const host_copy *host, bool moments)
{
    size_t floats = (size_t)moments_of(plan) * plan->parameter_floats;
    PNAS_TRY(pnas_slice_write(plan->cl, plan->parameters, 0, plan->parameter_floats * sizeof(float),
                              host->parameters));
    if (moments)
        PNAS_TRY(pnas_slice_write(plan->cl, plan->moments, 0, floats * sizeof(float), host->moments));
    return pnas_slice_write(plan->cl, plan->norms, 0, plan->norm_floats * sizeof(float), host->norms);
}

pnas_status pnas_child_tensors_import(pnas_child_plan *plan, const pnas_named_tensor *tensors, size_t count,
                                      bool moments)
{
    const pnas_checkpoint checkpoint = {.count = count, .tensor = (pnas_named_tensor *)tensors};
    host_copy host;
    pnas_status status = gather(plan, &checkpoint, moments, &host);
    if (status == PNAS_OK)
        status = write_copy(plan, &host, moments);
    free_copy(&host);
    return status;
}

static pnas_status write_streams(pnas_child_plan *plan, const pnas_checkpoint *checkpoint,
                                 const float *metrics)
{
    const cl_int position[4] = {checkpoint->epoch * plan->train.period + checkpoint->batch};
    PNAS_TRY(pnas_slice_write(plan->cl, plan->train.state, 0, sizeof position, position));
    if (!metrics)
        return PNAS_OK;
    size_t bytes = 2 * (size_t)checkpoint->batch * sizeof *metrics;
    return pnas_slice_write(plan->cl, plan->train.metrics, 0, bytes, metrics);
}

static pnas_status check_position(const pnas_child_plan *plan, const pnas_checkpoint *checkpoint)
{
    PNAS_CHECK(checkpoint->epoch >= 0 && checkpoint->epoch < plan->options.training->epochs &&
                   checkpoint->batch >= 0 && checkpoint->batch <= plan->train.period,
               PNAS_ERROR_DATA, "it stands at epoch %d, batch %d, which this child does not have",
               checkpoint->epoch, checkpoint->batch);
    return PNAS_OK;
}

pnas_status pnas_child_state_import(pnas_child_plan *plan, const pnas_checkpoint *checkpoint, float *history)
{
    PNAS_TRY(check_position(plan, checkpoint));
    const float *past = NULL, *metrics = NULL;
    host_copy host;
    pnas_status status;
    PNAS_TRY_CLEANUP(gather(plan, checkpoint, true, &host));
    status = PNAS_ERROR_DATA; /* of find */
    if (checkpoint->epoch > 0 && !(past = find(checkpoint, describe_history(checkpoint->epoch))))
        goto cleanup;
    if (checkpoint->batch > 0 && !(metrics = find(checkpoint, describe_metrics(checkpoint->batch))))
        goto cleanup;
    PNAS_TRY_CLEANUP(write_copy(plan, &host, true));
    PNAS_TRY_CLEANUP(write_streams(plan, checkpoint, metrics));
    if (past)
        memcpy(history, past, (size_t)checkpoint->epoch * PNAS_METRICS * sizeof *past);
cleanup:
    free_copy(&host);
    return status;
}
