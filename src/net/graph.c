#include "src/net/graph.h"

#include <stdlib.h>
#include <string.h>

void pnas_graph_destroy(pnas_graph **graph)
{
    if (!graph || !*graph)
        return;
    free((*graph)->layer);
    free((*graph)->tensor);
    free((*graph)->norm);
    free((*graph)->parameter);
    free(*graph);
    *graph = NULL;
}

bool pnas_graph_is_auxiliary(const char *path)
{
    return strncmp(path, "auxiliary/", strlen("auxiliary/")) == 0;
}

static int stem_cells(const pnas_network_options *options)
{
    return options->stem == PNAS_STEM_IMAGENET ? 2 : 0;
}

int pnas_network_cells(const pnas_network_options *options)
{
    return stem_cells(options) + 3 * options->repeats;
}

pnas_cell_place pnas_network_cell(const pnas_network_options *options, int index)
{
    int beyond = index - stem_cells(options);
    if (beyond < 0) {
        int filters = options->filters >> -beyond;
        return (pnas_cell_place){.stage = beyond, .stride = 2, .filters = filters > 0 ? filters : 1};
    }
    int stage = beyond / options->repeats;
    bool reduces = beyond > 0 && beyond % options->repeats == 0;
    return (pnas_cell_place){.stage = stage, .stride = reduces ? 2 : 1, .filters = options->filters << stage};
}

int64_t pnas_layer_parameters(const pnas_graph *graph, const pnas_layer *layer)
{
    int64_t count = 0;
    if (layer->weight >= 0)
        count += graph->parameter[layer->weight].count;
    if (layer->bias >= 0)
        count += graph->parameter[layer->bias].count;
    if (layer->norm >= 0)
        count += 2 * (int64_t)graph->norm[layer->norm].channels;
    return count;
}

int pnas_tensor_padded(const pnas_tensor *tensor, int vector)
{
    return tensor->segments * ((tensor->segment_channels + vector - 1) / vector * vector);
}
