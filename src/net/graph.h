/* The child network of a cell as a graph of layers. Source: docs/algorithm.md; paper section 3.2 and the authors'
 * released nets.
 *
 * Fixed letters: N batch, H W height and width, C channels in, M channels out.
 *
 * A *tensor* holds what a layer writes, before batch normalisation. A *value* is how a layer reads a tensor: perhaps
 * only some segments of it, perhaps normalised, perhaps rectified. So neither normalised nor rectified tensors
 * exist, and layers map one to one onto fused kernels. A cell's output is a tensor of as many segments as blocks are
 * concatenated, each of F channels; a block writes its segment in place.
 *
 * Tensor 0 holds the images, layer 0 is the stem's convolution, the last layer is the classifier. A tensor has at
 * most one normalisation, and every value of it carries that one. Only layers whose result reaches a classifier are
 * there; those of the auxiliary classifier (graph_auxiliary.h) stand before the last two. Where the released nets
 * leave choices open, theirs are taken: the first cell reads the stem's output itself as H(c-2), unadjusted; inputs
 * concatenated because no block reads them are matched without ReLU. */
#ifndef PNAS_NET_GRAPH_H
#define PNAS_NET_GRAPH_H

#include "src/base/status.h"
#include "src/net/layer_kind.h"
#include "src/search/cell.h"

#include <stdbool.h>
#include <stdint.h>

#define PNAS_LAYER_PATH_MAX 96

/* What a cell's output is made of, in the order of blocks, then H(c-1), then H(c-2): ROW(constant, its word in
 * configurations). Network files store the number, so a new one goes last. */
#define PNAS_CONCATENATIONS(ROW)                                                                             \
    /* every block */                                                                                        \
    ROW(PNAS_CONCATENATE_ALL, "all")                                                                         \
    /* blocks that no other block reads */                                                                   \
    ROW(PNAS_CONCATENATE_UNUSED, "unused")                                                                   \
    /* those, and the adjusted inputs that no block reads */                                                 \
    ROW(PNAS_CONCATENATE_UNUSED_INPUTS, "unused_inputs")

/* What makes the first cell's input of the images, in the same form. */
#define PNAS_STEMS(ROW)                                                                                          \
    /* a 3x3 convolution with F times stem_multiplier filters */                                                 \
    ROW(PNAS_STEM_CIFAR, "cifar")                                                                                \
    /* one of stride 2, without padding, with 32 times stem_multiplier; two cells of stride 2, of F/4 and F/2 */ \
    ROW(PNAS_STEM_IMAGENET, "imagenet")

#define PNAS_AS_CONSTANT(constant, word) constant,
#define PNAS_PLUS_ONE(constant, word)    +1
typedef enum { PNAS_CONCATENATIONS(PNAS_AS_CONSTANT) } pnas_concatenation;
typedef enum { PNAS_STEMS(PNAS_AS_CONSTANT) } pnas_stem;
enum {
    PNAS_CONCATENATION_COUNT = PNAS_CONCATENATIONS(PNAS_PLUS_ONE),
    PNAS_STEM_COUNT = PNAS_STEMS(PNAS_PLUS_ONE)
};
#undef PNAS_AS_CONSTANT
#undef PNAS_PLUS_ONE

typedef struct {
    int filters; /* F of the first stage */
    int repeats; /* N: cells a stage, 3N in all beside the stem's */
    pnas_stem stem;
    int stem_multiplier; /* filters of the stem's convolution; on CIFAR-10 3 in the paper */
    pnas_concatenation concatenation;
    double auxiliary;                     /* weight of the auxiliary classifier's loss; 0: there is none */
    int height, width, channels, classes; /* of the images */
} pnas_network_options;

typedef struct { /* a cell's place in the network */
    int stage;   /* 0, 1, 2; below 0: a cell of the stem */
    int stride;  /* 1 or 2 */
    int filters; /* of each block */
} pnas_cell_place;

typedef struct { /* how a layer reads a tensor */
    int tensor;
    int first_segment, segments;
    int norm;  /* -1: as it is; else index of the normalisation to apply on reading */
    bool relu; /* rectify after that */
} pnas_value;

typedef struct { /* [N, channels, height, width]; channels = segments * segment_channels */
    int segments, segment_channels;
    int height, width;
} pnas_tensor;

typedef struct {
    pnas_layer_kind kind;
    char path[PNAS_LAYER_PATH_MAX]; /* "cell_2/block_0/right_sep5/1/pointwise" */
    int inputs;
    pnas_value in[2];
    int out, out_segment, out_segments; /* tensor and the segments it writes */
    int kernel_h, kernel_w, stride_h, stride_w, dilation;
    int pad_top, pad_left; /* SAME: what is left over goes to the bottom and right */
    int weight;            /* parameter index or -1 */
    int bias;              /* parameter index or -1 */
    int norm;              /* normalisation of its output, whose statistics it makes; or -1 */
    int drop_path[2];      /* of an ADD: which path each input is, for drop-path; -1: never dropped */
    int64_t multiply_adds; /* for one image */
} pnas_layer;

typedef struct { /* batch normalisation of one tensor */
    int tensor;
    int channels;
    int gamma, beta; /* parameter indices */
    char path[PNAS_LAYER_PATH_MAX];
} pnas_norm;

typedef enum {
    PNAS_PARAMETER_WEIGHT,
    PNAS_PARAMETER_BIAS,
    PNAS_PARAMETER_GAMMA,
    PNAS_PARAMETER_BETA
} pnas_parameter_kind;

typedef struct {
    pnas_parameter_kind kind;
    char path[PNAS_LAYER_PATH_MAX]; /* "cell_2/.../pointwise/weight" */
    int layer;                      /* the layer or, for gamma and beta, the norm it belongs to */
    int shape[4];                   /* logical: [kh, kw, C, M]; vectors are [1, 1, 1, M] */
    int fan_in;                     /* for initialisation; 1 if a vector */
    int64_t count;                  /* trainable values */
} pnas_parameter;

typedef struct { /* arrays are owned by the graph */
    pnas_network_options options;
    pnas_cell cell;
    int layer_count, tensor_count, norm_count, parameter_count;
    pnas_layer *layer; /* in an order in which they can run */
    pnas_tensor *tensor;
    pnas_norm *norm;
    pnas_parameter *parameter;
    int auxiliary_logits;  /* tensor, or -1: there is no auxiliary classifier */
    int drop_paths;        /* path p is a side of a block of the cell p / (drop_paths / cells) */
    int64_t parameters;    /* trainable values in all, but for the auxiliary classifier's */
    int64_t multiply_adds; /* for one image, forward, without it */
} pnas_graph;

void pnas_graph_destroy(pnas_graph **graph);

/* Whether a layer, norm or parameter of this path belongs to the auxiliary classifier, which only training
 * has. */
bool pnas_graph_is_auxiliary(const char *path);

/* Cells of the network, the stem's with them, which come first; where cell `index` of all stands. */
int pnas_network_cells(const pnas_network_options *options);
pnas_cell_place pnas_network_cell(const pnas_network_options *options, int index);

/* Trainable values of a layer, its normalisation's with them. */
int64_t pnas_layer_parameters(const pnas_graph *graph, const pnas_layer *layer);

/* Channels of a tensor, padded so that each segment is a multiple of `vector`. */
int pnas_tensor_padded(const pnas_tensor *tensor, int vector);

#endif
