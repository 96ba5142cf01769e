#include "cl/train/child_parameters.h"
#include "src/base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct { /* how a parameter lies in the flat buffer: [taps][C][M], padded */
    int taps;
    int C, M;               /* logical */
    int padded_c, padded_m; /* as stored */
    int segment;            /* logical channels of a segment of the input */
    int split;              /* factorized reduction: first output of tap 1; else 0 */
} layout;

static layout layout_of(const pnas_child_plan *plan, int parameter)
{
    const pnas_graph *graph = plan->graph;
    const pnas_parameter *p = &graph->parameter[parameter];
    layout out = {.taps = p->shape[0] * p->shape[1], .C = p->shape[2], .M = p->shape[3]};
    out.segment = out.padded_c = out.C;
    out.padded_m = out.M;
    if (p->kind == PNAS_PARAMETER_GAMMA || p->kind == PNAS_PARAMETER_BETA)
        out.padded_m = pnas_child_padded(plan, out.M);
    if (p->kind != PNAS_PARAMETER_WEIGHT)
        return out;
    const pnas_layer *layer = &graph->layer[p->layer];
    const pnas_tensor *in = &graph->tensor[layer->in[0].tensor];
    pnas_weight_form form = pnas_layer_kind_traits(layer->kind)->form;
    out.segment = in->segment_channels;
    out.padded_c = layer->in[0].segments * pnas_child_padded(plan, in->segment_channels);
    if (form == PNAS_WEIGHT_DENSE || form == PNAS_WEIGHT_SPLIT)
        out.padded_m = pnas_child_padded(plan, out.M);
    if (form == PNAS_WEIGHT_SPLIT)
        out.split = out.M / 2;
    return out;
}

/* Floats of a parameter in the flat buffers, padding included. */
static size_t floats_of(const pnas_child_plan *plan, int parameter)
{
    layout at = layout_of(plan, parameter);
    return (size_t)at.taps * (size_t)at.padded_c * (size_t)at.padded_m;
}

pnas_status pnas_child_parameters_lay_out(pnas_child_plan *plan)
{
    const pnas_graph *graph = plan->graph;
    plan->parameter_at = calloc((size_t)graph->parameter_count + 1, sizeof *plan->parameter_at);
    plan->norm_at = calloc((size_t)graph->norm_count + 1, sizeof *plan->norm_at);
    plan->running_at = calloc((size_t)graph->norm_count + 1, sizeof *plan->running_at);
    PNAS_CHECK(plan->parameter_at && plan->norm_at && plan->running_at, PNAS_ERROR_MEMORY,
               "no memory for %d parameters", graph->parameter_count);
    const int align = 32; /* floats: no parameter shares a cache line with another */
    for (int decayed = 1; decayed >= 0; --decayed) {
        for (int i = 0; i < graph->parameter_count; ++i) {
            if ((graph->parameter[i].kind == PNAS_PARAMETER_WEIGHT) != decayed)
                continue;
            plan->parameter_at[i] = plan->parameter_floats;
            plan->parameter_floats += (floats_of(plan, i) + align - 1) / align * align;
        }
        if (decayed)
            plan->decayed_floats = plan->parameter_floats;
    }
    for (int i = 0; i < graph->norm_count; ++i) {
        plan->norm_at[i] = plan->norm_floats;
        size_t channels = (size_t)pnas_child_padded(plan, graph->norm[i].channels);
        plan->norm_floats += (PNAS_NORM_STATISTICS * channels + align - 1) / align * align;
        plan->running_at[i] = plan->running_floats;
        plan->running_floats += 2 * channels;
    }
    return PNAS_OK;
}

/* Calls `visit` for every trainable value with its place in both layouts. */
static void walk(const pnas_child_plan *plan, int parameter,
                 void (*visit)(void *payload, size_t logical, size_t flat), void *payload)
{
    layout at = layout_of(plan, parameter);
    int padded_segment = at.padded_c / (at.C / at.segment);
    for (int tap = 0; tap < at.taps; ++tap) {
        for (int c = 0; c < at.C; ++c) {
            size_t row =
                (size_t)tap * at.padded_c + (size_t)(c / at.segment) * padded_segment + c % at.segment;
            for (int m = 0; m < at.M; ++m) {
                if (at.split && (m >= at.split) != (tap == 1))
                    continue;
                visit(payload, ((size_t)tap * at.C + (size_t)c) * at.M + (size_t)m,
                      row * (size_t)at.padded_m + (size_t)m);
            }
        }
    }
}

