/* Max and average pooling. */
#include "cl/ops/layer_op.h"
#include "cl/ops/op_arguments.h"

enum { STRIP = 4 }; /* as in kernels/pool_gpu.cl */

/* What the four launches share; `written` is the view that the kernel writes. */
static pnas_launch_spec pool_spec(const pnas_cl *cl, const char *label, pnas_op_kind op, pnas_route route,
                                  const char *build_options, int N, const pnas_view *x, const pnas_view *y,
                                  const pnas_view *written)
{
    pnas_launch_spec spec = {.label = label,
                             .file = pnas_route_file(op, route),
                             .options = build_options,
                             .bytes = N * (pnas_view_bytes(x) + pnas_view_bytes(y)),
                             .half = x->half};
    size_t blocks = (size_t)written->channels / (size_t)cl->vector,
           strips = ((size_t)written->height + STRIP - 1) / STRIP;
    if (route == PNAS_ROUTE_GPU)
        pnas_op_spread(&spec, (size_t)N * blocks * strips * (size_t)written->width, 1);
    else
        pnas_op_global(cl, &spec, route == PNAS_ROUTE_TILE, written, N);
    return spec;
}

static pnas_access positions_access(cl_mem positions, size_t byte, int N, const pnas_view *y, bool write)
{
    return (pnas_access){.buffer = positions,
                         .first = byte,
                         .length = (size_t)N * (size_t)y->channels * (size_t)y->height * (size_t)y->width,
                         .count = 1,
                         .write = write};
}

static pnas_status check_positions(const pnas_window *window)
{
    PNAS_CHECK(
        window->kernel_h * window->kernel_w <= 256, PNAS_ERROR_USAGE,
        "a max pool of %d x %d: positions are kept in a byte, so the window may have 256 values at most",
        window->kernel_h, window->kernel_w);
    return PNAS_OK;
}

pnas_status pnas_op_max_pool_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                     const pnas_window *window, const pnas_view *y, cl_mem positions,
                                     size_t positions_byte)
{
    PNAS_TRY(check_positions(window));
    pnas_route route = pnas_op_route_of(cl, PNAS_OP_MAX_POOL, N, &x->view, window, y);
    pnas_op_options text;
    pnas_launch_spec spec =
        pool_spec(cl, "max pool forward", PNAS_OP_MAX_POOL, route,
                  pnas_op_window_options(&text, route != PNAS_ROUTE_PLAIN, window, false), N, &x->view, y, y);
    spec.kernel = PNAS_KERNEL_OF(route, "max_pool_forward");
    PNAS_SET_ACCESSES(spec, READS_OPERAND(x, N), pnas_view_access(y, N, true),
                      positions_access(positions, positions_byte, N, y, true));
    return pnas_op_append(cl, list, &spec, route, 1,
                          PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(x->view.channels), ARG_SIZE(&x->view),
                                    ARG_WINDOW(window), ARG_VIEW(y), ARG_SIZE(y), PNAS_ARG_BUFFER(positions),
                                    PNAS_ARG_OFFSET(positions_byte), PNAS_ARG_INT(N)));
}

pnas_status pnas_op_max_pool_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                      const pnas_window *window, const pnas_upstream *y, cl_mem positions,
                                      size_t positions_byte, const pnas_downstream *dx)
{
    if (!dx->into.at.buffer)
        return PNAS_OK;
    PNAS_TRY(check_positions(window));
    const pnas_view *dy = &y->gradient;
    pnas_route route = pnas_op_route_of(cl, PNAS_OP_MAX_POOL, N, &x->view, window, dy);
    pnas_op_options text;
    pnas_launch_spec spec =
        pool_spec(cl, "max pool backward", PNAS_OP_MAX_POOL, route,
                  pnas_op_window_options(&text, route != PNAS_ROUTE_PLAIN, window, y->normalise), N, &x->view,
                  dy, &dx->into);
    spec.kernel = PNAS_KERNEL_OF(route, "max_pool_backward");
    PNAS_SET_ACCESSES(spec, READS_MASK(x, N), READS_UPSTREAM(y, N),
                      positions_access(positions, positions_byte, N, dy, false),
                      pnas_view_access(&dx->into, N, true));
    return pnas_op_append(cl, list, &spec, route, 1,
                          PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(x->view.channels), ARG_SIZE(&x->view),
                                    ARG_WINDOW(window), ARG_UPSTREAM(y), ARG_SIZE(dy),
                                    PNAS_ARG_BUFFER(positions), PNAS_ARG_OFFSET(positions_byte),
                                    ARG_DOWNSTREAM(dx), PNAS_ARG_INT(N)));
}

