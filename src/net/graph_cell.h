/* Inside the net room: the layers of one cell. Paper section 3.2, figure 1; the authors' released nets. */
#ifndef PNAS_NET_GRAPH_CELL_H
#define PNAS_NET_GRAPH_CELL_H

#include "src/net/graph_builder.h"

typedef struct {
    const pnas_cell *cell;
    const pnas_operator_set *operators;
    pnas_concatenation concatenation;
    int index; /* of the cell in the network, from 0 */
    int filters, stride;
} pnas_cell_plan;

/* Adds the cell and returns its output. `previous` is H(c-1), `before` H(c-2), both as their cells left them;
 * for the first cell both are the stem's output. */
pnas_value pnas_graph_add_cell(pnas_graph *graph, const pnas_cell_plan *plan, pnas_value previous,
                               pnas_value before);

/* At most so many layers are added for one cell. */
int pnas_cell_layers_max(const pnas_cell *cell, const pnas_operator_set *operators);

#endif
