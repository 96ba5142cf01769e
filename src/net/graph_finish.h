/* Inside the net room: what is done to a graph once all its layers are there. */
#ifndef PNAS_NET_GRAPH_FINISH_H
#define PNAS_NET_GRAPH_FINISH_H

#include "src/net/graph.h"

/* Removes what reaches neither the last layer nor the auxiliary classifier, and numbers the rest anew, in the same
 * order. */
pnas_status pnas_graph_prune(pnas_graph *graph);

/* Lists the parameters, weights first, biases last, and sums up. Needs room for two a layer and two a norm. */
void pnas_graph_list_parameters(pnas_graph *graph);

#endif
