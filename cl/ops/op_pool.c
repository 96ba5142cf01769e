/* Max and average pooling. */
#include "cl/ops/layer_op.h"
#include "cl/ops/op_arguments.h"

static const char plain_file[] = "pool.cl", tile_file[] = "pool_tile.cl";

/* What the four launches share; `written` is the view that the kernel writes. */
static pnas_launch_spec pool_spec(const pnas_cl *cl, const char *label, const char *kernel, bool tiled,
                                  const char *build_options, int N, const pnas_view *x, const pnas_view *y,
                                  const pnas_view *written)
{
    pnas_launch_spec spec = {.label = label,
                             .file = tiled ? tile_file : plain_file,
                             .options = build_options,
                             .kernel = kernel,
                             .bytes = N * (pnas_view_bytes(x) + pnas_view_bytes(y)),
                             .half = x->half};
    pnas_op_global(cl, &spec, tiled, written, N);
    return spec;
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
    bool tiled = pnas_op_tiled(cl, PNAS_OP_MAX_POOL, N, &x->view, window, y);
    pnas_op_options text;
    pnas_launch_spec spec =
        pool_spec(cl, "max pool forward", tiled ? "max_pool_forward_tile" : "max_pool_forward", tiled,
                  pnas_op_window_options(&text, tiled, window, false), N, &x->view, y, y);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(x->view.channels), ARG_SIZE(&x->view),
                                        ARG_WINDOW(window), ARG_VIEW(y), ARG_SIZE(y),
                                        PNAS_ARG_BUFFER(positions), PNAS_ARG_OFFSET(positions_byte)));
}

pnas_status pnas_op_max_pool_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                      const pnas_window *window, const pnas_upstream *y, cl_mem positions,
                                      size_t positions_byte, const pnas_downstream *dx)
{
    if (!dx->into.at.buffer)
        return PNAS_OK;
    PNAS_TRY(check_positions(window));
    const pnas_view *dy = &y->gradient;
    bool tiled = pnas_op_tiled(cl, PNAS_OP_MAX_POOL, N, &x->view, window, dy);
    pnas_op_options text;
    pnas_launch_spec spec =
        pool_spec(cl, "max pool backward", tiled ? "max_pool_backward_tile" : "max_pool_backward", tiled,
                  pnas_op_window_options(&text, tiled, window, y->normalise), N, &x->view, dy, &dx->into);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(x->view.channels), ARG_SIZE(&x->view),
                                        ARG_WINDOW(window), ARG_UPSTREAM(y), ARG_SIZE(dy),
                                        PNAS_ARG_BUFFER(positions), PNAS_ARG_OFFSET(positions_byte),
                                        ARG_DOWNSTREAM(dx)));
}

pnas_status pnas_op_average_pool_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                         const pnas_window *window, const pnas_view *y)
{
    bool tiled = pnas_op_tiled(cl, PNAS_OP_AVERAGE_POOL, N, &x->view, window, y);
    pnas_op_options text;
    pnas_launch_spec spec =
        pool_spec(cl, "average pool forward", tiled ? "average_pool_forward_tile" : "average_pool_forward",
                  tiled, pnas_op_window_options(&text, tiled, window, false), N, &x->view, y, y);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(x->view.channels), ARG_SIZE(&x->view),
                                        ARG_WINDOW(window), ARG_VIEW(y), ARG_SIZE(y)));
}

pnas_status pnas_op_average_pool_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                          const pnas_window *window, const pnas_upstream *y,
                                          const pnas_downstream *dx)
{
    if (!dx->into.at.buffer)
        return PNAS_OK;
    const pnas_view *dy = &y->gradient;
    bool tiled = pnas_op_tiled(cl, PNAS_OP_AVERAGE_POOL, N, &x->view, window, dy);
    pnas_op_options text;
    pnas_launch_spec spec = pool_spec(
        cl, "average pool backward", tiled ? "average_pool_backward_tile" : "average_pool_backward", tiled,
        pnas_op_window_options(&text, tiled, window, y->normalise), N, &x->view, dy, &dx->into);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(x->view.channels), ARG_SIZE(&x->view),
                                        ARG_WINDOW(window), ARG_UPSTREAM(y), ARG_SIZE(dy),
                                        ARG_DOWNSTREAM(dx)));
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
