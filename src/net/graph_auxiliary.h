/* Inside the net room: the auxiliary classifier (Szegedy et al. 2015), as in the authors' released nets.
 *
 * It reads the last cell before the second reduction, at two thirds of the depth: ReLU, 5x5 average pool of
 * stride 3 without padding, 1x1 convolution to 128 filters, convolution over the whole map to 768 filters,
 * each with batch normalisation and ReLU, and a classifier. A side shorter than 5 pixels is pooled as a whole.
 * The weights of the second convolution grow with the map: 16x16 pixels give 4x4. */
#ifndef PNAS_NET_GRAPH_AUXILIARY_H
#define PNAS_NET_GRAPH_AUXILIARY_H

#include "src/net/graph.h"

enum { PNAS_AUXILIARY_LAYERS = 6 };

/* Adds its layers, all of paths "auxiliary/...", and sets graph->auxiliary_logits. `in`: a cell's output. */
void pnas_graph_add_auxiliary(pnas_graph *graph, pnas_value in);

#endif
