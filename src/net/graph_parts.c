#include "src/net/graph_parts.h"

#include <stdlib.h>
#include <string.h>

const char *pnas_network_stem_name(const pnas_network_options *options)
{
    return options->stem == PNAS_STEM_IMAGENET ? "stem: 3x3 convolution, stride 2" : "stem: 3x3 convolution";
}

/* By the first word of a path: "stem", "cell_3", "auxiliary", "head". */
static int part_of(const pnas_graph_parts *parts, const char *path)
{
    if (strncmp(path, "cell_", 5) == 0)
        return PNAS_PART_CELLS + atoi(path + 5);
    if (strncmp(path, "stem", 4) == 0)
        return PNAS_PART_STEM;
    return pnas_graph_is_auxiliary(path) ? parts->auxiliary : parts->head;
}

static bool *read_of(const pnas_graph_parts *parts, int to, int from)
{
    return &parts->reads[(size_t)to * (size_t)parts->count + (size_t)from];
}

bool pnas_graph_part_reads(const pnas_graph_parts *parts, int to, int from)
{
    return *read_of(parts, to, from);
}

/* owner [tensors]: the part that writes it, so far. */
static void take_layer(const pnas_graph *graph, const pnas_layer *layer, pnas_graph_parts *parts, int *owner)
{
    int at = part_of(parts, layer->path);
    pnas_graph_part *part = &parts->part[at];
    part->there = true;
    part->parameters += pnas_layer_parameters(graph, layer);
    owner[layer->out] = at;
    if (at == parts->head || at == parts->auxiliary)
        part->output = layer->out; /* in the end the classifier's */
    for (int i = 0; i < layer->inputs; i++) {
        int from = owner[layer->in[i].tensor];
        *read_of(parts, at, from) = from != at;
        if (from != at)
            parts->part[from].output = layer->in[i].tensor;
    }
}

pnas_status pnas_graph_parts_create(const pnas_graph *graph, pnas_graph_parts *out)
{
    int cells = pnas_network_cells(&graph->options);
    *out = (pnas_graph_parts){.cells = cells,
                              .auxiliary = PNAS_PART_CELLS + cells,
                              .head = PNAS_PART_CELLS + cells + 1,
                              .count = PNAS_PART_CELLS + cells + 2};
    size_t count = (size_t)out->count;
    out->reads = calloc(count * count, sizeof *out->reads);
    out->part = calloc(count, sizeof *out->part);
    int *owner = calloc((size_t)graph->tensor_count, sizeof *owner);
    bool room = out->reads && out->part && owner;
    if (room) {
        out->part[PNAS_PART_IMAGES].there = true;
        for (int i = 0; i < graph->layer_count; i++)
            take_layer(graph, &graph->layer[i], out, owner);
    }
    free(owner);
    PNAS_CHECK(room, PNAS_ERROR_MEMORY, "no memory for a network of %zu parts", count);
    return PNAS_OK;
}

void pnas_graph_parts_clear(pnas_graph_parts *parts)
{
    free(parts->part);
    free(parts->reads);
    *parts = (pnas_graph_parts){0};
}
