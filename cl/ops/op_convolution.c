/* Dense convolution and factorized reduction: forward, and the gradients of input and weights. */
#include "cl/ops/op_convolution.h"

#include "cl/ops/convolution_gpu.h"
#include "cl/ops/convolution_tile.h"
#include "cl/ops/layer_op.h"

/* 1 or 2 ranges. */
static int split_taps(const pnas_window *window, int M, pnas_tap_range out[2])
{
    out[0] = (pnas_tap_range){.window = *window, .last = M};
    if (window->reduction_split == 0)
        return 1;
    for (int tap = 0; tap < 2; ++tap) {
        out[tap] = (pnas_tap_range){.window = *window, .tap = tap};
        out[tap].window.kernel_h = out[tap].window.kernel_w = 1;
        out[tap].window.pad_top -= tap;
        out[tap].window.pad_left -= tap;
        out[tap].first = tap == 0 ? 0 : window->reduction_split;
        out[tap].last = tap == 0 ? window->reduction_split : M;
    }
    return 2;
}

/* The part of weights, or of what is shaped like them, that a range uses. */
static pnas_slice tap_range_slice(const pnas_convolution *conv, const pnas_tap_range *range, pnas_slice slice)
{
    slice.offset += (size_t)range->tap * conv->x->view.channels * conv->y->channels;
    return slice;
}

static pnas_status append_forward(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                  const pnas_tap_range *range, pnas_slice weight)
{
    const pnas_view *x = &conv->x->view, *y = conv->y;
    pnas_launch_spec spec = {.label = "convolution forward",
                             .file = "convolution.cl",
                             .kernel = "convolution_forward",
                             .flops = pnas_convolution_flops(conv->N, &range->window, x, y),
                             .bytes = conv->N * (pnas_view_bytes(x) + pnas_view_bytes(y)),
                             .half = x->half};
    pnas_op_global(cl, &spec, false, y, conv->N);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_OPERAND(conv->x), PNAS_ARG_INT(x->channels), ARG_SIZE(x),
                                        ARG_SLICE(weight), ARG_WINDOW(&range->window),
                                        PNAS_ARG_INT(range->first), PNAS_ARG_INT(range->last), ARG_VIEW(y),
                                        PNAS_ARG_INT(y->channels), ARG_SIZE(y)));
}

static pnas_status append_statistics(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_view *y,
                                     pnas_slice statistics)
{
    const pnas_launch_spec spec = {.label = "convolution statistics",
                                   .file = "convolution.cl",
                                   .kernel = "convolution_statistics",
                                   .global = {(size_t)y->channels, (size_t)N, 1},
                                   .bytes = N * pnas_view_bytes(y),
                                   .half = y->half};
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(ARG_VIEW(y), PNAS_ARG_INT(y->channels), ARG_SIZE(y), ARG_SLICE(statistics)));
}

static const char *upstream_options(const pnas_upstream *y)
{
    return y->normalise ? "-DUPSTREAM_NORMALISED=1" : "-DUPSTREAM_NORMALISED=0";
}

static pnas_status append_input_gradient(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                         const pnas_tap_range *range, pnas_slice transposed,
                                         const pnas_upstream *y, const pnas_downstream *dx)
{
    const pnas_view *x = &conv->x->view, *shape = conv->y;
    pnas_launch_spec spec = {.label = "convolution input gradient",
                             .file = "convolution.cl",
                             .options = upstream_options(y),
                             .kernel = "convolution_input_gradient",
                             .flops = pnas_convolution_flops(conv->N, &range->window, x, shape),
                             .bytes = conv->N * (pnas_view_bytes(x) + pnas_upstream_bytes(y)),
                             .half = x->half};
    pnas_op_global(cl, &spec, false, x, conv->N);
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(ARG_OPERAND(conv->x), PNAS_ARG_INT(x->channels), ARG_SIZE(x), ARG_SLICE(transposed),
                  ARG_WINDOW(&range->window), PNAS_ARG_INT(range->first), PNAS_ARG_INT(range->last),
                  ARG_UPSTREAM(y), PNAS_ARG_INT(shape->channels), ARG_SIZE(shape), ARG_DOWNSTREAM(dx)));
}

