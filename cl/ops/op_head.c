/* Both ends of a child: images in; global pool, classifier and loss; the step counter. */
#include "cl/ops/gemm.h"
#include "cl/ops/head_gpu.h"
#include "cl/ops/layer_op.h"
#include "cl/ops/op_arguments.h"

enum { LOSS_GROUP = 64 }; /* GROUP of head.cl */

enum { POOL_GROUP = 128 }; /* GROUP of head_gpu.cl */

static pnas_route route_of(const pnas_cl *cl, int N, const pnas_view *view)
{
    return pnas_op_route_of(cl, PNAS_OP_HEAD, N, view, NULL, NULL);
}

/* Of what has no view. */
static bool on_gpu(const pnas_cl *cl, int N)
{
    pnas_view all = {.channels = cl->vector};
    return route_of(cl, N, &all) == PNAS_ROUTE_GPU;
}

pnas_status pnas_op_global_pool_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                        pnas_slice features)
{
    pnas_route route = route_of(cl, N, &x->view);
    bool tiled = route == PNAS_ROUTE_TILE;
    size_t channels = (size_t)x->view.channels;
    int pixels = x->view.height * x->view.width, items = pnas_op_items_of_image(pixels, POOL_GROUP);
    pnas_launch_spec spec = {
        .label = "global pool forward",
        .file = pnas_route_file(PNAS_OP_HEAD, route),
        .kernel = PNAS_KERNEL_OF(route, "global_pool_forward"),
        .global = {tiled ? channels / (size_t)cl->vector : channels, (size_t)N},
        .local = {tiled ? 1 : 0},
        .bytes = N * pnas_view_bytes(&x->view),
        .half = x->view.half,
        PNAS_ACCESSES(READS_OPERAND(x, N), pnas_slice_access(features, (size_t)N * channels, true))};
    if (route == PNAS_ROUTE_GPU)
        pnas_op_image_groups(cl, &spec, N, x->view.channels, items, POOL_GROUP);
    return pnas_op_append(cl, list, &spec, route, 2,
                          PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(channels), PNAS_ARG_INT(pixels),
                                    ARG_SLICE(features), PNAS_ARG_INT(N), PNAS_ARG_INT(items)));
}

pnas_status pnas_op_global_pool_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                         pnas_slice features_gradient, const pnas_downstream *dx)
{
    if (!dx->into.at.buffer)
        return PNAS_OK;
    pnas_route route = route_of(cl, N, &x->view);
    size_t features = (size_t)N * (size_t)x->view.channels;
    pnas_launch_spec spec = {.label = "global pool backward",
                             .file = pnas_route_file(PNAS_OP_HEAD, route),
                             .kernel = PNAS_KERNEL_OF(route, "global_pool_backward"),
                             .bytes = N * pnas_view_bytes(&x->view),
                             .half = x->view.half,
                             PNAS_ACCESSES(READS_MASK(x, N),
                                           pnas_slice_access(features_gradient, features, false),
                                           pnas_view_access(&dx->into, N, true))};
    pnas_op_range(cl, &spec, route, &dx->into, N);
    return pnas_op_append(cl, list, &spec, route, 1,
                          PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(x->view.channels),
                                    PNAS_ARG_INT(x->view.height * x->view.width),
                                    ARG_SLICE(features_gradient), ARG_DOWNSTREAM(dx), PNAS_ARG_INT(N)));
}

pnas_status pnas_op_classifier_forward(pnas_cl *cl, pnas_launch_list *list, int N, int C, int classes,
                                       pnas_slice features, pnas_slice weight, pnas_slice bias,
                                       pnas_slice logits)
{
    if (on_gpu(cl, N))
        return pnas_head_gpu_classifier_forward(cl, list, N, C, classes, features, weight, bias, logits);
    pnas_launch_spec spec = {.label = "classifier bias",
                             .file = "head.cl",
                             .kernel = "classifier_bias",
                             .global = {(size_t)classes, (size_t)N}};
    PNAS_TRY(pnas_launch_append(cl, list, &spec,
                                PNAS_ARGS(ARG_SLICE(bias), PNAS_ARG_INT(classes), ARG_SLICE(logits))));
    return pnas_gemm_append(cl, list,
                            &(pnas_gemm){.m = N,
                                         .n = classes,
                                         .k = C,
                                         .alpha = 1,
                                         .beta = 1,
                                         .a = features,
                                         .b = weight,
                                         .c = logits,
                                         .lda = C,
                                         .ldb = classes,
                                         .ldc = classes});
}

