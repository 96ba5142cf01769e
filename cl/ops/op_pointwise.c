#include "cl/ops/layer_op.h"
#include "cl/ops/op_convolution.h"

/* A 1x1 convolution of stride 1 does not see rows: one long row gives the longest tiles. */
static pnas_view flatten(const pnas_view *view)
{
    pnas_view flat = *view;
    flat.width = view->height * view->width;
    flat.height = 1;
    return flat;
}

/* Every pixel of x makes the same pixel of y. */
static bool one_to_one(const pnas_window *window)
{
    return window->stride_h == 1 && window->stride_w == 1 && window->pad_top == 0 && window->pad_left == 0;
}

pnas_status pnas_op_pointwise_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                      pnas_slice weight, const pnas_window *window, const pnas_view *y,
                                      pnas_slice statistics)
{
    pnas_operand flat_x = *x;
    pnas_view flat_y = *y;
    if (one_to_one(window)) {
        flat_x.view = flatten(&x->view);
        flat_y = flatten(y);
    }
    const pnas_convolution conv = {N, &flat_x, weight, window, &flat_y, PNAS_ROUTE_AUTO};
    return pnas_convolution_forward(cl, list, PNAS_OP_POINTWISE_FORWARD, &conv, statistics);
}

pnas_status pnas_op_pointwise_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                       pnas_slice weight, const pnas_window *window, const pnas_upstream *y,
                                       const pnas_downstream *dx, pnas_slice weight_gradient,
                                       pnas_slice scratch)
{
    pnas_operand flat_x = *x;
    pnas_upstream flat_y = *y;
    pnas_downstream flat_dx = *dx;
    if (one_to_one(window)) {
        flat_x.view = flatten(&x->view);
        flat_y.gradient = flatten(&y->gradient);
        flat_y.raw = flatten(&y->raw);
        flat_dx.into = flatten(&dx->into);
    }
    const pnas_convolution conv = {N, &flat_x, weight, window, &flat_y.gradient, PNAS_ROUTE_AUTO};
    return pnas_convolution_backward(cl, list, PNAS_OP_POINTWISE_BACKWARD, &conv, &flat_y, &flat_dx,
                                     weight_gradient, scratch);
}

size_t pnas_op_pointwise_scratch(const pnas_cl *cl, int N, const pnas_view *x, const pnas_window *window,
                                 const pnas_view *y)
{
    pnas_view flat_x = one_to_one(window) ? flatten(x) : *x, flat_y = one_to_one(window) ? flatten(y) : *y;
    return pnas_convolution_scratch_of(cl, PNAS_OP_POINTWISE_BACKWARD, N, &flat_x, window, &flat_y);
}

int pnas_op_pointwise_statistics_tile(const pnas_cl *cl, int N, const pnas_view *x, const pnas_window *window,
                                      const pnas_view *y)
{
    pnas_view flat_x = one_to_one(window) ? flatten(x) : *x, flat_y = one_to_one(window) ? flatten(y) : *y;
    return pnas_convolution_statistics_tile(cl, PNAS_OP_POINTWISE_FORWARD, N, &flat_x, window, &flat_y);
}

/* --- as a layer --- */

static pnas_status layer_forward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    return pnas_op_pointwise_forward(cl, list, on->N, &on->x[0], on->weight, &on->window, &on->y,
                                     on->statistics);
}

static pnas_status layer_backward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    return pnas_op_pointwise_backward(cl, list, on->N, &on->x[0], on->weight, &on->window, &on->dy,
                                      &on->dx[0], on->weight_gradient, on->scratch);
}

static size_t layer_scratch(const pnas_cl *cl, const pnas_layer_operands *on)
{
    return pnas_op_pointwise_scratch(cl, on->N, &on->x[0].view, &on->window, &on->y);
}

static int layer_statistics_tile(const pnas_cl *cl, const pnas_layer_operands *on)
{
    return pnas_op_pointwise_statistics_tile(cl, on->N, &on->x[0].view, &on->window, &on->y);
}

static void route_shape(pnas_routed_op *op, int which)
{
    pnas_route_shape_from_window(op, which);
    if (!one_to_one(&op->window))
        return;
    op->shape.W = (int64_t)op->H * op->W;
    op->shape.H = 1;
}

PNAS_LAYER_OP(PNAS_LAYER_POINTWISE) = {.forward = layer_forward,
                                       .backward = layer_backward,
                                       .scratch = layer_scratch,
                                       .statistics_tile = layer_statistics_tile,
                                       .routes = 2,
                                       .route = {PNAS_OP_POINTWISE_FORWARD, PNAS_OP_POINTWISE_BACKWARD},
                                       .route_shape = route_shape};
