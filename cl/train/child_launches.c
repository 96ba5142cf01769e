#include "cl/train/child_launches.h"

#include <assert.h>
#include <stdlib.h>

/* --- forward --- */

/* An evaluation keeps what only a backward pass reads, too; it lies in the training plan's arena. */
static pnas_status forward_layer(pnas_child_plan *plan, pnas_launch_list *list, int index, bool training)
{
    const pnas_layer *layer = &plan->graph->layer[index];
    pnas_layer_operands on = pnas_child_operands(plan, index);
    if (training && layer->norm >= 0)
        on.statistics = pnas_child_statistics(plan, layer->norm);
    for (int i = 0; training && i < layer->inputs; ++i)
        on.factors[i] = pnas_child_factors(plan, index, i);
    return pnas_layer_op_of(layer->kind)->forward(plan->cl, list, &on);
}

pnas_status pnas_child_append_forward(pnas_child_plan *plan, pnas_launch_list *list, bool training)
{
    const pnas_training_options *options = plan->options.training;
    for (int i = 0; i < plan->graph->layer_count; ++i) {
        if (!training && pnas_graph_is_auxiliary(plan->graph->layer[i].path))
            continue;
        PNAS_TRY(forward_layer(plan, list, i, training));
        int index = plan->graph->layer[i].norm;
        if (!training || index < 0)
            continue;
        const pnas_norm *norm = &plan->graph->norm[index];
        const pnas_tensor *tensor = &plan->graph->tensor[norm->tensor];
        pnas_layer_operands on = pnas_child_operands(plan, i);
        int tile = pnas_layer_statistics_tile(plan->cl, plan->graph->layer[i].kind, &on);
        PNAS_TRY(pnas_op_norm_forward(
            plan->cl, list, plan->options.batch, tensor->height * tensor->width, tile,
            pnas_child_padded(plan, norm->channels), pnas_child_statistics(plan, index),
            pnas_child_parameter(plan, norm->gamma), pnas_child_parameter(plan, norm->beta),
            options->norm_momentum, options->norm_epsilon, pnas_child_statistics_of_step(plan, index),
            pnas_child_norm(plan, index, PNAS_NORM_SAVED),
            pnas_child_norm(plan, index, PNAS_NORM_SCALE_SHIFT)));
    }
    return PNAS_OK;
}

/* --- backward --- */

typedef struct {
    pnas_child_plan *plan;
    pnas_launch_list *list;
    int *first;    /* [tensor_count] index of each tensor's first segment in `written` */
    bool *written; /* by segment: its gradient has been written in this pass */
} backward;

/* Where the gradient of an input goes: the first writer of a segment stores, the later ones add. Nowhere
 * where it is a part of the output's gradient already. */
static pnas_status downstream_of(backward *work, const pnas_value *value, pnas_downstream *out)
{
    *out = (pnas_downstream){0};
    if (work->plan->memory->gradient_tensor[value->tensor] != value->tensor)
        return PNAS_OK;
    out->into = pnas_child_gradient(work->plan, value->tensor, value->first_segment, value->segments);
    if (!out->into.at.buffer)
        return PNAS_OK;
    bool *written = &work->written[work->first[value->tensor] + value->first_segment];
    out->accumulate = written[0];
    for (int i = 0; i < value->segments; ++i) {
        PNAS_CHECK(written[i] == out->accumulate, PNAS_ERROR_INTERNAL,
                   "only a part of tensor %d has a gradient when all of it is read", value->tensor);
        written[i] = true;
    }
    return PNAS_OK;
}

static pnas_status upstream_of(backward *work, const pnas_layer *layer, pnas_upstream *out)
{
    pnas_child_plan *plan = work->plan;
    *out = (pnas_upstream){
        .gradient = pnas_child_gradient(plan, layer->out, layer->out_segment, layer->out_segments)};
    if (layer->norm < 0)
        return PNAS_OK;
    const pnas_norm *norm = &plan->graph->norm[layer->norm];
    out->normalise = true;
    out->raw = pnas_child_data(plan, layer->out, layer->out_segment, layer->out_segments);
    out->coefficients = pnas_child_norm(plan, layer->norm, PNAS_NORM_COEFFICIENTS);
    return pnas_op_norm_backward(
        plan->cl, work->list, plan->options.batch, &out->gradient, &out->raw,
        pnas_child_parameter(plan, norm->gamma), pnas_child_norm(plan, layer->norm, PNAS_NORM_SAVED),
        out->coefficients, pnas_child_parameter_gradient(plan, norm->gamma),
        pnas_child_parameter_gradient(plan, norm->beta), pnas_child_norm_scratch(plan, layer->norm));
}

static pnas_status backward_layer(backward *work, int index)
{
    const pnas_layer *layer = &work->plan->graph->layer[index];
    pnas_layer_operands on = pnas_child_operands(work->plan, index);
    PNAS_TRY(upstream_of(work, layer, &on.dy));
    for (int i = 0; i < layer->inputs; ++i) {
        on.factors[i] = pnas_child_factors(work->plan, index, i);
        PNAS_TRY(downstream_of(work, &layer->in[i], &on.dx[i]));
    }
    return pnas_layer_op_of(layer->kind)->backward(work->plan->cl, work->list, &on);
}

pnas_status pnas_child_append_backward(pnas_child_plan *plan, pnas_launch_list *list)
{
    const pnas_graph *graph = plan->graph;
    pnas_status status = PNAS_OK;
    int segments = 0;
    backward work = {.plan = plan, .list = list, .first = calloc((size_t)graph->tensor_count, sizeof(int))};
    PNAS_CHECK_CLEANUP(work.first, PNAS_ERROR_MEMORY, "no memory for %d tensors", graph->tensor_count);
    for (int i = 0; i < graph->tensor_count; ++i) {
        work.first[i] = segments;
        segments += graph->tensor[i].segments;
    }
    assert(segments > 0); /* the image is one */
    work.written = calloc((size_t)segments, sizeof *work.written);
    PNAS_CHECK_CLEANUP(work.written, PNAS_ERROR_MEMORY, "no memory for %d tensors", segments);
    for (int i = graph->layer_count - 1; i >= 0; --i) {
        PNAS_TRY_CLEANUP(backward_layer(&work, i));
        plan->backward_end[i] = list->count;
    }
cleanup:
    free(work.first);
    free(work.written);
    return status;
}
