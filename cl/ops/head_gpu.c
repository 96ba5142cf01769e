#include "cl/ops/head_gpu.h"

#include "cl/ops/op_arguments.h"

enum { GROUP = 128, CLASS_COLUMNS = 16 }; /* as in kernels/head_gpu.cl */
enum { LANES_MOST = 32 };                 /* work-items that share a row of logits */

static const char file[] = "head_gpu.cl";

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

pnas_status pnas_head_gpu_classifier_forward(pnas_cl *cl, pnas_launch_list *list, int N, int C, int classes,
                                             pnas_slice features, pnas_slice weight, pnas_slice bias,
                                             pnas_slice logits)
{
    size_t images = (size_t)N, outputs = (size_t)classes;
    pnas_launch_spec spec = {.label = "classifier forward",
                             .file = file,
                             .kernel = "classifier_forward_gpu",
                             .flops = 2.0 * N * C * classes,
                             PNAS_ACCESSES(pnas_slice_access(features, images * (size_t)C, false),
                                           pnas_slice_access(weight, (size_t)C * outputs, false),
                                           pnas_slice_access(bias, outputs, false),
                                           pnas_slice_access(logits, images * outputs, true))};
    pnas_op_groups(&spec, images * divide_up(outputs, CLASS_COLUMNS), GROUP);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(PNAS_ARG_INT(N), PNAS_ARG_INT(C), PNAS_ARG_INT(classes),
                                        ARG_SLICE(features), ARG_SLICE(weight), ARG_SLICE(bias),
                                        ARG_SLICE(logits)));
}

pnas_status pnas_head_gpu_classifier_backward(pnas_cl *cl, pnas_launch_list *list, int N, int C, int classes,
                                              pnas_slice features, pnas_slice weight,
                                              pnas_slice logits_gradient, pnas_slice weight_gradient,
                                              pnas_slice bias_gradient, pnas_slice features_gradient)
{
    size_t images = (size_t)N, inputs = (size_t)C, outputs = (size_t)classes;
    pnas_launch_spec spec = {.label = "classifier backward",
                             .file = file,
                             .kernel = "classifier_backward_gpu",
                             .flops = 4.0 * N * C * classes,
                             PNAS_ACCESSES(pnas_slice_access(features, images * inputs, false),
                                           pnas_slice_access(weight, inputs * outputs, false),
                                           pnas_slice_access(logits_gradient, images * outputs, false),
                                           pnas_slice_access(weight_gradient, inputs * outputs, true),
                                           pnas_slice_access(bias_gradient, outputs, true),
                                           pnas_slice_access(features_gradient, images * inputs, true))};
    pnas_op_groups(&spec, divide_up((inputs + 1) * outputs, GROUP) + divide_up(images * inputs, GROUP),
                   GROUP);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(PNAS_ARG_INT(N), PNAS_ARG_INT(C), PNAS_ARG_INT(classes),
                                        ARG_SLICE(features), ARG_SLICE(weight), ARG_SLICE(logits_gradient),
                                        ARG_SLICE(weight_gradient), ARG_SLICE(bias_gradient),
                                        ARG_SLICE(features_gradient)));
}

pnas_status pnas_head_gpu_softmax_loss(pnas_cl *cl, pnas_launch_list *list, int N, int classes,
                                       pnas_slice logits, pnas_slice records, pnas_slice state, int period,
                                       const pnas_loss_targets *targets, pnas_slice logits_gradient,
                                       pnas_slice metrics)
{
    bool with_gradient = logits_gradient.buffer != NULL, with_metrics = metrics.buffer != NULL;
    bool mixed = targets->mixes.buffer != NULL;
    size_t images = (size_t)N, values = images * (size_t)classes, ring = (size_t)period * images;
    int lanes = 1;
    while (lanes < LANES_MOST && lanes * 4 < classes)
        lanes *= 2;
    pnas_launch_spec spec = {
        .label = "softmax loss",
        .file = file,
        .kernel = "softmax_loss_gpu",
        PNAS_ACCESSES(pnas_slice_access(logits, values, false),
                      pnas_slice_access(records, ring * PNAS_RECORD_INTS, false),
                      pnas_slice_access(state, 1, false),
                      pnas_access_if(mixed, pnas_slice_access(targets->mixes, ring * PNAS_MIX_INTS, false)),
                      pnas_access_if(with_gradient, pnas_slice_access(logits_gradient, values, true)),
                      pnas_access_if(with_metrics, pnas_slice_access(metrics, 2 * (size_t)period, true)))};
    pnas_op_groups(&spec, 1 + (with_gradient ? divide_up(images, (size_t)(GROUP / lanes)) : 0), GROUP);
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(PNAS_ARG_INT(N), PNAS_ARG_INT(classes), ARG_SLICE(logits), ARG_SLICE(records),
                  ARG_SLICE(state), PNAS_ARG_INT(period), ARG_SLICE_IF(mixed, targets->mixes, records.buffer),
                  PNAS_ARG_INT(mixed), PNAS_ARG_FLOAT(targets->smoothing), PNAS_ARG_FLOAT(targets->weight),
                  ARG_SLICE_IF(with_gradient, logits_gradient, logits.buffer), PNAS_ARG_INT(with_metrics),
                  ARG_SLICE_IF(with_metrics, metrics, logits.buffer), PNAS_ARG_INT(lanes)));
}
