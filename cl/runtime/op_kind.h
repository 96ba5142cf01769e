/* The kinds of ops, the routes that may serve them and the shapes that decide: what a tuned table is written
 * in. Local.
 *
 * It stands in this room because a context reads its tuned table; cl/ops/route.h asks it. */
#ifndef PNAS_CL_OP_KIND_H
#define PNAS_CL_OP_KIND_H

#include <stdint.h>

typedef enum {
    PNAS_ROUTE_AUTO,    /* the table decides */
    PNAS_ROUTE_PLAIN,   /* one work-item an output; any V, any device; the reference */
    PNAS_ROUTE_TILE,    /* explicit float8 register tiles, one work-item a large piece; V = 8, CPUs */
    PNAS_ROUTE_CLBLAST, /* matrix products on GPUs */
    PNAS_ROUTE_GPU,     /* work-groups that share local memory, float4; V = 4, GPUs */
    PNAS_ROUTE_WIDE     /* TILE in vectors of float16, with the same bits; V = 8, CPUs with such registers */
} pnas_route;
enum { PNAS_ROUTES = PNAS_ROUTE_WIDE + 1 };

typedef enum {
    PNAS_ON_CPU,
    PNAS_ON_WIDE_CPU,  /* whose own vectors have 16 floats or more */
    PNAS_ON_WHOLE_CPU, /* the same, and whose units are as wide */
    PNAS_ON_GPU
} pnas_route_device;

/* What a route needs to work at all (cl/ops/route.c) */
typedef enum {
    PNAS_NEEDS_NOTHING,
    PNAS_NEEDS_V8,              /* V = 8 */
    PNAS_NEEDS_SMALL_WINDOW,    /* V = 8, and a window whose rows can be unrolled */
    PNAS_NEEDS_V4_SMALL_WINDOW, /* the same of V = 4, and pieces of images fit into local memory */
    PNAS_NEEDS_CLBLAST,         /* a CLBlast whose products were right */
    PNAS_NEEDS_V4               /* V = 4 */
} pnas_route_needs;

typedef struct {
    pnas_route route;
    pnas_route_device device; /* where it is chosen */
    pnas_route_needs needs;
    const char *file; /* of its kernels */
} pnas_op_route;

/* ROW(kind, name, file of the plain kernels, {other routes}...): one row a kind; of its other routes the first
 * that fits device and shape is chosen, so the fastest stands first, and PLAIN where none fits. A kind's
 * number is a part of the hash of tuned tables, so a new kind goes last. */
