/* The kinds of ops, the routes that may serve them and the shapes that decide: what a tuned table is written in. */
#ifndef PNAS_CL_OP_KIND_H
#define PNAS_CL_OP_KIND_H

#include <stdint.h>

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
    PNAS_OP_TRIE, /* cl/surrogate/trie_device.h */
    PNAS_OP_KINDS
} pnas_op_kind;

typedef struct {           /* what a row's precondition may look at; 0 where it means nothing */
    int64_t N, C, M, H, W; /* gemm: N = batch, H x W the product's m x n, C its depth k */
    int kernel_h, kernel_w, stride, dilation;
} pnas_route_shape;

const char *pnas_route_name(pnas_route route);  /* "plain", "tile", "clblast" */
const char *pnas_op_kind_name(pnas_op_kind op); /* "pointwise forward" */

#endif
