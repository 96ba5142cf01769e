#include "io/plot/network_drawing.h"

#include "io/plot/cell_drawing.h"
#include "io/plot/graphviz.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Parts of a network, in the order of drawing: images, stem, cells, auxiliary classifier, head. */
enum { PART_IMAGES, PART_STEM, PART_CELLS };

typedef struct {
    bool there; /* it has layers */
    int output; /* the tensor that other parts read; of the head and the auxiliary one: the logits */
    int64_t parameters;
} network_part;

typedef struct {
    const pnas_network_drawing_options *options;
    const pnas_graph *graph;
    int cells, auxiliary, head, parts;
    network_part *part; /* [parts] */
    bool *reads;        /* [parts][parts]: whether layers of the first read what the second writes */
    int *owner;         /* [tensors]: the part that writes it */
} network_drawing;

/* ---- what the layers say ---- */

/* By the first word of a path: "stem", "cell_3", "auxiliary", "head". */
static int part_of(const network_drawing *drawing, const char *path)
{
    if (strncmp(path, "cell_", 5) == 0)
        return PART_CELLS + atoi(path + 5);
    if (strncmp(path, "stem", 4) == 0)
        return PART_STEM;
    return pnas_graph_is_auxiliary(path) ? drawing->auxiliary : drawing->head;
}

static bool *read_of(const network_drawing *drawing, int to, int from)
{
    return &drawing->reads[(size_t)to * (size_t)drawing->parts + (size_t)from];
}

static void take_layer(network_drawing *drawing, const pnas_layer *layer)
{
    int at = part_of(drawing, layer->path);
    network_part *part = &drawing->part[at];
    part->there = true;
    part->parameters += pnas_layer_parameters(drawing->graph, layer);
    drawing->owner[layer->out] = at;
    if (at == drawing->head || at == drawing->auxiliary)
        part->output = layer->out; /* in the end the classifier's */
    for (int i = 0; i < layer->inputs; i++) {
        int from = drawing->owner[layer->in[i].tensor];
        *read_of(drawing, at, from) = from != at;
        if (from != at)
            drawing->part[from].output = layer->in[i].tensor;
    }
}

static pnas_status allocate(network_drawing *drawing)
{
    size_t parts = (size_t)drawing->parts;
    drawing->reads = calloc(parts * parts, sizeof *drawing->reads);
    drawing->part = calloc(parts, sizeof *drawing->part);
    drawing->owner = calloc((size_t)drawing->graph->tensor_count, sizeof *drawing->owner);
    PNAS_CHECK(drawing->reads && drawing->part && drawing->owner, PNAS_ERROR_MEMORY,
               "no memory to draw a network of %zu parts", parts);
    return PNAS_OK;
}

/* ---- drawing ---- */

static void write_shape(FILE *graph, const network_drawing *drawing, int at)
{
    const pnas_tensor *tensor = &drawing->graph->tensor[drawing->part[at].output];
    if (at >= drawing->auxiliary)
        fprintf(graph, "%d classes", drawing->graph->options.classes);
    else
        fprintf(graph, "%d x %d x %d", tensor->height, tensor->width,
                tensor->segments * tensor->segment_channels);
}

static void write_part(FILE *graph, const network_drawing *drawing, int at, const char *name,
                       const char *colour)
{
    const network_part *part = &drawing->part[at];
    fprintf(graph, "    part%d [fillcolor=\"%s\", label=<<B>%s</B><BR/><FONT POINT-SIZE=\"10\">", at, colour,
            name);
    write_shape(graph, drawing, at);
    if (part->parameters > 0)
        fprintf(graph, "<BR/>%" PRId64 " parameters", part->parameters);
    fprintf(graph, "</FONT>>];\n");
}

static void write_stage(FILE *graph, const network_drawing *drawing, int stage)
{
    const pnas_network_options *network = &drawing->graph->options;
    fprintf(
        graph,
        "    subgraph cluster_stage%d { style=\"rounded,filled\"; color=\"#e4e4e4\"; fillcolor=\"#f6f6f6\"; "
        "fontsize=11; fontcolor=\"#404040\"; labeljust=l; label=\"F %d\";\n",
        stage, network->filters << stage);
    for (int c = stage * network->repeats; c < (stage + 1) * network->repeats; c++) {
        char name[48];
        bool reduces = c > 0 && c == stage * network->repeats;
        snprintf(name, sizeof name, "cell %d%s", c, reduces ? ", stride 2" : "");
        if (drawing->part[PART_CELLS + c].there)
            write_part(graph, drawing, PART_CELLS + c, name, reduces ? "#f9cfb3" : "#cfe8f7");
    }
    fprintf(graph, "    }\n");
}

/* An arrow that passes over a part is dashed; the others keep the parts in one line. */
static void write_edges(FILE *graph, const network_drawing *drawing)
{
    for (int to = 0; to < drawing->parts; to++)
        for (int from = 0; from < drawing->parts; from++) {
            const char *looks = to >= drawing->auxiliary ? ""
                                : to - from > 1          ? " [style=dashed, color=\"#9a9a9a\"]"
                                                         : " [weight=10]";
            if (*read_of(drawing, to, from))
                fprintf(graph, "    part%d -> part%d%s;\n", from, to,
                        to == drawing->head ? " [weight=10]" : looks);
        }
}

static void write_graph(FILE *graph, const void *payload)
{
    const network_drawing *drawing = payload;
    const pnas_graph *network = drawing->graph;
    pnas_graphviz_begin(graph, "network", drawing->options->title);
    write_part(graph, drawing, PART_IMAGES, "images", "#d9d9d9");
    write_part(graph, drawing, PART_STEM, "stem: 3x3 convolution", "#ffffff");
    for (int stage = 0; stage * network->options.repeats < drawing->cells; stage++)
        write_stage(graph, drawing, stage);
    if (drawing->part[drawing->auxiliary].there)
        write_part(graph, drawing, drawing->auxiliary, "auxiliary classifier, in training only", "#f0cfe2");
    write_part(graph, drawing, drawing->head, "mean over pixels, classifier", "#b7e0c5");
    write_edges(graph, drawing);
    fprintf(
        graph,
        "    subgraph cluster_cell { style=rounded; color=\"#b0b0b0\"; labeljust=l; margin=12; fontsize=12; "
        "label=\"each cell\";\n");
    pnas_cell_drawing_write(graph, &network->cell, drawing->options->operators,
                            network->options.concatenation);
    fprintf(graph, "    }\n}\n");
}

pnas_status pnas_network_draw(const pnas_network_drawing_options *options)
{
    network_drawing drawing = {
        .options = options, .graph = options->graph, .cells = pnas_graph_cells(options->graph)};
    drawing.auxiliary = PART_CELLS + drawing.cells;
    drawing.head = drawing.auxiliary + 1;
    drawing.parts = drawing.head + 1;
    pnas_status status = allocate(&drawing);
    if (status == PNAS_OK) {
        drawing.part[PART_IMAGES].there = true;
        for (int i = 0; i < drawing.graph->layer_count; i++)
            take_layer(&drawing, &drawing.graph->layer[i]);
        status = pnas_graphviz_draw(options->output, write_graph, &drawing);
    }
    free(drawing.reads);
    free(drawing.part);
    free(drawing.owner);
    return status;
}
