#include "io/plot/network_drawing.h"

#include "io/plot/cell_drawing.h"
#include "io/plot/graphviz.h"
#include "src/net/graph_parts.h"

#include <inttypes.h>

typedef struct {
    const pnas_network_drawing_options *options;
    const pnas_graph *graph;
    pnas_graph_parts parts;
} network_drawing;

/* ---- drawing ---- */

static void write_shape(FILE *graph, const network_drawing *drawing, int at)
{
    const pnas_tensor *tensor = &drawing->graph->tensor[drawing->parts.part[at].output];
    if (at >= drawing->parts.auxiliary)
        fprintf(graph, "%d classes", drawing->graph->options.classes);
    else
        fprintf(graph, "%d x %d x %d", tensor->height, tensor->width,
                tensor->segments * tensor->segment_channels);
}

static void write_part(FILE *graph, const network_drawing *drawing, int at, const char *name,
                       const char *colour)
{
    const pnas_graph_part *part = &drawing->parts.part[at];
    fprintf(graph, "    part%d [fillcolor=\"%s\", label=<<B>%s</B><BR/><FONT POINT-SIZE=\"10\">", at, colour,
            name);
    write_shape(graph, drawing, at);
    if (part->parameters > 0)
        fprintf(graph, "<BR/>%" PRId64 " parameters", part->parameters);
    fprintf(graph, "</FONT>>];\n");
}

/* Cells `first` to `end`, which have as many filters. */
static void write_stage(FILE *graph, const network_drawing *drawing, int first, int end)
{
    const pnas_network_options *network = &drawing->graph->options;
    fprintf(
        graph,
        "    subgraph cluster_stage%d { style=\"rounded,filled\"; color=\"#e4e4e4\"; fillcolor=\"#f6f6f6\"; "
        "fontsize=11; fontcolor=\"#404040\"; labeljust=l; label=\"F %d\";\n",
        first, pnas_network_cell(network, first).filters);
    for (int c = first; c < end; c++) {
        char name[48];
        bool reduces = pnas_network_cell(network, c).stride == 2;
        snprintf(name, sizeof name, "cell %d%s", c, reduces ? ", stride 2" : "");
        if (drawing->parts.part[PNAS_PART_CELLS + c].there)
            write_part(graph, drawing, PNAS_PART_CELLS + c, name, reduces ? "#f9cfb3" : "#cfe8f7");
    }
    fprintf(graph, "    }\n");
}

static void write_stages(FILE *graph, const network_drawing *drawing)
{
    const pnas_network_options *network = &drawing->graph->options;
    for (int first = 0, end; first < drawing->parts.cells; first = end) {
        int stage = pnas_network_cell(network, first).stage;
        for (end = first + 1; end < drawing->parts.cells; end++)
            if (pnas_network_cell(network, end).stage != stage)
                break;
        write_stage(graph, drawing, first, end);
    }
}

/* An arrow that passes over a part is dashed; the others keep the parts in one line. */
static void write_edges(FILE *graph, const network_drawing *drawing)
{
    for (int to = 0; to < drawing->parts.count; to++)
        for (int from = 0; from < drawing->parts.count; from++) {
            const char *looks = to >= drawing->parts.auxiliary ? ""
                                : to - from > 1                ? " [style=dashed, color=\"#9a9a9a\"]"
                                                               : " [weight=10]";
            if (pnas_graph_part_reads(&drawing->parts, to, from))
                fprintf(graph, "    part%d -> part%d%s;\n", from, to,
                        to == drawing->parts.head ? " [weight=10]" : looks);
        }
}

static void write_graph(FILE *graph, const void *payload)
{
    const network_drawing *drawing = payload;
    const pnas_graph *network = drawing->graph;
    pnas_graphviz_begin(graph, "network", drawing->options->title);
    write_part(graph, drawing, PNAS_PART_IMAGES, "images", "#d9d9d9");
    write_part(graph, drawing, PNAS_PART_STEM, pnas_network_stem_name(&network->options), "#ffffff");
    write_stages(graph, drawing);
    if (drawing->parts.part[drawing->parts.auxiliary].there)
        write_part(graph, drawing, drawing->parts.auxiliary, "auxiliary classifier, in training only",
                   "#f0cfe2");
    write_part(graph, drawing, drawing->parts.head, "mean over pixels, classifier", "#b7e0c5");
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
    network_drawing drawing = {.options = options, .graph = options->graph};
    pnas_status status = pnas_graph_parts_create(options->graph, &drawing.parts);
    if (status == PNAS_OK)
        status = pnas_graphviz_draw(options->output, write_graph, &drawing);
    pnas_graph_parts_clear(&drawing.parts);
    return status;
}
