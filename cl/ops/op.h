/* Private to cl: how ops see tensors, and every op of a child's step. Local.
 *
 * An op appends launches to a list; nothing runs yet. All floats, but that views of what the forward pass
 * writes may be halves, all of an op's alike; arithmetic is in floats. Shapes by their fixed letters: N
 * images, C channels in, M channels out (both padded to V here), H W height and width in, OH OW out. Weights
 * of a convolution are [kh][kw][C][M], of a depthwise one [kh][kw][C], row-major, padded channels zero.
 * Padded channels of every tensor and gradient are zero and stay so. Reductions have a fixed order that
 * depends on shapes alone, so the same device gives the same bits.
 *
 * Pre-transform: an operand is read as relu(scale[c] * x + shift[c]), each part optional; outside the image
 * it is zero after the transform. Upstream gradients are read as A[c] * g + B[c] * raw + D[c] where the
 * output is normalised (batch normalisation's backward), else as g. An input gradient is with respect to the
 * normalised, not rectified value: it is masked by the rectifier, written to `into`, and added to what is
 * there if `accumulate`. */
#ifndef PNAS_CL_OP_H
#define PNAS_CL_OP_H

#include "cl/runtime/buffer.h"
#include "cl/runtime/launch.h"

typedef struct {
    pnas_slice at;       /* channel 0 of image 0 */
    bool half;           /* of halves; never a gradient */
    size_t image_stride; /* values from one image to the next; >= channels * height * width */
    int channels;        /* padded, a multiple of V */
    int used;            /* the channels from this one on are padding; 0: not known, or not all at the end */
    int height, width;
} pnas_view;

typedef struct {
    pnas_view view;
    bool normalise;
    pnas_slice scale_shift; /* [2][channels]: scale, then shift */
    bool relu;
} pnas_operand;

typedef struct {
    pnas_view gradient;
    bool normalise;
    pnas_view raw;           /* the output before normalisation */
    pnas_slice coefficients; /* [3][channels]: A, B, D */
} pnas_upstream;

typedef struct {
    pnas_view into; /* into.at.buffer == NULL: no input gradient wanted */
    bool accumulate;
} pnas_downstream;

typedef struct {
    int kernel_h, kernel_w, stride_h, stride_w, dilation, pad_top, pad_left;
    int reduction_split; /* factorized reduction: M/2 of the *logical* M, kernel_h = 2 taps of which tap t
                            reads pixel (oh * stride + t, ow * stride + t) and serves m < split (t = 0) or m
                            >= split (t = 1); 0 for every other convolution */
} pnas_window;

/* --- convolutions (op_convolution.c, op_depthwise.c) ---
 * A forward op with statistics.buffer != NULL also writes [N][tiles][2][M]: the sum and the sum of squares of what it
 * wrote over each tile of an image's pixels. A tile is pnas_op_..._statistics_tile pixels in row-major order, the last
 * one of an image perhaps fewer; which depends on the route. Scratch sizes in floats for the backward's partial sums,
 * on any route. */
pnas_status pnas_op_convolution_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                        pnas_slice weight, const pnas_window *window, const pnas_view *y,
                                        pnas_slice statistics);
pnas_status pnas_op_convolution_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                         pnas_slice weight, const pnas_window *window, const pnas_upstream *y,
                                         const pnas_downstream *dx, pnas_slice weight_gradient,
                                         pnas_slice scratch);
size_t pnas_op_convolution_scratch(const pnas_cl *cl, int N, const pnas_view *x, const pnas_window *window,
                                   const pnas_view *y);
int pnas_op_convolution_statistics_tile(const pnas_cl *cl, int N, const pnas_view *x,
                                        const pnas_window *window, const pnas_view *y);
/* 1x1, stride 1 or 2 (window.kernel 1): the same four for the pointwise case. */
pnas_status pnas_op_pointwise_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                      pnas_slice weight, const pnas_window *window, const pnas_view *y,
                                      pnas_slice statistics);
pnas_status pnas_op_pointwise_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                       pnas_slice weight, const pnas_window *window, const pnas_upstream *y,
                                       const pnas_downstream *dx, pnas_slice weight_gradient,
                                       pnas_slice scratch);
size_t pnas_op_pointwise_scratch(const pnas_cl *cl, int N, const pnas_view *x, const pnas_window *window,
                                 const pnas_view *y);
int pnas_op_pointwise_statistics_tile(const pnas_cl *cl, int N, const pnas_view *x, const pnas_window *window,
                                      const pnas_view *y);
/* Tiles of an image's statistics. */
static inline int pnas_statistics_tiles(int pixels, int tile)
{
    return (pixels + tile - 1) / tile;
}
pnas_status pnas_op_depthwise_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                      pnas_slice weight, const pnas_window *window, const pnas_view *y);
pnas_status pnas_op_depthwise_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                       pnas_slice weight, const pnas_window *window, const pnas_upstream *y,
                                       const pnas_downstream *dx, pnas_slice weight_gradient,
                                       pnas_slice scratch);
size_t pnas_op_depthwise_scratch(const pnas_cl *cl, int N, const pnas_view *x, const pnas_window *window,
                                 const pnas_view *y);

