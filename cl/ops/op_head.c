/* Both ends of a child: images in; global pool, classifier and loss; the step counter. */
#include "cl/ops/gemm.h"
#include "cl/ops/layer_op.h"
#include "cl/ops/op_arguments.h"

enum { LOSS_GROUP = 64 }; /* GROUP of head.cl */

static const char *file_of(bool tiled)
{
    return tiled ? "head_tile.cl" : "head.cl";
}

pnas_status pnas_op_global_pool_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                        pnas_slice features)
{
    bool tiled = pnas_op_tiled(cl, PNAS_OP_HEAD, N, &x->view, NULL, NULL);
    size_t channels = (size_t)x->view.channels;
    pnas_launch_spec spec = {.label = "global pool forward",
                             .file = file_of(tiled),
                             .kernel = tiled ? "global_pool_forward_tile" : "global_pool_forward",
                             .global = {tiled ? channels / (size_t)cl->vector : channels, (size_t)N},
                             .local = {tiled ? 1 : 0},
                             .bytes = N * pnas_view_bytes(&x->view),
                             .half = x->view.half};
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(channels),
                                        PNAS_ARG_INT(x->view.height * x->view.width), ARG_SLICE(features)));
}

pnas_status pnas_op_global_pool_backward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                         pnas_slice features_gradient, const pnas_downstream *dx)
{
    if (!dx->into.at.buffer)
        return PNAS_OK;
    bool tiled = pnas_op_tiled(cl, PNAS_OP_HEAD, N, &x->view, NULL, NULL);
    pnas_launch_spec spec = {.label = "global pool backward",
                             .file = file_of(tiled),
                             .kernel = tiled ? "global_pool_backward_tile" : "global_pool_backward",
                             .bytes = N * pnas_view_bytes(&x->view),
                             .half = x->view.half};
    pnas_op_global(cl, &spec, tiled, &dx->into, N);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(ARG_OPERAND(x), PNAS_ARG_INT(x->view.channels),
                                        PNAS_ARG_INT(x->view.height * x->view.width),
                                        ARG_SLICE(features_gradient), ARG_DOWNSTREAM(dx)));
}

pnas_status pnas_op_classifier_forward(pnas_cl *cl, pnas_launch_list *list, int N, int C, int classes,
                                       pnas_slice features, pnas_slice weight, pnas_slice bias,
                                       pnas_slice logits)
{
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

/* What either kernel for images gets: `drive` is the records or the mixes. */
static pnas_status append_images(pnas_cl *cl, pnas_launch_list *list, const char *label, const char *kernel,
                                 int N, cl_mem images, int channels, pnas_slice mean_deviation,
                                 pnas_slice drive, pnas_slice state, int period, const pnas_view *y)
{
    bool tiled = pnas_op_tiled(cl, PNAS_OP_HEAD, N, y, NULL, NULL);
    pnas_launch_spec spec = {.label = label,
                             .file = file_of(tiled),
                             .kernel = kernel,
                             .bytes = N * (pnas_view_bytes(y) + (double)y->height * y->width * channels),
                             .half = y->half};
    pnas_op_global(cl, &spec, tiled, y, N);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(PNAS_ARG_INT(N), PNAS_ARG_BUFFER(images), PNAS_ARG_INT(channels),
                                        ARG_SLICE(mean_deviation), ARG_SLICE(drive), ARG_SLICE(state),
                                        PNAS_ARG_INT(period), ARG_VIEW(y), ARG_SIZE(y)));
}

pnas_status pnas_op_load_images(pnas_cl *cl, pnas_launch_list *list, int N, cl_mem images, int channels,
                                pnas_slice mean_deviation, pnas_slice records, pnas_slice state, int period,
                                const pnas_view *y)
{
    bool tiled = pnas_op_tiled(cl, PNAS_OP_HEAD, N, y, NULL, NULL);
    return append_images(cl, list, "load images", tiled ? "load_images_tile" : "load_images", N, images,
                         channels, mean_deviation, records, state, period, y);
}

pnas_status pnas_op_mix_images(pnas_cl *cl, pnas_launch_list *list, int N, cl_mem images, int channels,
                               pnas_slice mean_deviation, pnas_slice mixes, pnas_slice state, int period,
                               const pnas_view *y)
{
    bool tiled = pnas_op_tiled(cl, PNAS_OP_HEAD, N, y, NULL, NULL);
    return append_images(cl, list, "mix images", tiled ? "mix_images_tile" : "mix_images", N, images,
                         channels, mean_deviation, mixes, state, period, y);
}

pnas_status pnas_op_advance(pnas_cl *cl, pnas_launch_list *list, pnas_slice state)
{
    pnas_launch_spec spec = {
        .label = "advance", .file = "head.cl", .kernel = "advance", .global = {1}, .local = {1}};
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