static pnas_status append_weight_gradient(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                          const pnas_tap_range *range, const pnas_upstream *y,
                                          pnas_slice partial)
{
    const pnas_view *x = &conv->x->view, *shape = conv->y;
    size_t weights = pnas_convolution_weights(conv->window, x->channels, shape->channels);
    int chunks = pnas_convolution_chunks(conv->N, weights);
    int taps = range->window.kernel_h * range->window.kernel_w;
    const pnas_launch_spec spec = {
        .label = "convolution weight gradient",
        .file = "convolution.cl",
        .options = upstream_options(y),
        .kernel = "convolution_weight_gradient",
        .global = {(size_t)shape->channels, (size_t)taps * x->channels, (size_t)chunks},
        .flops = pnas_convolution_flops(conv->N, &range->window, x, shape),
        .bytes = conv->N * (pnas_view_bytes(x) + pnas_upstream_bytes(y)),
        .half = x->half};
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_OPERAND(conv->x), PNAS_ARG_INT(x->channels), ARG_SIZE(x),
                                        ARG_WINDOW(&range->window), PNAS_ARG_INT(range->first),
                                        PNAS_ARG_INT(range->last), ARG_UPSTREAM(y),
                                        PNAS_ARG_INT(shape->channels), ARG_SIZE(shape), PNAS_ARG_INT(conv->N),
                                        PNAS_ARG_INT(chunks), ARG_SLICE(partial), PNAS_ARG_OFFSET(weights)));
}

static pnas_status append_transpose(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                    pnas_slice scratch)
{
    int C = conv->x->view.channels, M = conv->y->channels;
    size_t weights = pnas_convolution_weights(conv->window, C, M);
    const pnas_launch_spec spec = {.label = "convolution transpose",
                                   .file = "convolution.cl",
                                   .kernel = "convolution_transpose",
                                   .global = {weights},
                                   .bytes = 8.0 * (double)weights,
                                   .half = conv->x->view.half};
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_SLICE(conv->weight), PNAS_ARG_INT(weights), PNAS_ARG_INT(C),
                                        PNAS_ARG_INT(M), PNAS_ARG_INT(conv->window->reduction_split),
                                        ARG_SLICE(scratch)));
}

static pnas_status append_weight_sum(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                     pnas_slice scratch, pnas_slice weight_gradient)
{
    int C = conv->x->view.channels, M = conv->y->channels;
    size_t weights = pnas_convolution_weights(conv->window, C, M);
    int chunks = pnas_convolution_chunks(conv->N, weights);
    pnas_slice partial = pnas_convolution_partial(conv, scratch);
    const pnas_launch_spec spec = {.label = "convolution weight sum",
                                   .file = "convolution.cl",
                                   .kernel = "convolution_weight_sum",
                                   .global = {weights},
                                   .bytes = 4.0 * (double)weights * (1 + chunks),
                                   .half = conv->x->view.half};
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(ARG_SLICE(partial), PNAS_ARG_INT(chunks), PNAS_ARG_INT(weights), PNAS_ARG_INT(C),
                  PNAS_ARG_INT(M), PNAS_ARG_INT(conv->window->reduction_split), ARG_SLICE(weight_gradient)));
}

size_t pnas_convolution_scratch_of(const pnas_cl *cl, pnas_op_kind op, int N, const pnas_view *x,
                                   const pnas_window *window, const pnas_view *y)
{
    if (pnas_op_route_of(cl, op, N, x, window, y) == PNAS_ROUTE_GPU)
        return pnas_convolution_gpu_scratch(N, window, x, y);
    return pnas_convolution_scratch(N, window, x->channels, y->channels);
}

