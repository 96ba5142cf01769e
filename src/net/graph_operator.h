/* Inside the net room: the layers of one operator. Paper section 3.1; the authors' released nets. */
#ifndef PNAS_NET_GRAPH_OPERATOR_H
#define PNAS_NET_GRAPH_OPERATOR_H

#include "src/net/graph_builder.h"

/* `op` of `in` with `filters` channels out. An identity with nothing to do adds no layer and returns `in`. */
pnas_value pnas_graph_add_operator(pnas_graph *graph, const char *path, const pnas_operator *op,
                                   pnas_value in, int filters, int stride);

/* At most so many layers are added for `op`, whatever its kind. */
int pnas_operator_layers_max(const pnas_operator *op);

#endif
