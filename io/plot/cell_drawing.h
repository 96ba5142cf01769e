/* A cell as a graph, in the manner of the paper's figure 1: inputs below, a pair of operators and their sum
 * for each block, the concatenation above. Drawn by Graphviz. Local. */
#ifndef PNAS_IO_CELL_DRAWING_H
#define PNAS_IO_CELL_DRAWING_H

#include "src/net/graph.h"

#include <stdio.h>

typedef struct {
    const char *output; /* .svg, .png, .pdf, or .gv for Graphviz's own language; NULL: that on stdout */
    const char *title;  /* a line under the drawing; NULL: none */
    pnas_concatenation concatenation;
} pnas_cell_drawing_options;

/* PNAS_ERROR_USAGE for an output of another format. Where Graphviz is missing or fails, the graph is kept in
 * a file that the message names. */
pnas_status pnas_cell_draw(const pnas_cell *cell, const pnas_operator_set *operators,
                           const pnas_cell_drawing_options *options);

/* Where Graphviz would put the nodes and edges of `count` (at most PNAS_GRAPHVIZ_MAX) cells of one set of
 * operators: as pnas_graphviz_lay_out. The nodes of block b are left<b>, right<b> and sum<b>; the others
 * previous1, previous2, concatenation and output. */
pnas_status pnas_cells_lay_out(const pnas_cell *const *cell, size_t count, const pnas_operator_set *operators,
                               pnas_concatenation concatenation, char **out);

/* The cell's nodes and edges, as a part of a larger graph. */
void pnas_cell_drawing_write(FILE *graph, const pnas_cell *cell, const pnas_operator_set *operators,
                             pnas_concatenation concatenation);

#endif
