/* Depthwise convolution: forward, and the gradients of its input and weights. */
#include "cl/ops/depthwise_gpu.h"
#include "cl/ops/layer_op.h"
#include "cl/ops/op_arguments.h"

enum { PIXELS_TOGETHER = 512 };
enum { IMAGES_PER_PARTIAL = 4 }; /* tile route: fixed, so that sums do not depend on the machine */

static const char plain_file[] = "depthwise.cl";

static pnas_route route_of(const pnas_cl *cl, pnas_op_kind op, int N, const pnas_view *x,
                           const pnas_window *window, const pnas_view *y)
{
    pnas_route route = pnas_op_route_of(cl, op, N, x, window, y);
    return route == PNAS_ROUTE_GPU && !pnas_depthwise_gpu_serves(window) ? PNAS_ROUTE_PLAIN : route;
}

static double multiply_adds(int N, const pnas_window *window, const pnas_view *y)
{
    return (double)N * pnas_view_values(y) * window->kernel_h * window->kernel_w;
}

/* Images, and partial sums of a weight gradient, that a work-item has side by side. */
static int side_by_side(pnas_route route)
{
    return route == PNAS_ROUTE_WIDE ? 2 : 1;
}

/* Images of a work-item of the tile and wide routes: of small ones several. */
static int images_together(const pnas_view *y, pnas_route route)
{
    int images = PIXELS_TOGETHER / (y->height * y->width);
    return (images > 1 ? images : 1) * side_by_side(route);
}

pnas_status pnas_op_depthwise_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                      pnas_slice weight, const pnas_window *window, const pnas_view *y)
{
    pnas_route route = route_of(cl, PNAS_OP_DEPTHWISE_FORWARD, N, &x->view, window, y);
    bool tiled = pnas_route_tiled(route);
    if (route == PNAS_ROUTE_GPU)
        return pnas_depthwise_gpu_forward(cl, list, N, x, weight, window, y);
    pnas_op_options text;
    pnas_launch_spec spec = {.label = "depthwise forward",
                             .file = pnas_route_file(PNAS_OP_DEPTHWISE_FORWARD, route),
                             .options = pnas_op_window_options(&text, tiled, window, false),
                             .kernel = PNAS_KERNEL_OF(route, "depthwise_forward"),
                             .flops = 2 * multiply_adds(N, window, y),
                             .bytes = N * (pnas_view_bytes(&x->view) + pnas_view_bytes(y)),
                             .half = x->view.half};
    int images = images_together(y, route);
    const pnas_arg arguments[] = {ARG_OPERAND(x),      PNAS_ARG_INT(x->view.channels),
                                  ARG_SIZE(&x->view),  ARG_SLICE(weight),
                                  ARG_WINDOW(window),  ARG_VIEW(y),
                                  ARG_SIZE(y),         PNAS_ARG_INT(N),
                                  PNAS_ARG_INT(images)};
    int count = (int)(sizeof arguments / sizeof *arguments);
    pnas_op_global(cl, &spec, tiled, y, tiled ? (N + images - 1) / images : N);
    return pnas_launch_append(cl, list, &spec, arguments, tiled ? count : count - 2);
}

static pnas_status input_gradient(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                  pnas_slice weight, const pnas_window *window, const pnas_upstream *y,
                                  const pnas_downstream *dx, pnas_route route)
{
    bool tiled = pnas_route_tiled(route);
    const pnas_view *dy = &y->gradient;
    pnas_op_options text;
    pnas_launch_spec spec = {.label = "depthwise input gradient",
                             .file = pnas_route_file(PNAS_OP_DEPTHWISE_BACKWARD, route),
                             .options = pnas_op_window_options(&text, tiled, window, y->normalise),
                             .kernel = PNAS_KERNEL_OF(route, "depthwise_input_gradient"),
                             .flops = 2 * multiply_adds(N, window, dy),
                             .bytes = N * (pnas_view_bytes(&x->view) + pnas_view_bytes(dy)),
                             .half = x->view.half};
    int images = images_together(&dx->into, route);
    const pnas_arg arguments[] = {ARG_OPERAND(x),     PNAS_ARG_INT(x->view.channels),
                                  ARG_SIZE(&x->view), ARG_SLICE(weight),
                                  ARG_WINDOW(window), ARG_UPSTREAM(y),
                                  ARG_SIZE(dy),       ARG_DOWNSTREAM(dx),
                                  PNAS_ARG_INT(N),    PNAS_ARG_INT(images)};
    int count = (int)(sizeof arguments / sizeof *arguments);
    pnas_op_global(cl, &spec, tiled, &dx->into, tiled ? (N + images - 1) / images : N);
    return pnas_launch_append(cl, list, &spec, arguments, tiled ? count : count - 2);
}

static int tile_partials(int N)
{
    return (N + IMAGES_PER_PARTIAL - 1) / IMAGES_PER_PARTIAL;
}