pnas_status pnas_op_average_pool_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                         const pnas_window *window, const pnas_view *y)
{
    pnas_route route = pnas_op_route_of(cl, PNAS_OP_AVERAGE_POOL, N, &x->view, window, y);
    pnas_op_options text;
    pnas_launch_spec spec =
        pool_spec(cl, "average pool forward", PNAS_OP_AVERAGE_POOL, route,
                  pnas_op_window_options(&text, route != PNAS_ROUTE_PLAIN, window, false), N, &x->view, y, y);
    spec.kernel = PNAS_KERNEL_OF(route, "average_pool_forward");
    PNAS_SET_ACCESSES(spec, READS_OPERAND(x, N), pnas_view_access(y, N, true));
    return pnas_op_append(cl, list, &spec, route, 1,
                          PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(x->view.channels), ARG_SIZE(&x->view),
                                    ARG_WINDOW(window), ARG_VIEW(y), ARG_SIZE(y), PNAS_ARG_INT(N)));
}

pnas_status pnas_op_average_pool_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                          const pnas_window *window, const pnas_upstream *y,
                                          const pnas_downstream *dx)
{
    if (!dx->into.at.buffer)
        return PNAS_OK;
    const pnas_view *dy = &y->gradient;
    pnas_route route = pnas_op_route_of(cl, PNAS_OP_AVERAGE_POOL, N, &x->view, window, dy);
    pnas_op_options text;
    pnas_launch_spec spec =
        pool_spec(cl, "average pool backward", PNAS_OP_AVERAGE_POOL, route,
                  pnas_op_window_options(&text, route != PNAS_ROUTE_PLAIN, window, y->normalise), N, &x->view,
                  dy, &dx->into);
    spec.kernel = PNAS_KERNEL_OF(route, "average_pool_backward");
    PNAS_SET_ACCESSES(spec, READS_MASK(x, N), READS_UPSTREAM(y, N), pnas_view_access(&dx->into, N, true));
    return pnas_op_append(cl, list, &spec, route, 1,
                          PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(x->view.channels), ARG_SIZE(&x->view),
                                    ARG_WINDOW(window), ARG_UPSTREAM(y), ARG_SIZE(dy), ARG_DOWNSTREAM(dx),
                                    PNAS_ARG_INT(N)));
}

/* --- as layers --- */

static pnas_status max_pool_forward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    return pnas_op_max_pool_forward(cl, list, on->N, &on->x[0], &on->window, &on->y, on->kept, on->kept_byte);
}

static pnas_status max_pool_backward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    return pnas_op_max_pool_backward(cl, list, on->N, &on->x[0], &on->window, &on->dy, on->kept,
                                     on->kept_byte, &on->dx[0]);
}

PNAS_LAYER_OP(PNAS_LAYER_MAX_POOL) = {.forward = max_pool_forward,
                                      .backward = max_pool_backward,
                                      .routes = 1,
                                      .route = {PNAS_OP_MAX_POOL},
                                      .route_shape = pnas_route_shape_from_window};

static pnas_status average_pool_forward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    return pnas_op_average_pool_forward(cl, list, on->N, &on->x[0], &on->window, &on->y);
}

static pnas_status average_pool_backward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    return pnas_op_average_pool_backward(cl, list, on->N, &on->x[0], &on->window, &on->dy, &on->dx[0]);
}

PNAS_LAYER_OP(PNAS_LAYER_AVERAGE_POOL) = {.forward = average_pool_forward,
                                          .backward = average_pool_backward,
                                          .routes = 1,
                                          .route = {PNAS_OP_AVERAGE_POOL},
                                          .route_shape = pnas_route_shape_from_window};
