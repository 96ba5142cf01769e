/* Sums, copies between segmentations, zeros. */
#include "cl/ops/layer_op.h"
#include "cl/ops/op_arguments.h"

#define ARG_FACTORS(s, other)                                                                                \
    ARG_SLICE_IF((s).buffer != NULL, s, (other).buffer), PNAS_ARG_INT((s).buffer != NULL)

enum { ZERO_CHUNK = 4096 }; /* floats a work-item clears on a CPU: long enough to become a memset */

static pnas_route route_of(const pnas_cl *cl, int N, const pnas_view *written)
{
    return pnas_op_route_of(cl, PNAS_OP_ADD, N, written, NULL, NULL);
}

static pnas_access reads_factors(pnas_slice factors, int N)
{
    return pnas_access_if(factors.buffer != NULL, pnas_slice_access(factors, (size_t)N, false));
}

pnas_status pnas_op_add_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *a,
                                const pnas_operand *b, const pnas_slice factors[2], const pnas_view *y)
{
    const pnas_operand *second = b ? b : a; /* arguments must be bound even where nothing is read */
    const pnas_slice none = {NULL, 0}, of_a = factors ? factors[0] : none, of_b = factors ? factors[1] : none;
    pnas_route route = route_of(cl, N, y);
    pnas_launch_spec spec = {.label = b ? "add forward" : "copy forward",
                             .file = pnas_route_file(PNAS_OP_ADD, route),
                             .kernel = PNAS_KERNEL_OF(route, "add_forward"),
                             .bytes = N * pnas_view_bytes(y) * (b ? 3 : 2),
                             .half = y->half,
                             PNAS_ACCESSES(READS_OPERAND(a, N), reads_factors(of_a, N),
                                           READS_OPERAND(second, N), reads_factors(of_b, N),
                                           pnas_view_access(y, N, true))};
    pnas_op_range(cl, &spec, route, y, N);
    if (route == PNAS_ROUTE_TILE)
        spec.global[0] = 1;
    return pnas_op_append(cl, list, &spec, route, 1,
                          PNAS_ARGS(ARG_OPERAND(a), ARG_FACTORS(of_a, y->at), ARG_OPERAND(second),
                                    ARG_FACTORS(of_b, y->at), PNAS_ARG_INT(b != NULL),
                                    PNAS_ARG_INT(y->channels), PNAS_ARG_INT(y->height * y->width),
                                    ARG_VIEW(y), PNAS_ARG_INT(N)));
}

pnas_status pnas_op_add_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                 const pnas_view *gradient, pnas_slice factors, const pnas_downstream *dx)
{
    if (!dx->into.at.buffer)
        return PNAS_OK;
    pnas_route route = route_of(cl, N, gradient);
    pnas_launch_spec spec = {.label = "add backward",
                             .file = pnas_route_file(PNAS_OP_ADD, route),
                             .kernel = PNAS_KERNEL_OF(route, "add_backward"),
                             .bytes = N * (pnas_view_bytes(gradient) * (2 + dx->accumulate) +
                                           (x->relu ? pnas_view_bytes(&x->view) : 0)),
                             .half = x->view.half,
                             PNAS_ACCESSES(READS_MASK(x, N), pnas_view_access(gradient, N, false),
                                           reads_factors(factors, N), pnas_view_access(&dx->into, N, true))};
    pnas_op_range(cl, &spec, route, gradient, N);
    return pnas_op_append(cl, list, &spec, route, 1,
                          PNAS_ARGS(ARG_OPERAND(x), ARG_VIEW(gradient), ARG_FACTORS(factors, gradient->at),
                                    PNAS_ARG_INT(gradient->channels),
                                    PNAS_ARG_INT(gradient->height * gradient->width), ARG_DOWNSTREAM(dx),
                                    PNAS_ARG_INT(N)));
}

pnas_status pnas_op_regroup(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_view *from,
                            int from_segment, const pnas_view *to, int to_segment, int logical_channels,
                            bool accumulate)
{
    pnas_route route = route_of(cl, N, to);
    pnas_launch_spec spec = {.label = "regroup",
                             .file = pnas_route_file(PNAS_OP_ADD, route),
                             .kernel = PNAS_KERNEL_OF(route, "regroup"),
                             .bytes = N * (pnas_view_bytes(from) + pnas_view_bytes(to)),
                             .half = from->half,
                             PNAS_ACCESSES(pnas_view_access(from, N, false), pnas_view_access(to, N, true))};
    pnas_op_range(cl, &spec, route, to, N);
    return pnas_op_append(cl, list, &spec, route, 2,
                          PNAS_ARGS(ARG_VIEW(from), PNAS_ARG_INT(from_segment), ARG_VIEW(to),
                                    PNAS_ARG_INT(to_segment), PNAS_ARG_INT(logical_channels),
                                    PNAS_ARG_INT(to->height * to->width), PNAS_ARG_INT(accumulate),
                                    PNAS_ARG_INT(to->channels), PNAS_ARG_INT(N)));
}

