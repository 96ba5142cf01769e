#include "cl/train/child_layout.h"

#include "src/net/augmentation.h"

bool pnas_child_augments(const pnas_child_plan *plan)
{
    return pnas_augmentation_wanted(plan->options.training);
}

bool pnas_child_drops(const pnas_child_plan *plan)
{
    double keep = plan->options.training->drop_path;
    return keep > 0 && keep < 1;
}

static pnas_slice slice_from(pnas_slice slice, size_t values)
{
    slice.offset += values;
    return slice;
}

pnas_slice pnas_child_factors(const pnas_child_plan *plan, int layer, int input)
{
    int path = plan->graph->layer[layer].drop_path[input];
    if (!plan->factors.buffer || path < 0)
        return (pnas_slice){NULL, 0};
    return slice_from(plan->factors, (size_t)path * (size_t)plan->options.batch);
}

int pnas_child_padded(const pnas_child_plan *plan, int channels)
{
    int vector = plan->cl->vector;
    return (channels + vector - 1) / vector * vector;
}

/* Floats at `start` of the arena. */
static pnas_slice arena_at(const pnas_child_plan *plan, int64_t start)
{
    int64_t part = plan->memory->part;
    return slice_from(plan->arena[start / part], (size_t)(start % part));
}

/* `start`: in floats. */
static pnas_view view_of(const pnas_child_plan *plan, int tensor, int64_t start, bool half, int first_segment,
                         int segments)
{
    const pnas_tensor *shape = &plan->graph->tensor[tensor];
    size_t pixels = (size_t)shape->height * shape->width;
    size_t segment = (size_t)pnas_child_padded(plan, shape->segment_channels);
    pnas_slice at = arena_at(plan, start);
    if (half)
        at.offset *= sizeof(cl_float) / sizeof(cl_half);
    at.offset += (size_t)first_segment * segment * pixels;
    return (pnas_view){.at = at,
                       .half = half,
                       .image_stride = (size_t)shape->segments * segment * pixels,
                       .channels = segments * (int)segment,
                       .used = segments == 1 ? shape->segment_channels : 0,
                       .height = shape->height,
                       .width = shape->width};
}

pnas_view pnas_child_data(const pnas_child_plan *plan, int tensor, int first_segment, int segments)
{
    return view_of(plan, tensor, plan->memory->data[tensor], plan->memory->half[tensor], first_segment,
                   segments);
}

pnas_view pnas_child_gradient(const pnas_child_plan *plan, int tensor, int first_segment, int segments)
{
    int root = plan->memory->gradient_tensor[tensor];
    if (root != tensor) {
        /* An alias is always a whole tensor of one segment. */
        first_segment = plan->memory->gradient_segment[tensor];
        segments = 1;
    }
    if (plan->memory->gradient[root] < 0)
        return (pnas_view){.at = {NULL, 0}};
    return view_of(plan, root, plan->memory->gradient[root], false, first_segment, segments);
}

static pnas_operand operand_of(const pnas_child_plan *plan, const pnas_value *value)
{
    pnas_operand operand = {.view =
                                pnas_child_data(plan, value->tensor, value->first_segment, value->segments),
                            .relu = value->relu};
    if (value->norm >= 0) {
        operand.normalise = true;
        operand.scale_shift = pnas_child_norm(plan, value->norm, PNAS_NORM_SCALE_SHIFT);
    }
    return operand;
}

pnas_slice pnas_child_scratch(const pnas_child_plan *plan, int layer)
{
    return slice_from(plan->scratch, plan->scratch_at[layer]);
}

pnas_slice pnas_child_norm_scratch(const pnas_child_plan *plan, int norm)
{
    return slice_from(plan->scratch, plan->norm_scratch_at[norm]);
}

pnas_slice pnas_child_statistics(const pnas_child_plan *plan, int norm)
{
    return slice_from(plan->statistics, plan->statistics_at[norm]);
}

pnas_slice pnas_child_parameter(const pnas_child_plan *plan, int parameter)
{
    return slice_from(plan->parameters, plan->parameter_at[parameter]);
}

pnas_slice pnas_child_parameter_gradient(const pnas_child_plan *plan, int parameter)
{
    return slice_from(plan->gradients, plan->parameter_at[parameter]);
}

pnas_slice pnas_child_norm(const pnas_child_plan *plan, int norm, pnas_norm_part part)
{
    size_t channels = (size_t)pnas_child_padded(plan, plan->graph->norm[norm].channels);
    return slice_from(plan->norms, plan->norm_at[norm] + (size_t)part * channels);
}

pnas_slice pnas_child_statistics_of_step(const pnas_child_plan *plan, int norm)
{
    if (plan->options.shards == 0)
        return pnas_child_norm(plan, norm, PNAS_NORM_RUNNING);
    return slice_from(plan->gradients, plan->parameter_floats + plan->running_at[norm]);
}

pnas_layer_operands pnas_child_operands(const pnas_child_plan *plan, int index)
{
    const pnas_graph *graph = plan->graph;
    const pnas_layer *layer = &graph->layer[index];
    int x_segment = graph->tensor[layer->in[0].tensor].segment_channels;
    pnas_layer_operands on = {.N = plan->options.batch,
                              .inputs = layer->inputs,
                              .channels = layer->in[0].segments * x_segment,
                              .x_segment = x_segment,
                              .y_segment = graph->tensor[layer->out].segment_channels,
                              .window = pnas_layer_window(graph, layer),
                              .y = pnas_child_data(plan, layer->out, layer->out_segment, layer->out_segments),
                              .scratch = pnas_child_scratch(plan, index)};
    for (int i = 0; i < layer->inputs; ++i)
        on.x[i] = operand_of(plan, &layer->in[i]);
    if (layer->weight >= 0) {
        on.weight = pnas_child_parameter(plan, layer->weight);
        on.weight_gradient = pnas_child_parameter_gradient(plan, layer->weight);
    }
    if (layer->bias >= 0) {
        on.bias = pnas_child_parameter(plan, layer->bias);
        on.bias_gradient = pnas_child_parameter_gradient(plan, layer->bias);
    }
    if (plan->memory->kept[index] >= 0) {
        pnas_slice kept = arena_at(plan, plan->memory->kept[index]);
        on.kept = kept.buffer;
        on.kept_byte = kept.offset * sizeof(cl_float);
    }
    return on;
}
