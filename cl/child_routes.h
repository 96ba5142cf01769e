/* Which ops a child's step is made of, as the table of routes is asked for them, before anything is built. */
#ifndef PNAS_CL_CHILD_ROUTES_H
#define PNAS_CL_CHILD_ROUTES_H

#include "cl/op.h"
#include "cl/route.h"
#include "src/net/graph.h"

typedef struct {
    pnas_op_kind op;
    pnas_route_shape shape;        /* what the op asks the table with */
    const pnas_layer *layer;       /* borrowed from the graph */
    pnas_window window;            /* of convolutions and pools */
    int N, C, H, W, M, OH, OW;     /* input and output; channels padded */
    bool transpose_a, transpose_b; /* PNAS_OP_GEMM: shape.H x shape.W from a depth of shape.C */
} pnas_routed_op;

/* Calls `visit` for each op of each layer, forward and backward, in the layers' order; an op whose directions
 * share a route once. Ends at the first status other than PNAS_OK and returns it. */
pnas_status pnas_child_routes(const pnas_graph *graph, int batch, int vector,
                              pnas_status (*visit)(void *payload, const pnas_routed_op *op), void *payload);

/* "N 64, 24x32x32 to 48, 5x5, stride 2": what the table of routes is asked with. */
void pnas_routed_op_describe(const pnas_routed_op *op, char *out, size_t size);

/* The window of a layer as ops see it. */
pnas_window pnas_layer_window(const pnas_graph *graph, const pnas_layer *layer);

#endif