pnas_status pnas_op_zero(pnas_cl *cl, pnas_launch_list *list, pnas_slice at, size_t count)
{
    pnas_view all = {.channels = cl->vector};
    bool gpu = route_of(cl, 1, &all) == PNAS_ROUTE_GPU && at.offset % 4 == 0;
    size_t chunk = cl->info.cpu ? ZERO_CHUNK : 1;
    pnas_launch_spec spec = {.label = "zero",
                             .file = pnas_route_file(PNAS_OP_ADD, gpu ? PNAS_ROUTE_GPU : PNAS_ROUTE_PLAIN),
                             .kernel = gpu ? "zero_gpu" : "zero",
                             .global = {(count + chunk - 1) / chunk},
                             .local = {cl->info.cpu ? 1 : 0},
                             .bytes = 4.0 * (double)count,
                             PNAS_ACCESSES(pnas_slice_access(at, count, true))};
    if (gpu)
        pnas_op_spread(&spec, (count + 3) / 4, PNAS_SPREAD_EACH);
    const pnas_arg arguments[] = {ARG_SLICE(at), PNAS_ARG_OFFSET(count), PNAS_ARG_OFFSET(chunk)};
    int arguments_count = (int)(sizeof arguments / sizeof *arguments);
    return pnas_launch_append(cl, list, &spec, arguments, gpu ? arguments_count - 1 : arguments_count);
}

pnas_status pnas_op_drop_factors(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_drop *drop,
                                 pnas_slice factors)
{
    pnas_view all = {.channels = cl->vector};
    pnas_route route = route_of(cl, N, &all) == PNAS_ROUTE_GPU ? PNAS_ROUTE_GPU : PNAS_ROUTE_PLAIN;
    size_t count = (size_t)N * (size_t)drop->paths,
           words = (size_t)drop->period * (size_t)N * pnas_drop_words(drop->paths);
    pnas_launch_spec spec = {.label = "drop factors",
                             .file = pnas_route_file(PNAS_OP_ADD, route),
                             .kernel = PNAS_KERNEL_OF(route, "drop_factors"),
                             .global = {(size_t)N, (size_t)drop->paths},
                             PNAS_ACCESSES(pnas_slice_access(drop->kept, words, false),
                                           pnas_slice_access(drop->state, 1, false),
                                           pnas_slice_access(factors, count, true))};
    if (route == PNAS_ROUTE_GPU)
        pnas_op_spread(&spec, count, 1);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(PNAS_ARG_INT(N), PNAS_ARG_INT(drop->paths), PNAS_ARG_INT(drop->cells),
                                        PNAS_ARG_FLOAT(1 - drop->keep), PNAS_ARG_INT(drop->steps),
                                        ARG_SLICE(drop->kept), ARG_SLICE(drop->state),
                                        PNAS_ARG_INT(drop->period), ARG_SLICE(factors)));
}

/* --- as layers --- */

static pnas_status add_forward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    return pnas_op_add_forward(cl, list, on->N, &on->x[0], on->inputs > 1 ? &on->x[1] : NULL, on->factors,
                               &on->y);
}

static pnas_status add_backward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    for (int i = 0; i < on->inputs; ++i)
        PNAS_TRY(
            pnas_op_add_backward(cl, list, on->N, &on->x[i], &on->dy.gradient, on->factors[i], &on->dx[i]));
    return PNAS_OK;
}

PNAS_LAYER_OP(PNAS_LAYER_ADD) = {.forward = add_forward,
                                 .backward = add_backward,
                                 .routes = 1,
                                 .route = {PNAS_OP_ADD},
                                 .route_shape = pnas_route_shape_from_output};

static pnas_status copy_forward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    const pnas_operand *x = &on->x[0];
    if (on->x_segment == on->y_segment)
        return add_forward(cl, list, on);
    PNAS_CHECK(!x->normalise && !x->relu, PNAS_ERROR_INTERNAL, "a layer regroups a transformed value");
    return pnas_op_regroup(cl, list, on->N, &x->view, on->x_segment, &on->y, on->y_segment, on->channels,
                           false);
}

static pnas_status copy_backward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    if (on->x_segment == on->y_segment)
        return add_backward(cl, list, on);
    return pnas_op_regroup(cl, list, on->N, &on->dy.gradient, on->y_segment, &on->dx[0].into, on->x_segment,
                           on->channels, on->dx[0].accumulate);
}

PNAS_LAYER_OP(PNAS_LAYER_COPY) = {.forward = copy_forward,
                                  .backward = copy_backward,
                                  .routes = 1,
                                  .route = {PNAS_OP_ADD},
                                  .route_shape = pnas_route_shape_from_output};