typedef struct {
    const float *from;
    float *to;
} copying;

static void copy_in(void *payload, size_t logical, size_t flat)
{
    copying *work = payload;
    work->to[flat] = work->from[logical];
}

static void copy_out(void *payload, size_t logical, size_t flat)
{
    copying *work = payload;
    work->to[logical] = work->from[flat];
}

void pnas_child_parameter_pack(const pnas_child_plan *plan, int parameter, const float *logical, float *flat)
{
    copying work = {logical, flat};
    walk(plan, parameter, copy_in, &work);
}

void pnas_child_parameter_unpack(const pnas_child_plan *plan, int parameter, const float *flat,
                                 float *logical)
{
    copying work = {flat, logical};
    walk(plan, parameter, copy_out, &work);
}

typedef struct {
    pnas_stream stream;
    double deviation;
    float *flat;
} drawing;

static void draw(void *payload, size_t logical, size_t flat)
{
    (void)logical;
    drawing *work = payload;
    double value;
    do
        value = pnas_stream_normal(&work->stream);
    while (fabs(value) > 2);
    work->flat[flat] = (float)(work->deviation * value);
}

static void set_one(void *payload, size_t logical, size_t flat)
{
    (void)logical;
    ((float *)payload)[flat] = 1;
}

/* Parameters as given, moments zero, running mean 0 and variance 1, both batch streams at their start. */
static pnas_status start(pnas_child_plan *plan, const float *flat)
{
    pnas_cl *cl = plan->cl;
    size_t moments =
        plan->parameter_floats * (plan->options.training->optimizer == PNAS_OPTIMIZER_SGD ? 1 : 2);
    size_t largest = moments > plan->norm_floats ? moments : plan->norm_floats;
    float *zeros = calloc(largest + 1, sizeof *zeros);
    PNAS_CHECK(zeros, PNAS_ERROR_MEMORY, "no memory for %zu values", largest);
    const cl_int first_step[4] = {0};
    pnas_status status = PNAS_OK;
    PNAS_TRY_CLEANUP(pnas_slice_write(cl, plan->parameters, 0, plan->parameter_floats * sizeof *flat, flat));
    PNAS_TRY_CLEANUP(pnas_slice_write(cl, plan->moments, 0, moments * sizeof *zeros, zeros));
    PNAS_TRY_CLEANUP(pnas_slice_write(cl, plan->train.state, 0, sizeof first_step, first_step));
    PNAS_TRY_CLEANUP(pnas_slice_write(cl, plan->validation.state, 0, sizeof first_step, first_step));
    for (int i = 0; i < plan->graph->norm_count; ++i) {
        size_t channels = (size_t)pnas_child_padded(plan, plan->graph->norm[i].channels);
        float *variance = zeros + plan->norm_at[i] + channels; /* the second half of the running statistics */
        for (size_t c = 0; c < channels; ++c)
            variance[c] = 1;
    }
    PNAS_TRY_CLEANUP(pnas_slice_write(cl, plan->norms, 0, plan->norm_floats * sizeof *zeros, zeros));
cleanup:
    free(zeros);
    return status;
}

pnas_status pnas_child_parameters_initialize(pnas_child_plan *plan, uint64_t seed, uint64_t hash)
{
    float *flat = calloc(plan->parameter_floats + 1, sizeof *flat);
    PNAS_CHECK(flat, PNAS_ERROR_MEMORY, "no memory for %zu parameters", plan->parameter_floats);
    for (int i = 0; i < plan->graph->parameter_count; ++i) {
        const pnas_parameter *p = &plan->graph->parameter[i];
        float *at = flat + plan->parameter_at[i];
        if (p->kind == PNAS_PARAMETER_GAMMA)
            walk(plan, i, set_one, at);
        if (p->kind != PNAS_PARAMETER_WEIGHT)
            continue;
        double gain = pnas_layer_kind_traits(plan->graph->layer[p->layer].kind)->gain;
        drawing work = {pnas_stream_make(seed, PNAS_STREAM_INITIAL_WEIGHTS, hash, (uint32_t)i),
                        sqrt(gain / p->fan_in), at};
        walk(plan, i, draw, &work);
    }
    pnas_status status = start(plan, flat);
    free(flat);
    return status;
}
