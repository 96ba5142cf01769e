/* Makes the child network of a cell (graph.h). Local. */
#ifndef PNAS_NET_GRAPH_CREATE_H
#define PNAS_NET_GRAPH_CREATE_H

#include "src/net/graph.h"

/* *out is the caller's (pnas_graph_destroy). PNAS_ERROR_USAGE if the images are too small for the two
 * reductions or an option is out of range; PNAS_ERROR_DATA if the cell is none of `operators`. */
pnas_status pnas_graph_create(const pnas_cell *cell, const pnas_operator_set *operators,
                              const pnas_network_options *options, pnas_graph **out);

#endif
