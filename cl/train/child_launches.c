#include "cl/train/child_launches.h"

#include <stdlib.h>

/* --- forward --- */

static pnas_status forward_copy(pnas_child_plan *plan, pnas_launch_list *list, const pnas_layer *layer)
{
    const pnas_graph *graph = plan->graph;
    pnas_operand x = pnas_child_operand(plan, &layer->in[0]);
    pnas_view y = pnas_child_data(plan, layer->out, layer->out_segment, layer->out_segments);
    int from = graph->tensor[layer->in[0].tensor].segment_channels;
    int to = graph->tensor[layer->out].segment_channels;
    if (from == to)
        return pnas_op_add_forward(plan->cl, list, plan->options.batch, &x, NULL, &y);
    PNAS_CHECK(!x.normalise && !x.relu, PNAS_ERROR_INTERNAL, "layer %s regroups a transformed value",
               layer->path);
    return pnas_op_regroup(plan->cl, list, plan->options.batch, &x.view, from, &y, to,
                           layer->in[0].segments * from, false);
}

static pnas_status forward_layer(pnas_child_plan *plan, pnas_launch_list *list, int index, bool training)
{
    pnas_cl *cl = plan->cl;
    const pnas_layer *layer = &plan->graph->layer[index];
    int N = plan->options.batch;
    pnas_operand x = pnas_child_operand(plan, &layer->in[0]);
    pnas_view y = pnas_child_data(plan, layer->out, layer->out_segment, layer->out_segments);
    pnas_window window = pnas_child_window(plan, layer);
    pnas_slice statistics = {training && layer->norm >= 0 ? plan->statistics : NULL, 0};
    switch (layer->kind) {
    case PNAS_LAYER_CONVOLUTION:
    case PNAS_LAYER_REDUCTION:
        return pnas_op_convolution_forward(cl, list, N, &x, pnas_child_parameter(plan, layer->weight),
                                           &window, &y, statistics);
    case PNAS_LAYER_POINTWISE:
        return pnas_op_pointwise_forward(cl, list, N, &x, pnas_child_parameter(plan, layer->weight), &window,
                                         &y, statistics);
    case PNAS_LAYER_DEPTHWISE:
        return pnas_op_depthwise_forward(cl, list, N, &x, pnas_child_parameter(plan, layer->weight), &window,
                                         &y);
    case PNAS_LAYER_MAX_POOL:
        /* An evaluation writes positions too; they lie in the training plan's arena and nobody reads them. */
        return pnas_op_max_pool_forward(cl, list, N, &x, &window, &y, plan->arena,
                                        (size_t)plan->memory->kept[index] * sizeof(cl_float));
    case PNAS_LAYER_AVERAGE_POOL:
        return pnas_op_average_pool_forward(cl, list, N, &x, &window, &y);
    case PNAS_LAYER_ADD: {
        pnas_operand other = pnas_child_operand(plan, &layer->in[1]);
        return pnas_op_add_forward(cl, list, N, &x, &other, &y);
    }
    case PNAS_LAYER_COPY:
        return forward_copy(plan, list, layer);
    case PNAS_LAYER_GLOBAL_POOL:
        return pnas_op_global_pool_forward(cl, list, N, &x, y.at);
    case PNAS_LAYER_CLASSIFIER:
        return pnas_op_classifier_forward(cl, list, N, x.view.channels, plan->graph->options.classes,
                                          x.view.at, pnas_child_parameter(plan, layer->weight),
                                          pnas_child_parameter(plan, layer->bias), y.at);
    }
    return pnas_fail(PNAS_ERROR_INTERNAL, "layer %s is of unknown kind %d", layer->path, (int)layer->kind);
}