int pnas_convolution_statistics_tile(const pnas_cl *cl, pnas_op_kind op, int N, const pnas_view *x,
                                     const pnas_window *window, const pnas_view *y)
{
    int pixels = y->height * y->width;
    bool gpu = pnas_op_route_of(cl, op, N, x, window, y) == PNAS_ROUTE_GPU;
    return gpu ? pnas_convolution_gpu_statistics_tile(pixels) : pixels;
}

static pnas_convolution with_route(const pnas_cl *cl, pnas_op_kind op, const pnas_convolution *conv)
{
    pnas_convolution routed = *conv;
    routed.route = pnas_op_route_of(cl, op, conv->N, &conv->x->view, conv->window, conv->y);
    return routed;
}

pnas_status pnas_convolution_forward(pnas_cl *cl, pnas_launch_list *list, pnas_op_kind op,
                                     const pnas_convolution *asked, pnas_slice statistics)
{
    const pnas_convolution routed = with_route(cl, op, asked), *conv = &routed;
    pnas_tap_range range[2];
    int ranges = split_taps(conv->window, conv->y->channels, range);
    bool tiled = pnas_route_tiled(conv->route);
    if (conv->route == PNAS_ROUTE_GPU)
        return pnas_convolution_gpu_forward(cl, list, conv, statistics);
    for (int i = 0; i < ranges; ++i) {
        pnas_slice weight = tap_range_slice(conv, &range[i], conv->weight);
        if (tiled)
            PNAS_TRY(pnas_convolution_tile_forward(cl, list, conv, &range[i], weight, statistics));
        else
            PNAS_TRY(append_forward(cl, list, conv, &range[i], weight));
    }
    if (tiled || !statistics.buffer)
        return PNAS_OK;
    return append_statistics(cl, list, conv->N, conv->y, statistics);
}

/* One range's input gradient (if wanted) and partial sums of its weights' gradient. */
static pnas_status append_backward(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                   const pnas_tap_range *range, bool tiled, const pnas_upstream *y,
                                   const pnas_downstream *dx, pnas_slice scratch)
{
    pnas_slice transposed = tap_range_slice(conv, range, scratch);
    pnas_slice partial = tap_range_slice(conv, range, pnas_convolution_partial(conv, scratch));
    if (dx->into.at.buffer)
        PNAS_TRY((tiled ? pnas_convolution_tile_input_gradient : append_input_gradient)(cl, list, conv, range,
                                                                                        transposed, y, dx));
    return (tiled ? pnas_convolution_tile_weight_gradient : append_weight_gradient)(cl, list, conv, range, y,
                                                                                    partial);
}

/* Every tap sees one pixel, no two the same one, and the strides leave no pixel of x out. */
static bool separate_pixels(const pnas_convolution *conv)
{
    const pnas_window *w = conv->window;
    const pnas_view *x = &conv->x->view, *y = conv->y;
    int taps = w->reduction_split ? 2 : 1;
    return w->kernel_h == taps && w->kernel_w == 1 && w->pad_top == 0 && w->pad_left == 0 &&
           w->stride_h >= taps && w->stride_w >= taps && y->height * w->stride_h >= x->height &&
           y->width * w->stride_w >= x->width;
}

