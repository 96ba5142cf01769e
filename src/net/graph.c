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

int pnas_graph_cells(const pnas_graph *graph)
{
    return 3 * graph->options.repeats;
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
