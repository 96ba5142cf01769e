#include "src/net/graph_builder.h"

#include <assert.h>
#include <stdio.h>

int pnas_same_size(int size, int stride)
{
    return (size + stride - 1) / stride;
}

int pnas_same_pad(int size, int kernel, int stride, int dilation)
{
    int reach = (pnas_same_size(size, stride) - 1) * stride + (kernel - 1) * dilation + 1;
    return reach > size ? (reach - size) / 2 : 0;
}

pnas_filter pnas_filter_square(pnas_layer_kind kind, int filters, int kernel, int stride, int dilation)
{
    return (pnas_filter){.kind = kind,
                         .filters = filters,
                         .kernel_h = kernel,
                         .kernel_w = kernel,
                         .stride_h = stride,
                         .stride_w = stride,
                         .dilation = dilation};
}

pnas_filter pnas_filter_reduction(int filters)
{
    return (pnas_filter){.kind = PNAS_LAYER_REDUCTION,
                         .filters = filters,
                         .kernel_h = 2, /* the two taps */
                         .kernel_w = 1,
                         .stride_h = 2,
                         .stride_w = 2,
                         .dilation = 1};
}

pnas_value pnas_value_rectified(pnas_value value)
{
    value.relu = true;
    return value;
}

pnas_value pnas_value_segment(pnas_value value, int segment)
{
    assert(segment >= 0 && segment < value.segments);
    value.first_segment += segment;
    value.segments = 1;
    return value;
}

int pnas_value_channels(const pnas_graph *graph, pnas_value value)
{
    return value.segments * graph->tensor[value.tensor].segment_channels;
}

pnas_value pnas_graph_add_tensor(pnas_graph *graph, int segments, int segment_channels, int height, int width)
{
    graph->tensor[graph->tensor_count] = (pnas_tensor){segments, segment_channels, height, width};
    return (pnas_value){.tensor = graph->tensor_count++, .segments = segments, .norm = -1};
}

/* A layer from `in` to `out` with no window, weights or normalisation yet. */
static pnas_layer *add_layer(pnas_graph *graph, pnas_layer_kind kind, const char *path, pnas_value in,
                             pnas_value out)
{
    pnas_layer *layer = &graph->layer[graph->layer_count++];
    *layer = (pnas_layer){.kind = kind,
                          .inputs = 1,
                          .in = {in, {.tensor = -1, .norm = -1}},
                          .out = out.tensor,
                          .out_segment = out.first_segment,
                          .out_segments = out.segments,
                          .kernel_h = 1,
                          .kernel_w = 1,
                          .stride_h = 1,
                          .stride_w = 1,
                          .dilation = 1,
                          .weight = -1,
                          .bias = -1,
                          .norm = -1,
                          .drop_path = {-1, -1}};
    snprintf(layer->path, sizeof layer->path, "%s/%s", path, pnas_layer_kind_name(kind));
    return layer;
}

static int add_norm(pnas_graph *graph, const char *path, pnas_value of)
{
    pnas_norm *norm = &graph->norm[graph->norm_count];
    *norm =
        (pnas_norm){.tensor = of.tensor, .channels = pnas_value_channels(graph, of), .gamma = -1, .beta = -1};
    snprintf(norm->path, sizeof norm->path, "%s/norm", path);
    return graph->norm_count++;
}

pnas_value pnas_graph_add_filter(pnas_graph *graph, const char *path, pnas_value in,
                                 const pnas_filter *filter)
{
    const pnas_layer_traits *traits = pnas_layer_kind_traits(filter->kind);
    pnas_tensor from = graph->tensor[in.tensor];
    int channels = pnas_value_channels(graph, in);
    int height = filter->valid ? (from.height - filter->kernel_h) / filter->stride_h + 1
                               : pnas_same_size(from.height, filter->stride_h);
    int width = filter->valid ? (from.width - filter->kernel_w) / filter->stride_w + 1
                              : pnas_same_size(from.width, filter->stride_w);
    /* Channel by channel needs the channels in one piece: they would be padded otherwise in the output. */
    assert(!traits->keeps_channels || in.segments == 1);
    pnas_value out =
        pnas_graph_add_tensor(graph, 1, traits->keeps_channels ? channels : filter->filters, height, width);
    pnas_layer *layer = add_layer(graph, filter->kind, path, in, out);
    layer->kernel_h = filter->kernel_h;
    layer->kernel_w = filter->kernel_w;
    layer->stride_h = filter->stride_h;
    layer->stride_w = filter->stride_w;
    layer->dilation = filter->dilation;
    if (!filter->valid) {
        layer->pad_top = pnas_same_pad(from.height, filter->kernel_h, filter->stride_h, filter->dilation);
        layer->pad_left = pnas_same_pad(from.width, filter->kernel_w, filter->stride_w, filter->dilation);
    }
    if (traits->normalised)
        layer->norm = out.norm = add_norm(graph, path, out);
    return out;
}

pnas_value pnas_graph_add_sum(pnas_graph *graph, const char *path, pnas_value a, pnas_value b,
                              const int drop_path[2], pnas_value into)
{
    pnas_layer *layer = add_layer(graph, PNAS_LAYER_ADD, path, a, into);
    layer->inputs = 2;
    layer->in[1] = b;
    layer->drop_path[0] = drop_path[0];
    layer->drop_path[1] = drop_path[1];
    return into;
}

pnas_value pnas_graph_add_copy(pnas_graph *graph, const char *path, pnas_value in, pnas_value into)
{
    add_layer(graph, PNAS_LAYER_COPY, path, in, into);
    return into;
}

pnas_value pnas_graph_add_regrouped(pnas_graph *graph, const char *path, pnas_value value)
{
    if (value.segments == 1)
        return value;
    const pnas_tensor *from = &graph->tensor[value.tensor];
    pnas_value whole =
        pnas_graph_add_tensor(graph, 1, pnas_value_channels(graph, value), from->height, from->width);
    return pnas_graph_add_copy(graph, path, value, whole);
}

pnas_value pnas_graph_add_head(pnas_graph *graph, const char *path, pnas_value in, int classes)
{
    pnas_tensor from = graph->tensor[in.tensor];
    pnas_value features = pnas_graph_add_tensor(graph, from.segments, from.segment_channels, 1, 1);
    add_layer(graph, PNAS_LAYER_GLOBAL_POOL, path, in, features);
    pnas_value logits = pnas_graph_add_tensor(graph, 1, classes, 1, 1);
    add_layer(graph, PNAS_LAYER_CLASSIFIER, path, features, logits);
    return logits;
}
