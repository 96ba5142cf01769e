/* What a layer kind is: one row a kind, from which graph, parameters, costs and memory plan are made. Local.
 *
 * A new kind is a row here; cl/ops has what computes it (cl/ops/layer_op.h), and the linker names a kind that
 * has nothing there. Fixed letters: C channels in, M channels out; kh, kw the window. */
#ifndef PNAS_NET_LAYER_KIND_H
#define PNAS_NET_LAYER_KIND_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    PNAS_WEIGHT_NONE,
    PNAS_WEIGHT_DENSE,     /* [kh, kw, C, M] */
    PNAS_WEIGHT_DEPTHWISE, /* [kh, kw, C, 1] */
    PNAS_WEIGHT_SPLIT,  /* [2, 1, C, M]: tap 0 is used for m < M/2, tap 1 for the others; M/2 rounds down */
    PNAS_WEIGHT_PRODUCT /* [1, 1, C, M], an operand of a matrix product: M is never padded */
} pnas_weight_form;

typedef struct {                  /* fields that are left out are 0: none, no */
    pnas_weight_form form;        /* of its weights */
    bool bias;                    /* one value an output channel */
    double gain;                  /* initial weights have the variance gain / fan-in */
    bool normalised;              /* batch normalisation follows, whose statistics the layer makes */
    bool keeps_channels;          /* works channel by channel: M = C, and the input must be one segment */
    bool passes_gradient_through; /* the gradient of what it reads is that of its output, not rectified */
    bool floats_only;             /* what it reads and writes is never stored in halves */
    int kept_bytes;               /* an output value, from the forward pass to the backward pass */
} pnas_layer_traits;

/* ROW(kind, last part of the path of its layers, traits...) */
#define PNAS_LAYER_KINDS(ROW)                                                                                \
    /* dense kernel, any stride and dilation, SAME padding */                                                \
    ROW(PNAS_LAYER_CONVOLUTION, "convolution", .form = PNAS_WEIGHT_DENSE, .gain = 2, .normalised = true)     \
    /* 1x1, stride 1 or 2 */                                                                                 \
    ROW(PNAS_LAYER_POINTWISE, "pointwise", .form = PNAS_WEIGHT_DENSE, .gain = 2, .normalised = true)         \
    /* one filter a channel, SAME padding */                                                                 \
    ROW(PNAS_LAYER_DEPTHWISE, "depthwise", .form = PNAS_WEIGHT_DEPTHWISE, .gain = 2, .keeps_channels = true) \
    /* factorized reduction, stride 2: outputs m < M/2 read pixel (2h, 2w), */                               \
    /* the others (2h+1, 2w+1), 0 outside */                                                                 \
    ROW(PNAS_LAYER_REDUCTION, "reduction", .form = PNAS_WEIGHT_SPLIT, .gain = 2, .normalised = true)         \
    /* kernel x kernel, SAME; keeps the place of each largest value in its window */                         \
    ROW(PNAS_LAYER_MAX_POOL, "pool", .keeps_channels = true, .kept_bytes = 1)                                \
    /* kernel x kernel, SAME, divided by the number of pixels inside */                                      \
    ROW(PNAS_LAYER_AVERAGE_POOL, "pool", .keeps_channels = true)                                             \
    /* in[0] + in[1] */                                                                                      \
    ROW(PNAS_LAYER_ADD, "add", .passes_gradient_through = true)                                              \
    /* in[0], normalised or regrouped from other segments, written to its place */                           \
    ROW(PNAS_LAYER_COPY, "copy")                                                                             \
    /* mean over H, W of in[0] (rectified): [N, C] */                                                        \
    ROW(PNAS_LAYER_GLOBAL_POOL, "pool")                                                                      \
    /* weights and bias on the pooled features; softmax cross entropy */                                     \
    ROW(PNAS_LAYER_CLASSIFIER, "classifier", .form = PNAS_WEIGHT_PRODUCT, .bias = true, .gain = 1,           \
        .floats_only = true)

#define PNAS_AS_CONSTANT(kind, ...) kind,
#define PNAS_PLUS_ONE(...)          +1
typedef enum { PNAS_LAYER_KINDS(PNAS_AS_CONSTANT) } pnas_layer_kind;
enum { PNAS_LAYER_KIND_COUNT = PNAS_LAYER_KINDS(PNAS_PLUS_ONE) };
#undef PNAS_AS_CONSTANT
#undef PNAS_PLUS_ONE

/* "convolution"; static. */
const char *pnas_layer_kind_name(pnas_layer_kind kind);

/* Borrowed from the table. */
const pnas_layer_traits *pnas_layer_kind_traits(pnas_layer_kind kind);

typedef struct {
    int shape[4];  /* logical: [kh, kw, C, M] */
    int fan_in;    /* inputs of one output value */
    int64_t count; /* trainable values: the multiply-adds of one output pixel, too */
} pnas_weight_size;

/* Of a kind that has weights. */
pnas_weight_size pnas_layer_kind_weights(pnas_layer_kind kind, int kh, int kw, int C, int M);

#endif