/* --- batch normalisation (op_norm.c) --- */
/* From statistics [N][tiles][2][C] of `pixels` pixels an image in tiles of `tile`: saved [2][C] = mean,
 * 1 / sqrt(var + epsilon); scale_shift [2][C] = gamma * inverse deviation, beta - mean * scale;
 * running [2][C] = mean, variance: momentum * old + (1 - momentum) * new, with the unbiased variance. The
 * batch's own variance is biased. */
pnas_status pnas_op_norm_forward(pnas_cl *cl, pnas_launch_list *list, int N, int pixels, int tile,
                                 int channels, pnas_slice statistics, pnas_slice gamma, pnas_slice beta,
                                 double momentum, double epsilon, pnas_slice running, pnas_slice saved,
                                 pnas_slice scale_shift);
/* Evaluation: scale_shift from the running statistics. */
pnas_status pnas_op_norm_running(pnas_cl *cl, pnas_launch_list *list, int channels, pnas_slice gamma,
                                 pnas_slice beta, double epsilon, pnas_slice running, pnas_slice scale_shift);
/* coefficients [3][C] for pnas_upstream, and the gradients of gamma and beta. scratch: 2 * N * channels. */
pnas_status pnas_op_norm_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_view *gradient,
                                  const pnas_view *raw, pnas_slice gamma, pnas_slice saved,
                                  pnas_slice coefficients, pnas_slice gamma_gradient,
                                  pnas_slice beta_gradient, pnas_slice scratch);

/* --- pools (op_pool.c): average leaves padded values out; max keeps one byte an output value: kh * kw index of the
 * first largest in row-major order. Positions: a byte offset into a buffer, a multiple of 4, dense
 * [N][C/V][OH*OW][V]. */
pnas_status pnas_op_max_pool_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                     const pnas_window *window, const pnas_view *y, cl_mem positions,
                                     size_t positions_byte);
pnas_status pnas_op_max_pool_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                      const pnas_window *window, const pnas_upstream *y, cl_mem positions,
                                      size_t positions_byte, const pnas_downstream *dx);
pnas_status pnas_op_average_pool_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                         const pnas_window *window, const pnas_view *y);
pnas_status pnas_op_average_pool_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                          const pnas_window *window, const pnas_upstream *y,
                                          const pnas_downstream *dx);

/* --- sums and copies (op_add.c) --- */
/* y = a + b, each with its own transform; b may be NULL: a transformed copy. factors: what the transformed a
 * and b are multiplied by, one for each image, where a buffer is not NULL; NULL: nothing. */
pnas_status pnas_op_add_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *a,
                                const pnas_operand *b, const pnas_slice factors[2], const pnas_view *y);
/* into (+)= gradient, times the image's factor if there are any, masked by x's rectifier if it has one. */
pnas_status pnas_op_add_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                 const pnas_view *gradient, pnas_slice factors, const pnas_downstream *dx);

typedef struct {
    double keep;      /* of the last cell in the last step */
    int paths, cells; /* the same number of paths in each cell, cell by cell */
    int steps;        /* in all */
    pnas_slice kept;  /* of words, [period][N][pnas_drop_words(paths)]: bit p % 32 of word p / 32 */
    pnas_slice state; /* of ints, state[0]: the step */
    int period;
} pnas_drop;
static inline size_t pnas_drop_words(int paths)
{
    return ((size_t)paths + 31) / 32;
}
/* factors [paths][N] of this step: 0 where the path's bit is 0, else 1 / pnas_schedule_keep (src/net). */
pnas_status pnas_op_drop_factors(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_drop *drop,
                                 pnas_slice factors);
/* Copies channels between two segmentations of the same logical channels: physical channel of logical l is l /
 * segment * padded(segment) + l % segment. forward y = x; backward is the same call the other way round. */
pnas_status pnas_op_regroup(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_view *from,
                            int from_segment, const pnas_view *to, int to_segment, int logical_channels,
                            bool accumulate);

/* --- the head (op_head.c) --- */
/* features [N][C]: mean over pixels of the transformed operand; and back. */
pnas_status pnas_op_global_pool_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                        pnas_slice features);
pnas_status pnas_op_global_pool_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                         pnas_slice features_gradient, const pnas_downstream *dx);
/* logits [N][classes] = features [N][C] W [C][classes] + bias, through pnas_gemm; and back. */
pnas_status pnas_op_classifier_forward(pnas_cl *cl, pnas_launch_list *list, int N, int C, int classes,
                                       pnas_slice features, pnas_slice weight, pnas_slice bias,
                                       pnas_slice logits);
pnas_status pnas_op_classifier_backward(pnas_cl *cl, pnas_launch_list *list, int N, int C, int classes,
                                        pnas_slice features, pnas_slice weight, pnas_slice logits_gradient,
                                        pnas_slice weight_gradient, pnas_slice bias_gradient,
                                        pnas_slice features_gradient);