pnas_status pnas_op_classifier_backward(pnas_cl *cl, pnas_launch_list *list, int N, int C, int classes,
                                        pnas_slice features, pnas_slice weight, pnas_slice logits_gradient,
                                        pnas_slice weight_gradient, pnas_slice bias_gradient,
                                        pnas_slice features_gradient)
{
    if (on_gpu(cl, N))
        return pnas_head_gpu_classifier_backward(cl, list, N, C, classes, features, weight, logits_gradient,
                                                 weight_gradient, bias_gradient, features_gradient);
    pnas_launch_spec spec = {.label = "classifier bias gradient",
                             .file = "head.cl",
                             .kernel = "classifier_bias_gradient",
                             .global = {(size_t)classes}};
    PNAS_TRY(pnas_launch_append(cl, list, &spec,
                                PNAS_ARGS(ARG_SLICE(logits_gradient), PNAS_ARG_INT(N), PNAS_ARG_INT(classes),
                                          ARG_SLICE(bias_gradient))));
    PNAS_TRY(pnas_gemm_append(cl, list,
                              &(pnas_gemm){.transpose_a = true,
                                           .m = C,
                                           .n = classes,
                                           .k = N,
                                           .alpha = 1,
                                           .a = features,
                                           .b = logits_gradient,
                                           .c = weight_gradient,
                                           .lda = C,
                                           .ldb = classes,
                                           .ldc = classes}));
    return pnas_gemm_append(cl, list,
                            &(pnas_gemm){.transpose_b = true,
                                         .m = N,
                                         .n = C,
                                         .k = classes,
                                         .alpha = 1,
                                         .a = logits_gradient,
                                         .b = weight,
                                         .c = features_gradient,
                                         .lda = classes,
                                         .ldb = classes,
                                         .ldc = C});
}

pnas_status pnas_op_softmax_loss(pnas_cl *cl, pnas_launch_list *list, int N, int classes, pnas_slice logits,
                                 pnas_slice records, pnas_slice state, int period,
                                 const pnas_loss_targets *targets, pnas_slice logits_gradient,
                                 pnas_slice metrics)
{
    if (on_gpu(cl, N))
        return pnas_head_gpu_softmax_loss(cl, list, N, classes, logits, records, state, period, targets,
                                          logits_gradient, metrics);
    bool with_gradient = logits_gradient.buffer != NULL, mixed = targets->mixes.buffer != NULL;
    pnas_launch_spec spec = {.label = "softmax loss",
                             .file = "head.cl",
                             .kernel = "softmax_loss",
                             .global = {LOSS_GROUP},
                             .local = {LOSS_GROUP}};
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(PNAS_ARG_INT(N), PNAS_ARG_INT(classes), ARG_SLICE(logits), ARG_SLICE(records),
                  ARG_SLICE(state), PNAS_ARG_INT(period), ARG_SLICE_IF(mixed, targets->mixes, records.buffer),
                  PNAS_ARG_INT(mixed), PNAS_ARG_FLOAT(targets->smoothing), PNAS_ARG_FLOAT(targets->weight),
                  PNAS_ARG_INT(with_gradient), ARG_SLICE_IF(with_gradient, logits_gradient, logits.buffer),
                  PNAS_ARG_INT(metrics.buffer != NULL),
                  ARG_SLICE_IF(metrics.buffer != NULL, metrics, logits.buffer)));
}

/* What either kernel for images gets: `drive` is the records or the mixes, `drive_ints` each. */
static pnas_status append_images(pnas_cl *cl, pnas_launch_list *list, pnas_launch_spec spec, pnas_route route,
                                 int N, pnas_pixels images, int channels, pnas_slice mean_deviation,
                                 pnas_slice drive, size_t drive_ints, pnas_slice state, int period,
                                 const pnas_view *y)
{
    spec.file = pnas_route_file(PNAS_OP_HEAD, route);
    spec.bytes = N * (pnas_view_bytes(y) + (double)y->height * y->width * channels);
    spec.half = y->half;
    const pnas_access read = {
        .buffer = images.buffer, .first = images.offset, .length = images.written, .count = 1};
    PNAS_SET_ACCESSES(spec, pnas_access_if(images.written > 0, read),
                      pnas_slice_access(mean_deviation, 2 * (size_t)channels, false),
                      pnas_slice_access(drive, (size_t)period * (size_t)N * drive_ints, false),
                      pnas_slice_access(state, 1, false), pnas_view_access(y, N, true));
    pnas_op_range(cl, &spec, route, y, N);
    return pnas_op_append(cl, list, &spec, route, 1,
                          PNAS_ARGS(PNAS_ARG_INT(N), ARG_SLICE(images), PNAS_ARG_INT(channels),
                                    ARG_SLICE(mean_deviation), ARG_SLICE(drive), ARG_SLICE(state),
                                    PNAS_ARG_INT(period), ARG_VIEW(y), ARG_SIZE(y),
                                    PNAS_ARG_INT(y->channels)));
}

