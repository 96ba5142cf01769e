/* What computes a layer: one row of functions for each kind of src/net/layer_kind.h, in the file of its ops.
 * Local.
 *
 * PNAS_LAYER_OP(PNAS_LAYER_...) = {...}; defines a row. The table is made from the list of kinds, so a kind
 * without a row does not link. */
#ifndef PNAS_CL_LAYER_OP_H
#define PNAS_CL_LAYER_OP_H

#include "cl/ops/op.h"
#include "cl/ops/routed_op.h"

typedef struct { /* all that a layer's op may read and write; buffer NULL: there is none, or none is wanted */
    int N;
    int inputs;
    pnas_operand x[2];
    int channels;             /* of x[0], without padding */
    int x_segment, y_segment; /* channels of a segment of x[0] and of the output, without padding */
    pnas_window window;
    pnas_slice weight, bias;
    cl_mem kept;      /* what the forward pass keeps for the backward pass (kept_bytes of the kind) ... */
    size_t kept_byte; /* ... from this byte on */

    pnas_slice factors[2]; /* of an ADD with drop-path: one a image, for each input */

    pnas_view y;           /* forward */
    pnas_slice statistics; /* forward, of a normalised output: pnas_layer_statistics_floats; see op.h */

    pnas_upstream dy;      /* backward */
    pnas_downstream dx[2]; /* backward */
    pnas_slice weight_gradient, bias_gradient;
    pnas_slice scratch;
} pnas_layer_operands;

enum { PNAS_LAYER_ROUTES = 3 }; /* that a layer may ask the table of routes for */

typedef struct {
    /* Append launches to `list`. */
    pnas_status (*forward)(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on);
    pnas_status (*backward)(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on);
    size_t (*scratch)(const pnas_cl *cl, const pnas_layer_operands *on); /* floats; NULL: needs none */
    /* Pixels of a tile of the statistics; NULL: an image is one. */
    int (*statistics_tile)(const pnas_cl *cl, const pnas_layer_operands *on);

    /* What the table of routes is asked for: one kind of op for both directions, or one each, or (a
     * classifier) one for each product. */
    int routes;
    pnas_op_kind route[PNAS_LAYER_ROUTES];
    /* Sets the shape that the op asks with for route[which]; the rest of `op` is known. */
    void (*route_shape)(pnas_routed_op *op, int which);
} pnas_layer_op;

#define PNAS_LAYER_OP(kind)         const pnas_layer_op pnas_layer_op_##kind
#define PNAS_DECLARE_ROW(kind, ...) extern PNAS_LAYER_OP(kind);
PNAS_LAYER_KINDS(PNAS_DECLARE_ROW)
#undef PNAS_DECLARE_ROW

const pnas_layer_op *pnas_layer_op_of(pnas_layer_kind kind);

int pnas_layer_statistics_tile(const pnas_cl *cl, pnas_layer_kind kind, const pnas_layer_operands *on);
size_t pnas_layer_statistics_floats(const pnas_cl *cl, pnas_layer_kind kind, const pnas_layer_operands *on);

#endif
