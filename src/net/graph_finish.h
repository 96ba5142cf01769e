/* Inside the net room: what is done to a graph once all its layers are there. */
#ifndef PNAS_NET_GRAPH_FINISH_H
#define PNAS_NET_GRAPH_FINISH_H

#include "src/net/graph.h"

/* Removes what does not reach the last layer and numbers the rest anew, in the same order. */
pnas_status pnas_graph_prune(pnas_graph *graph);

/* Lists the parameters, weights first, and sums up. Needs room for one a layer, two a norm and one more. */
void pnas_graph_list_parameters(pnas_graph *graph);

#endif