static pnas_status partial_sums(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                const pnas_window *window, const pnas_upstream *y, pnas_slice scratch,
                                pnas_route route)
{
    bool tiled = pnas_route_tiled(route);
    const pnas_view *dy = &y->gradient;
    const size_t channels = (size_t)x->view.channels, taps = (size_t)window->kernel_h * window->kernel_w;
    pnas_op_options text;
    pnas_launch_spec spec = {.label = "depthwise weight gradient",
                             .file = pnas_route_file(PNAS_OP_DEPTHWISE_BACKWARD, route),
                             .options = pnas_op_window_options(&text, tiled, window, y->normalise),
                             .kernel = PNAS_KERNEL_OF(route, "depthwise_weight_gradient"),
                             .flops = 2 * multiply_adds(N, window, dy),
                             .bytes = N * (pnas_view_bytes(&x->view) + pnas_view_bytes(dy)),
                             .half = x->view.half};
    if (tiled) {
        spec.global[0] = channels / (size_t)cl->vector;
        spec.global[1] = (size_t)((tile_partials(N) + side_by_side(route) - 1) / side_by_side(route));
        spec.local[0] = 1;
        return pnas_launch_append(cl, list, &spec,
                                  PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(channels), ARG_SIZE(&x->view),
                                            ARG_WINDOW(window), ARG_UPSTREAM(y), ARG_SIZE(dy),
                                            ARG_SLICE(scratch), PNAS_ARG_INT(N),
                                            PNAS_ARG_INT(IMAGES_PER_PARTIAL)));
    }
    spec.global[0] = channels;
    spec.global[1] = taps;
    spec.global[2] = (size_t)N;
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(channels), ARG_SIZE(&x->view),
                                        ARG_WINDOW(window), ARG_UPSTREAM(y), ARG_SIZE(dy),
                                        ARG_SLICE(scratch)));
}

pnas_status pnas_op_depthwise_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                       pnas_slice weight, const pnas_window *window, const pnas_upstream *y,
                                       const pnas_downstream *dx, pnas_slice weight_gradient,
                                       pnas_slice scratch)
{
    pnas_route route = route_of(cl, PNAS_OP_DEPTHWISE_BACKWARD, N, &x->view, window, &y->gradient);
    if (route == PNAS_ROUTE_GPU) {
        PNAS_TRY(pnas_depthwise_gpu_weight_gradient(cl, list, N, x, window, y, weight_gradient, scratch));
        return dx->into.at.buffer ? pnas_depthwise_gpu_input_gradient(cl, list, N, x, weight, window, y, dx)
                                  : PNAS_OK;
    }
    bool tiled = pnas_route_tiled(route);
    int count = window->kernel_h * window->kernel_w * x->view.channels;
    PNAS_TRY(partial_sums(cl, list, N, x, window, y, scratch, route));
    pnas_launch_spec reduce = {.label = "depthwise weight gradient, sum",
                               .file = plain_file,
                               .kernel = "depthwise_reduce",
                               .global = {(size_t)count, 1, 1},
                               .half = x->view.half};
    PNAS_TRY(pnas_launch_append(cl, list, &reduce,
                                PNAS_ARGS(ARG_SLICE(scratch), PNAS_ARG_INT(tiled ? tile_partials(N) : N),
                                          PNAS_ARG_INT(count), ARG_SLICE(weight_gradient))));
    if (!dx->into.at.buffer)
        return PNAS_OK;
    return input_gradient(cl, list, N, x, weight, window, y, dx, route);
}

size_t pnas_op_depthwise_scratch(const pnas_cl *cl, int N, const pnas_view *x, const pnas_window *window,
                                 const pnas_view *y)
{
    if (route_of(cl, PNAS_OP_DEPTHWISE_BACKWARD, N, x, window, y) == PNAS_ROUTE_GPU)
        return pnas_depthwise_gpu_scratch(N, x, window, y);
    return (size_t)N * window->kernel_h * window->kernel_w * x->channels;
}

/* --- as a layer --- */

static pnas_status layer_forward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    return pnas_op_depthwise_forward(cl, list, on->N, &on->x[0], on->weight, &on->window, &on->y);
}

static pnas_status layer_backward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    return pnas_op_depthwise_backward(cl, list, on->N, &on->x[0], on->weight, &on->window, &on->dy,
                                      &on->dx[0], on->weight_gradient, on->scratch);
}

static size_t layer_scratch(const pnas_cl *cl, const pnas_layer_operands *on)
{
    return pnas_op_depthwise_scratch(cl, on->N, &on->x[0].view, &on->window, &on->y);
}

PNAS_LAYER_OP(PNAS_LAYER_DEPTHWISE) = {.forward = layer_forward,
                                       .backward = layer_backward,
                                       .scratch = layer_scratch,
                                       .routes = 2,
                                       .route = {PNAS_OP_DEPTHWISE_FORWARD, PNAS_OP_DEPTHWISE_BACKWARD},
                                       .route_shape = pnas_route_shape_from_window};
