#include "src/net/graph_finish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOT_REACHED = -1, REACHED = 0 };

/* Marks tensors and norms that a layer on the way to the last one reads or writes; others stay NOT_REACHED.
 * A layer counts if its output is reached, and layers stand in an order in which they can run. */
static void mark_reached(const pnas_graph *graph, int *tensor, int *norm)
{
    for (int t = 0; t < graph->tensor_count; t++)
        tensor[t] = NOT_REACHED;
    for (int n = 0; n < graph->norm_count; n++)
        norm[n] = NOT_REACHED;
    tensor[0] = REACHED;
    tensor[graph->layer[graph->layer_count - 1].out] = REACHED;
    if (graph->auxiliary_logits >= 0)
        tensor[graph->auxiliary_logits] = REACHED;
    for (int l = graph->layer_count - 1; l >= 0; l--) {
        const pnas_layer *layer = &graph->layer[l];
        if (tensor[layer->out] == NOT_REACHED)
            continue;
        for (int i = 0; i < layer->inputs; i++)
            tensor[layer->in[i].tensor] = REACHED;
        if (layer->norm >= 0)
            norm[layer->norm] = REACHED;
    }
}

/* The items marked REACHED move to the front; their marks become their new indices. */
#define COMPACT(items, count, mark)                                                                          \
    do {                                                                                                     \
        int kept = 0;                                                                                        \
        for (int i = 0; i < (count); i++) {                                                                  \
            if ((mark)[i] == NOT_REACHED)                                                                    \
                continue;                                                                                    \
            (items)[kept] = (items)[i];                                                                      \
            (mark)[i] = kept++;                                                                              \
        }                                                                                                    \
        (count) = kept;                                                                                      \
    } while (0)

static void compact_layers(pnas_graph *graph, const int *tensor)
{
    int kept = 0;
    for (int l = 0; l < graph->layer_count; l++)
        if (tensor[graph->layer[l].out] != NOT_REACHED)
            graph->layer[kept++] = graph->layer[l];
    graph->layer_count = kept;
}

static void renumber(pnas_graph *graph, const int *tensor, const int *norm)
{
    if (graph->auxiliary_logits >= 0)
        graph->auxiliary_logits = tensor[graph->auxiliary_logits];
    for (int n = 0; n < graph->norm_count; n++)
        graph->norm[n].tensor = tensor[graph->norm[n].tensor];
    for (int l = 0; l < graph->layer_count; l++) {
        pnas_layer *layer = &graph->layer[l];
        layer->out = tensor[layer->out];
        layer->norm = layer->norm < 0 ? -1 : norm[layer->norm];
        for (int i = 0; i < layer->inputs; i++) {
            pnas_value *in = &layer->in[i];
            in->tensor = tensor[in->tensor];
            in->norm = in->norm < 0 ? -1 : norm[in->norm];
        }
    }
}

pnas_status pnas_graph_prune(pnas_graph *graph)
{
    int *tensor = malloc(sizeof *tensor * (size_t)(graph->tensor_count + graph->norm_count));
    PNAS_CHECK(tensor, PNAS_ERROR_MEMORY, "out of memory for a child network of %d layers",
               graph->layer_count);
    int *norm = tensor + graph->tensor_count;
    mark_reached(graph, tensor, norm);
    compact_layers(graph, tensor);
    COMPACT(graph->tensor, graph->tensor_count, tensor);
    COMPACT(graph->norm, graph->norm_count, norm);
    renumber(graph, tensor, norm);
    free(tensor);
    return PNAS_OK;
}

static int add_parameter(pnas_graph *graph, pnas_parameter_kind kind, const char *owner, const char *name,
                         int layer, int channels)
{
    pnas_parameter *parameter = &graph->parameter[graph->parameter_count];
    *parameter = (pnas_parameter){
        .kind = kind, .layer = layer, .shape = {1, 1, 1, channels}, .fan_in = 1, .count = channels};
    snprintf(parameter->path, sizeof parameter->path, "%s/%s", owner, name);
    return graph->parameter_count++;
}

static int logical_channels(const pnas_graph *graph, int tensor, int segments)
{
    return segments * graph->tensor[tensor].segment_channels;
}

static int add_weight(pnas_graph *graph, int index)
{
    const pnas_layer *layer = &graph->layer[index];
    int channels = logical_channels(graph, layer->in[0].tensor, layer->in[0].segments);
    int filters = logical_channels(graph, layer->out, layer->out_segments);
    pnas_weight_size size =
        pnas_layer_kind_weights(layer->kind, layer->kernel_h, layer->kernel_w, channels, filters);
    int weight = add_parameter(graph, PNAS_PARAMETER_WEIGHT, layer->path, "weight", index, filters);
    pnas_parameter *parameter = &graph->parameter[weight];
    memcpy(parameter->shape, size.shape, sizeof parameter->shape);
    parameter->fan_in = size.fan_in;
    parameter->count = size.count;
    return weight;
}

static void add_weights(pnas_graph *graph)
{
    for (int l = 0; l < graph->layer_count; l++) {
        pnas_layer *layer = &graph->layer[l];
        if (pnas_layer_kind_traits(layer->kind)->form == PNAS_WEIGHT_NONE)
            continue;
        const pnas_tensor *out = &graph->tensor[layer->out];
        layer->weight = add_weight(graph, l);
        /* Each trainable value is used once for each output pixel. */
        layer->multiply_adds = graph->parameter[layer->weight].count * out->height * out->width;
    }
}

static void add_biases(pnas_graph *graph)
{
    for (int l = 0; l < graph->layer_count; l++) {
        pnas_layer *layer = &graph->layer[l];
        if (pnas_layer_kind_traits(layer->kind)->bias)
            layer->bias = add_parameter(graph, PNAS_PARAMETER_BIAS, layer->path, "bias", l,
                                        logical_channels(graph, layer->out, layer->out_segments));
    }
}

void pnas_graph_list_parameters(pnas_graph *graph)
{
    add_weights(graph);
    for (int n = 0; n < graph->norm_count; n++) {
        pnas_norm *norm = &graph->norm[n];
        norm->gamma = add_parameter(graph, PNAS_PARAMETER_GAMMA, norm->path, "gamma", n, norm->channels);
        norm->beta = add_parameter(graph, PNAS_PARAMETER_BETA, norm->path, "beta", n, norm->channels);
    }
    add_biases(graph);
    graph->multiply_adds = graph->parameters = 0;
    for (int l = 0; l < graph->layer_count; l++)
        if (!pnas_graph_is_auxiliary(graph->layer[l].path))
            graph->multiply_adds += graph->layer[l].multiply_adds;
    for (int p = 0; p < graph->parameter_count; p++)
        if (!pnas_graph_is_auxiliary(graph->parameter[p].path))
            graph->parameters += graph->parameter[p].count;
}