pnas_status pnas_op_load_images(pnas_cl *cl, pnas_launch_list *list, int N, pnas_pixels images, int channels,
                                pnas_slice mean_deviation, pnas_slice records, pnas_slice state, int period,
                                const pnas_view *y)
{
    pnas_route route = route_of(cl, N, y);
    const pnas_launch_spec spec = {.label = "load images", .kernel = PNAS_KERNEL_OF(route, "load_images")};
    return append_images(cl, list, spec, route, N, images, channels, mean_deviation, records,
                         PNAS_RECORD_INTS, state, period, y);
}

pnas_status pnas_op_mix_images(pnas_cl *cl, pnas_launch_list *list, int N, pnas_pixels images, int channels,
                               pnas_slice mean_deviation, pnas_slice mixes, pnas_slice state, int period,
                               const pnas_view *y)
{
    pnas_route route = route_of(cl, N, y);
    const pnas_launch_spec spec = {.label = "mix images", .kernel = PNAS_KERNEL_OF(route, "mix_images")};
    return append_images(cl, list, spec, route, N, images, channels, mean_deviation, mixes, PNAS_MIX_INTS,
                         state, period, y);
}

pnas_status pnas_op_advance(pnas_cl *cl, pnas_launch_list *list, pnas_slice state)
{
    pnas_route route = on_gpu(cl, 1) ? PNAS_ROUTE_GPU : PNAS_ROUTE_PLAIN;
    pnas_launch_spec spec = {.label = "advance",
                             .file = pnas_route_file(PNAS_OP_HEAD, route),
                             .kernel = PNAS_KERNEL_OF(route, "advance"),
                             .global = {1},
                             .local = {1},
                             .jobs = route == PNAS_ROUTE_GPU,
                             PNAS_ACCESSES(pnas_slice_access(state, 1, true))};
    return pnas_launch_append(cl, list, &spec, PNAS_ARGS(ARG_SLICE(state)));
}

/* --- as layers --- */

static pnas_status global_pool_forward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    return pnas_op_global_pool_forward(cl, list, on->N, &on->x[0], on->y.at);
}

static pnas_status global_pool_backward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    return pnas_op_global_pool_backward(cl, list, on->N, &on->x[0], on->dy.gradient.at, &on->dx[0]);
}

PNAS_LAYER_OP(PNAS_LAYER_GLOBAL_POOL) = {.forward = global_pool_forward,
                                         .backward = global_pool_backward,
                                         .routes = 1,
                                         .route = {PNAS_OP_HEAD},
                                         .route_shape = pnas_route_shape_from_input};

static pnas_status classifier_forward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    const pnas_view *features = &on->x[0].view;
    return pnas_op_classifier_forward(cl, list, on->N, features->channels, on->y_segment, features->at,
                                      on->weight, on->bias, on->y.at);
}

static pnas_status classifier_backward(pnas_cl *cl, pnas_launch_list *list, const pnas_layer_operands *on)
{
    const pnas_view *features = &on->x[0].view;
    return pnas_op_classifier_backward(cl, list, on->N, features->channels, on->y_segment, features->at,
                                       on->weight, on->dy.gradient.at, on->weight_gradient, on->bias_gradient,
                                       on->dx[0].into.at);
}

/* The products of the logits, of the gradient of the weights and of that of the features. */
static void route_shape_from_classifier(pnas_routed_op *op, int which)
{
    const int m[] = {op->N, op->C, op->N}, n[] = {op->outputs, op->outputs, op->C};
    const int depth[] = {op->C, op->N, op->outputs};
    op->shape = (pnas_route_shape){.N = 1, .C = depth[which], .H = m[which], .W = n[which]};
    op->transpose_a = which == 1;
    op->transpose_b = which == 2;
}

PNAS_LAYER_OP(PNAS_LAYER_CLASSIFIER) = {.forward = classifier_forward,
                                        .backward = classifier_backward,
                                        .routes = 3,
                                        .route = {PNAS_OP_GEMM, PNAS_OP_GEMM, PNAS_OP_GEMM},
                                        .route_shape = route_shape_from_classifier};
