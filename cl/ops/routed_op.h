/* An op of a network or of a surrogate's fit with all that the table of routes is asked with. Local. */
#ifndef PNAS_CL_ROUTED_OP_H
#define PNAS_CL_ROUTED_OP_H

#include "cl/ops/op.h"
#include "cl/ops/route.h"
#include "src/net/graph.h"

typedef struct {
    pnas_op_kind op;
    pnas_route_shape shape;        /* what the op asks the table with */
    const pnas_layer *layer;       /* borrowed from the graph */
    pnas_window window;            /* of convolutions and pools */
    int N, C, H, W, M, OH, OW;     /* input and output; channels padded */
    int outputs;                   /* M without padding */
    bool forward, backward;        /* the directions that ask for this op */
    bool transpose_a, transpose_b; /* PNAS_OP_GEMM: shape.H x shape.W from a depth of shape.C */
} pnas_routed_op;

/* Set the shape: of an op with a window; of one whose route depends on its output, or its input, alone. */
void pnas_route_shape_from_window(pnas_routed_op *op, int which);
void pnas_route_shape_from_output(pnas_routed_op *op, int which);
void pnas_route_shape_from_input(pnas_routed_op *op, int which);

/* The window of a layer as ops see it. */
pnas_window pnas_layer_window(const pnas_graph *graph, const pnas_layer *layer);

/* "N 64, 24x32x32 to 48, 5x5, stride 2": what the table of routes is asked with. */
void pnas_routed_op_describe(const pnas_routed_op *op, char *out, size_t size);

#endif
