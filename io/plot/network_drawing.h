/* A whole network as a graph: images at the bottom, stem, cells by stage, classifier; beside it its cell, as in
 * io/plot/cell_drawing.h. An arrow goes where a layer reads another part's output; those of H(c-2) are dashed.
 * Drawn by Graphviz. Local. */
#ifndef PNAS_IO_NETWORK_DRAWING_H
#define PNAS_IO_NETWORK_DRAWING_H

#include "src/net/graph.h"

typedef struct { /* borrowed */
    const pnas_graph *graph;
    const pnas_operator_set *operators;
    const char *title;  /* a line under the drawing; NULL: none */
    const char *output; /* as in io/plot/graphviz.h */
} pnas_network_drawing_options;

/* As io/plot/graphviz.h. */
pnas_status pnas_network_draw(const pnas_network_drawing_options *options);

#endif
