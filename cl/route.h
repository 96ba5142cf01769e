/* Which implementation serves an op for a shape on a device: a table, not an `if` in an op. */
#ifndef PNAS_CL_ROUTE_H
#define PNAS_CL_ROUTE_H

#include "cl/launch.h"

typedef enum {
    PNAS_ROUTE_AUTO,   /* the table decides */
    PNAS_ROUTE_PLAIN,  /* one work-item an output; any V, any device; the reference */
    PNAS_ROUTE_TILE,   /* explicit float8 register tiles, one work-item a large piece; V = 8, CPUs */
    PNAS_ROUTE_CLBLAST /* matrix products on GPUs */
} pnas_route;

typedef enum {
    PNAS_OP_GEMM,
    PNAS_OP_POINTWISE_FORWARD,
    PNAS_OP_POINTWISE_BACKWARD,
    PNAS_OP_CONVOLUTION_FORWARD,
    PNAS_OP_CONVOLUTION_BACKWARD,
    PNAS_OP_DEPTHWISE_FORWARD,
    PNAS_OP_DEPTHWISE_BACKWARD,
    PNAS_OP_MAX_POOL,
    PNAS_OP_AVERAGE_POOL,
    PNAS_OP_ADD,
    PNAS_OP_NORM,
    PNAS_OP_HEAD,
    PNAS_OP_UPDATE,
    PNAS_OP_TRIE, /* cl/trie_device.h */
    PNAS_OP_KINDS
} pnas_op_kind;

typedef struct {           /* what a row's precondition may look at; 0 where it means nothing */
    int64_t N, C, M, H, W; /* gemm: N = batch, H x W the product's m x n, C its depth k */
    int kernel_h, kernel_w, stride, dilation;
} pnas_route_shape;

/* What the device's tuned table says of this op and shape, else the first row of the built-in table that
 * names this op, fits this device and whose precondition holds, else PLAIN. A route forced in the context
 * wins on any device where its precondition holds. */
pnas_route pnas_route_choose(const pnas_cl *cl, pnas_op_kind op, const pnas_route_shape *shape);

/* The same, with where it comes from ("tuned", "built-in", "no other"; static). */
pnas_route pnas_route_explain(const pnas_cl *cl, pnas_op_kind op, const pnas_route_shape *shape,
                              const char **source);

/* Whether the kernels of a route can do this at all, on this device's V. */
bool pnas_route_possible(const pnas_cl *cl, pnas_op_kind op, pnas_route route, const pnas_route_shape *shape);

/* The kernel file that a route of an op is in; static. */
const char *pnas_route_file(pnas_op_kind op, pnas_route route);

/* Whether the table has this route for some shape of the op on this device. */
bool pnas_route_allowed(const pnas_cl *cl, pnas_op_kind op, pnas_route route);

const char *pnas_route_name(pnas_route route);  /* "plain", "tile", "clblast" */
const char *pnas_op_kind_name(pnas_op_kind op); /* "pointwise forward" */

#endif