/* Records drive a step from the device itself, so that no argument changes between steps: `state` is int[4],
 * state[0] the step number, counted up by pnas_op_advance. Record r of step s is records[(s % period) * N +
 * r], 8 ints: image index, shift y, shift x, flip (0, 1), cutout top, cutout left, cutout side (0: none),
 * label (-1: padding, counts for nothing). */
enum {
    PNAS_RECORD_IMAGE,
    PNAS_RECORD_SHIFT_Y,
    PNAS_RECORD_SHIFT_X,
    PNAS_RECORD_FLIP,
    PNAS_RECORD_CUT_TOP,
    PNAS_RECORD_CUT_LEFT,
    PNAS_RECORD_CUT_SIDE,
    PNAS_RECORD_LABEL,
    PNAS_RECORD_INTS
};

/* Where images are mixed, mix r of step s is mixes[(s % period) * N + r], 16 ints: the record of the other
 * image; top, left, height and width of the rectangle that shows only that one; the share of the image itself
 * outside of it and in the label, as bits of floats; two that are not read. */
enum {
    PNAS_MIX_TOP = PNAS_RECORD_INTS,
    PNAS_MIX_LEFT,
    PNAS_MIX_HEIGHT,
    PNAS_MIX_WIDTH,
    PNAS_MIX_IMAGE_SHARE,
    PNAS_MIX_LABEL_SHARE,
    PNAS_MIX_INTS = 16
};

typedef struct {      /* all zero: an evaluation's */
    double smoothing; /* this share of an image's target is spread evenly over all classes */
    pnas_slice mixes; /* buffer NULL: images are not mixed */
    double weight;    /* of the gradient */
} pnas_loss_targets;

/* Softmax cross entropy with the targets t: 1 - smoothing for the label, divided by its share where images are
 * mixed, and smoothing / classes for each class (Szegedy et al. 2016). metrics [period][2] (buffer NULL: not
 * wanted), slot s % period = mean loss over the valid records and number right (of mixed images: the label with the
 * larger share); logits_gradient (may have buffer NULL: evaluation) = weight (softmax - t) / valid. An exact tie
 * counts as right only for the smallest index. */
pnas_status pnas_op_softmax_loss(pnas_cl *cl, pnas_launch_list *list, int N, int classes, pnas_slice logits,
                                 pnas_slice records, pnas_slice state, int period,
                                 const pnas_loss_targets *targets, pnas_slice logits_gradient,
                                 pnas_slice metrics);
typedef struct {    /* uint8 [n][H][W][C] */
    cl_mem buffer;  /* borrowed */
    size_t offset;  /* bytes */
    size_t written; /* so many bytes from there on are written by launches; 0: no launch writes any */
} pnas_pixels;
/* y = (x / 255 - mean[c]) / deviation[c] of image [n][H][W][C] uint8 after shift, flip and cutout; pixels
 * from outside and cut ones are 0. mean_deviation [2][C]. Output pixel (h, w) shows input pixel (h + shift_y,
 * w' + shift_x), w' = W - 1 - w where flipped. */
pnas_status pnas_op_load_images(pnas_cl *cl, pnas_launch_list *list, int N, pnas_pixels images, int channels,
                                pnas_slice mean_deviation, pnas_slice records, pnas_slice state, int period,
                                const pnas_view *y);
/* y, loaded before, becomes share * y + (1 - share) * the other image, shown as its record says. */
pnas_status pnas_op_mix_images(pnas_cl *cl, pnas_launch_list *list, int N, pnas_pixels images, int channels,
                               pnas_slice mean_deviation, pnas_slice mixes, pnas_slice state, int period,
                               const pnas_view *y);
/* state[0] += 1 */
pnas_status pnas_op_advance(pnas_cl *cl, pnas_launch_list *list, pnas_slice state);

/* --- update (op_update.c): one pass over the flat parameters; values [0, decayed) have weight decay --- */
typedef struct {
    int optimizer; /* pnas_optimizer_kind */
    double momentum, beta1, beta2, epsilon, weight_decay, clip_norm;
    bool nesterov;
    size_t count, decayed;
    pnas_slice parameters, gradients;
    pnas_slice moments; /* [count] for SGD, [2][count] for Adam and RMSProp; zero at the start */
    pnas_slice rates;   /* [steps] learning rate of each step */
    size_t steps;
    pnas_slice state;   /* of ints, state[0]: the step */
    pnas_slice scratch; /* pnas_op_update_scratch floats, on any device */
} pnas_update;
pnas_status pnas_op_update(pnas_cl *cl, pnas_launch_list *list, const pnas_update *update);
size_t pnas_op_update_scratch(size_t count);
/* average [count] moves towards parameters [count] by 1 - d of the way, d = min(decay, (1 + t) / (10 + t)) at step
 * t = state[0], counted from 0: at the start, where little is known, it follows faster. */
pnas_status pnas_op_average(pnas_cl *cl, pnas_launch_list *list, size_t count, pnas_slice parameters,
                            pnas_slice average, double decay, pnas_slice state);
/* Sets floats to zero (clEnqueueFillBuffer is slow on PoCL). */
pnas_status pnas_op_zero(pnas_cl *cl, pnas_launch_list *list, pnas_slice at, size_t count);

#endif