#define PNAS_OP_KIND_TABLE(ROW)                                                                              \
    ROW(PNAS_OP_GEMM, "matrix product", "gemm.cl",                                                           \
        {PNAS_ROUTE_TILE, PNAS_ON_CPU, PNAS_NEEDS_NOTHING, "gemm_tile.cl"},                                  \
        {PNAS_ROUTE_CLBLAST, PNAS_ON_GPU, PNAS_NEEDS_CLBLAST, "CLBlast"})                                    \
    ROW(PNAS_OP_POINTWISE_FORWARD, "pointwise forward", "convolution.cl",                                    \
        {PNAS_ROUTE_WIDE, PNAS_ON_WHOLE_CPU, PNAS_NEEDS_V8, "convolution_wide.cl"},                          \
        {PNAS_ROUTE_TILE, PNAS_ON_CPU, PNAS_NEEDS_V8, "convolution_tile.cl"},                                \
        {PNAS_ROUTE_GPU, PNAS_ON_GPU, PNAS_NEEDS_V4, "convolution_gpu.cl"})                                  \
    ROW(PNAS_OP_POINTWISE_BACKWARD, "pointwise backward", "convolution.cl",                                  \
        {PNAS_ROUTE_WIDE, PNAS_ON_WHOLE_CPU, PNAS_NEEDS_V8, "pointwise_wide.cl"},                            \
        {PNAS_ROUTE_TILE, PNAS_ON_CPU, PNAS_NEEDS_V8, "pointwise_tile.cl"},                                  \
        {PNAS_ROUTE_GPU, PNAS_ON_GPU, PNAS_NEEDS_V4, "pointwise_gpu.cl"})                                    \
    ROW(PNAS_OP_CONVOLUTION_FORWARD, "convolution forward", "convolution.cl",                                \
        {PNAS_ROUTE_WIDE, PNAS_ON_WHOLE_CPU, PNAS_NEEDS_V8, "convolution_wide.cl"},                          \
        {PNAS_ROUTE_TILE, PNAS_ON_CPU, PNAS_NEEDS_V8, "convolution_tile.cl"},                                \
        {PNAS_ROUTE_GPU, PNAS_ON_GPU, PNAS_NEEDS_V4, "convolution_gpu.cl"})                                  \
    ROW(PNAS_OP_CONVOLUTION_BACKWARD, "convolution backward", "convolution.cl",                              \
        {PNAS_ROUTE_WIDE, PNAS_ON_WHOLE_CPU, PNAS_NEEDS_V8, "convolution_wide.cl"},                          \
        {PNAS_ROUTE_TILE, PNAS_ON_CPU, PNAS_NEEDS_V8, "convolution_tile.cl"},                                \
        {PNAS_ROUTE_GPU, PNAS_ON_GPU, PNAS_NEEDS_V4, "weight_gradient_gpu.cl"})                              \
    ROW(PNAS_OP_DEPTHWISE_FORWARD, "depthwise forward", "depthwise.cl",                                      \
        {PNAS_ROUTE_WIDE, PNAS_ON_WIDE_CPU, PNAS_NEEDS_SMALL_WINDOW, "depthwise_wide.cl"},                   \
        {PNAS_ROUTE_TILE, PNAS_ON_CPU, PNAS_NEEDS_SMALL_WINDOW, "depthwise_tile.cl"},                        \
        {PNAS_ROUTE_GPU, PNAS_ON_GPU, PNAS_NEEDS_V4_SMALL_WINDOW, "depthwise_gpu.cl"})                       \
    ROW(PNAS_OP_DEPTHWISE_BACKWARD, "depthwise backward", "depthwise.cl",                                    \
        {PNAS_ROUTE_WIDE, PNAS_ON_WIDE_CPU, PNAS_NEEDS_SMALL_WINDOW, "depthwise_wide.cl"},                   \
        {PNAS_ROUTE_TILE, PNAS_ON_CPU, PNAS_NEEDS_SMALL_WINDOW, "depthwise_tile.cl"},                        \
        {PNAS_ROUTE_GPU, PNAS_ON_GPU, PNAS_NEEDS_V4_SMALL_WINDOW, "depthwise_gpu.cl"})                       \
    ROW(PNAS_OP_MAX_POOL, "max pool", "pool.cl",                                                             \
        {PNAS_ROUTE_TILE, PNAS_ON_CPU, PNAS_NEEDS_SMALL_WINDOW, "pool_tile.cl"},                             \
        {PNAS_ROUTE_GPU, PNAS_ON_GPU, PNAS_NEEDS_V4, "pool_gpu.cl"})                                         \
    ROW(PNAS_OP_AVERAGE_POOL, "average pool", "pool.cl",                                                     \
        {PNAS_ROUTE_TILE, PNAS_ON_CPU, PNAS_NEEDS_SMALL_WINDOW, "pool_tile.cl"},                             \
        {PNAS_ROUTE_GPU, PNAS_ON_GPU, PNAS_NEEDS_V4, "pool_gpu.cl"})                                         \
    ROW(PNAS_OP_ADD, "sum", "add.cl", {PNAS_ROUTE_TILE, PNAS_ON_CPU, PNAS_NEEDS_V8, "add_tile.cl"},          \
        {PNAS_ROUTE_GPU, PNAS_ON_GPU, PNAS_NEEDS_V4, "add_gpu.cl"})                                          \
    ROW(PNAS_OP_NORM, "norm", "norm.cl", {PNAS_ROUTE_TILE, PNAS_ON_CPU, PNAS_NEEDS_V8, "norm_tile.cl"},      \
        {PNAS_ROUTE_GPU, PNAS_ON_GPU, PNAS_NEEDS_V4, "norm_gpu.cl"})                                         \
    ROW(PNAS_OP_HEAD, "head", "head.cl", {PNAS_ROUTE_TILE, PNAS_ON_CPU, PNAS_NEEDS_V8, "head_tile.cl"},      \
        {PNAS_ROUTE_GPU, PNAS_ON_GPU, PNAS_NEEDS_V4, "head_gpu.cl"})                                         \
    ROW(PNAS_OP_UPDATE, "update", "update.cl", {PNAS_ROUTE_TILE, PNAS_ON_CPU, PNAS_NEEDS_V8, "update.cl"},   \
        {PNAS_ROUTE_GPU, PNAS_ON_GPU, PNAS_NEEDS_V4, "update_gpu.cl"})                                       \
    ROW(PNAS_OP_TRIE, "trie", "trie.cl", /* of an LSTM; cl/surrogate/trie_device.h */                        \
        {PNAS_ROUTE_TILE, PNAS_ON_CPU, PNAS_NEEDS_NOTHING, "trie_tile.cl"})                                  \
    ROW(PNAS_OP_AUGMENT, "augment", "augment.cl",                                                            \
        {PNAS_ROUTE_GPU, PNAS_ON_GPU, PNAS_NEEDS_V4, "augment_gpu.cl"})

#define PNAS_AS_CONSTANT(kind, ...) kind,
#define PNAS_PLUS_ONE(...)          +1
typedef enum { PNAS_OP_KIND_TABLE(PNAS_AS_CONSTANT) } pnas_op_kind;
enum { PNAS_OP_KINDS = PNAS_OP_KIND_TABLE(PNAS_PLUS_ONE) };
#undef PNAS_AS_CONSTANT
#undef PNAS_PLUS_ONE

enum { PNAS_OP_ROUTES_MAX = 3 }; /* of a kind, PLAIN not counted */

typedef struct {
    const char *name; /* "pointwise forward" */
    const char *plain_file;
    pnas_op_route other[PNAS_OP_ROUTES_MAX]; /* ends before the first that is PNAS_ROUTE_AUTO */
} pnas_op_kind_row;

typedef struct {           /* what a route's needs may look at; 0 where it means nothing */
    int64_t N, C, M, H, W; /* gemm: N = batch, H x W the product's m x n, C its depth k */
    int kernel_h, kernel_w, stride, dilation;
} pnas_route_shape;

const pnas_op_kind_row *pnas_op_kind_row_of(pnas_op_kind op); /* borrowed from the table */
const char *pnas_op_kind_name(pnas_op_kind op);
const char *pnas_route_name(pnas_route route); /* "plain", "tile", ... */

#endif