pnas_status pnas_convolution_backward(pnas_cl *cl, pnas_launch_list *list, pnas_op_kind op,
                                      const pnas_convolution *asked, const pnas_upstream *y,
                                      const pnas_downstream *dx, pnas_slice weight_gradient,
                                      pnas_slice scratch)
{
    const pnas_convolution routed = with_route(cl, op, asked), *conv = &routed;
    pnas_tap_range range[2];
    int ranges = split_taps(conv->window, conv->y->channels, range);
    bool tiled = pnas_route_tiled(conv->route);
    if (conv->route == PNAS_ROUTE_GPU)
        return pnas_convolution_gpu_backward(cl, list, conv, y, dx, weight_gradient, scratch);
    pnas_downstream into = *dx;
    if (into.into.at.buffer)
        PNAS_TRY((tiled ? pnas_convolution_tile_transpose : append_transpose)(cl, list, conv, scratch));
    if (tiled && separate_pixels(conv))
        PNAS_TRY(pnas_convolution_tile_pointwise(cl, list, conv, scratch, y, dx,
                                                 pnas_convolution_partial(conv, scratch)));
    else
        for (int i = 0; i < ranges; ++i) {
            PNAS_TRY(append_backward(cl, list, conv, &range[i], tiled, y, &into, scratch));
            into.accumulate = true; /* the second tap of a reduction adds to the first's */
        }
    return (tiled ? pnas_convolution_tile_weight_sum : append_weight_sum)(cl, list, conv, scratch,
                                                                          weight_gradient);
}

pnas_status pnas_op_convolution_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                        pnas_slice weight, const pnas_window *window, const pnas_view *y,
                                        pnas_slice statistics)
{
    const pnas_convolution conv = {N, x, weight, window, y, PNAS_ROUTE_AUTO};
    return pnas_convolution_forward(cl, list, PNAS_OP_CONVOLUTION_FORWARD, &conv, statistics);
}

pnas_status pnas_op_convolution_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                         pnas_slice weight, const pnas_window *window, const pnas_upstream *y,
                                         const pnas_downstream *dx, pnas_slice weight_gradient,
                                         pnas_slice scratch)
{
    const pnas_convolution conv = {N, x, weight, window, &y->gradient, PNAS_ROUTE_AUTO};
    return pnas_convolution_backward(cl, list, PNAS_OP_CONVOLUTION_BACKWARD, &conv, y, dx, weight_gradient,
                                     scratch);
}

size_t pnas_op_convolution_scratch(const pnas_cl *cl, int N, const pnas_view *x, const pnas_window *window,
                                   const pnas_view *y)
{
    return pnas_convolution_scratch_of(cl, PNAS_OP_CONVOLUTION_BACKWARD, N, x, window, y);
}

int pnas_op_convolution_statistics_tile(const pnas_cl *cl, int N, const pnas_view *x,
                                        const pnas_window *window, const pnas_view *y)
{
    return pnas_convolution_statistics_tile(cl, PNAS_OP_CONVOLUTION_FORWARD, N, x, window, y);
}

/* --- as layers --- */

static pnas_status layer_forward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    return pnas_op_convolution_forward(cl, list, on->N, &on->x[0], on->weight, &on->window, &on->y,
                                       on->statistics);
}

static pnas_status layer_backward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    return pnas_op_convolution_backward(cl, list, on->N, &on->x[0], on->weight, &on->window, &on->dy,
                                        &on->dx[0], on->weight_gradient, on->scratch);
}

static size_t layer_scratch(const pnas_cl *cl, const pnas_layer_operands *on)
{
    return pnas_op_convolution_scratch(cl, on->N, &on->x[0].view, &on->window, &on->y);
}

static int layer_statistics_tile(const pnas_cl *cl, const pnas_layer_operands *on)
{
    return pnas_op_convolution_statistics_tile(cl, on->N, &on->x[0].view, &on->window, &on->y);
}

#define CONVOLUTION_ROW                                                                                      \
    {                                                                                                        \
        .forward = layer_forward, .backward = layer_backward, .scratch = layer_scratch,                      \
        .statistics_tile = layer_statistics_tile, .routes = 2,                                               \
        .route = {PNAS_OP_CONVOLUTION_FORWARD, PNAS_OP_CONVOLUTION_BACKWARD},                                \
        .route_shape = pnas_route_shape_from_window                                                          \
    }
PNAS_LAYER_OP(PNAS_LAYER_CONVOLUTION) = CONVOLUTION_ROW;
PNAS_LAYER_OP(PNAS_LAYER_REDUCTION) = CONVOLUTION_ROW;