pnas_status pnas_child_append_forward(pnas_child_plan *plan, pnas_launch_list *list, bool training)
{
    const pnas_training_options *options = plan->options.training;
    for (int i = 0; i < plan->graph->layer_count; ++i) {
        PNAS_TRY(forward_layer(plan, list, i, training));
        int index = plan->graph->layer[i].norm;
        if (!training || index < 0)
            continue;
        const pnas_norm *norm = &plan->graph->norm[index];
        const pnas_tensor *tensor = &plan->graph->tensor[norm->tensor];
        PNAS_TRY(pnas_op_norm_forward(
            plan->cl, list, plan->options.batch, tensor->height * tensor->width,
            pnas_child_padded(plan, norm->channels), (pnas_slice){plan->statistics, 0},
            pnas_child_parameter(plan, norm->gamma), pnas_child_parameter(plan, norm->beta),
            options->norm_momentum, options->norm_epsilon, pnas_child_norm(plan, index, PNAS_NORM_RUNNING),
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

/* Where the gradient of an input goes: the first writer of a segment stores, the later ones add. */
static pnas_status downstream_of(backward *work, const pnas_value *value, pnas_downstream *out)
{
    const pnas_memory_plan *memory = work->plan->memory;
    *out = (pnas_downstream){
        .into = pnas_child_gradient(work->plan, value->tensor, value->first_segment, value->segments)};
    if (!out->into.at.buffer || memory->gradient_tensor[value->tensor] != value->tensor)
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

static pnas_status backward_add(backward *work, const pnas_layer *layer)
{
    pnas_child_plan *plan = work->plan;
    pnas_view gradient = pnas_child_gradient(plan, layer->out, layer->out_segment, layer->out_segments);
    for (int i = 0; i < layer->inputs; ++i) {
        const pnas_value *value = &layer->in[i];
        if (plan->memory->gradient_tensor[value->tensor] != value->tensor)
            continue; /* its gradient is this one */
        pnas_downstream dx;
        PNAS_TRY(downstream_of(work, value, &dx));
        pnas_operand x = pnas_child_operand(plan, value);
        PNAS_TRY(pnas_op_add_backward(plan->cl, work->list, plan->options.batch, &x, &gradient, &dx));
    }
    return PNAS_OK;
}

static pnas_status backward_copy(backward *work, const pnas_layer *layer)
{
    pnas_child_plan *plan = work->plan;
    int to = plan->graph->tensor[layer->in[0].tensor].segment_channels;
    int from = plan->graph->tensor[layer->out].segment_channels;
    if (from == to)
        return backward_add(work, layer);
    pnas_view gradient = pnas_child_gradient(plan, layer->out, layer->out_segment, layer->out_segments);
    pnas_downstream dx;
    PNAS_TRY(downstream_of(work, &layer->in[0], &dx));
    return pnas_op_regroup(plan->cl, work->list, plan->options.batch, &gradient, from, &dx.into, to,
                           layer->in[0].segments * to, dx.accumulate);
}

static pnas_status backward_classifier(backward *work, const pnas_layer *layer)
{
    pnas_child_plan *plan = work->plan;
    int N = plan->options.batch, classes = plan->graph->options.classes;
    pnas_operand x = pnas_child_operand(plan, &layer->in[0]);
    pnas_downstream dx;
    PNAS_TRY(downstream_of(work, &layer->in[0], &dx));
    return pnas_op_classifier_backward(plan->cl, work->list, N, x.view.channels, classes, x.view.at,
                                       pnas_child_parameter(plan, layer->weight),
                                       pnas_child_gradient(plan, layer->out, 0, 1).at,
                                       pnas_child_parameter_gradient(plan, layer->weight),
                                       pnas_child_parameter_gradient(plan, layer->bias), dx.into.at);
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
        pnas_child_parameter_gradient(plan, norm->beta), (pnas_slice){plan->scratch, 0});
}

static pnas_status backward_layer(backward *work, int index)
{
    pnas_child_plan *plan = work->plan;
    const pnas_layer *layer = &plan->graph->layer[index];
    if (layer->kind == PNAS_LAYER_ADD)
        return backward_add(work, layer);
    if (layer->kind == PNAS_LAYER_COPY)
        return backward_copy(work, layer);
    if (layer->kind == PNAS_LAYER_CLASSIFIER)
        return backward_classifier(work, layer);

    pnas_cl *cl = plan->cl;
    pnas_launch_list *list = work->list;
    int N = plan->options.batch;
    pnas_operand x = pnas_child_operand(plan, &layer->in[0]);
    pnas_window window = pnas_child_window(plan, layer);
    pnas_slice scratch = {plan->scratch, 0}, weight = {0}, weight_gradient = {0};
    if (layer->weight >= 0) {
        weight = pnas_child_parameter(plan, layer->weight);
        weight_gradient = pnas_child_parameter_gradient(plan, layer->weight);
    }
    pnas_upstream y;
    PNAS_TRY(upstream_of(work, layer, &y));
    pnas_downstream dx;
    PNAS_TRY(downstream_of(work, &layer->in[0], &dx));
    switch (layer->kind) {
    case PNAS_LAYER_CONVOLUTION:
    case PNAS_LAYER_REDUCTION:
        return pnas_op_convolution_backward(cl, list, N, &x, weight, &window, &y, &dx, weight_gradient,
                                            scratch);
    case PNAS_LAYER_POINTWISE:
        return pnas_op_pointwise_backward(cl, list, N, &x, weight, &window, &y, &dx, weight_gradient,
                                          scratch);
    case PNAS_LAYER_DEPTHWISE:
        return pnas_op_depthwise_backward(cl, list, N, &x, weight, &window, &y, &dx, weight_gradient,
                                          scratch);
    case PNAS_LAYER_MAX_POOL:
        return pnas_op_max_pool_backward(cl, list, N, &x, &window, &y, plan->arena,
                                         (size_t)plan->memory->kept[index] * sizeof(cl_float), &dx);
    case PNAS_LAYER_AVERAGE_POOL:
        return pnas_op_average_pool_backward(cl, list, N, &x, &window, &y, &dx);
    case PNAS_LAYER_GLOBAL_POOL:
        return pnas_op_global_pool_backward(cl, list, N, &x, y.gradient.at, &dx);
    default:
        return pnas_fail(PNAS_ERROR_INTERNAL, "layer %s is of unknown kind %d", layer->path,
                         (int)layer->kind);
    }
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
    work.written = calloc((size_t)segments, sizeof *work.written);
    PNAS_CHECK_CLEANUP(work.written, PNAS_ERROR_MEMORY, "no memory for %d tensors", segments);
    for (int i = graph->layer_count - 1; i >= 0; --i)
        PNAS_TRY_CLEANUP(backward_layer(&work, i));
cleanup:
    free(work.first);
    free(work.written);
    return status;
}
