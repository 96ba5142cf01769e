#include "cl/ops/convolution.h"

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
    const pnas_convolution conv = {N, &flat_x, weight, window, &flat_y};
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
    const pnas_convolution conv = {N, &flat_x, weight, window, &flat_y.gradient};
    return pnas_convolution_backward(cl, list, PNAS_OP_POINTWISE_BACKWARD, &conv, &flat_y, &flat_dx,
                                     weight_gradient, scratch);
}

size_t pnas_op_pointwise_scratch(const pnas_cl *cl, int N, const pnas_view *x, const pnas_window *window,
                                 const pnas_view *y)
{
    return pnas_convolution_scratch(N, window, x->channels, y->channels);
}
