/* Private to cl: classifier and loss by the route of GPUs (kernels/head_gpu.cl). Local. As the functions of
 * cl/ops/op.h. */
#ifndef PNAS_CL_HEAD_GPU_H
#define PNAS_CL_HEAD_GPU_H

#include "cl/ops/op.h"

pnas_status pnas_head_gpu_classifier_forward(pnas_cl *cl, pnas_launch_list *list, int N, int C, int classes,
                                             pnas_slice features, pnas_slice weight, pnas_slice bias,
                                             pnas_slice logits);
pnas_status pnas_head_gpu_classifier_backward(pnas_cl *cl, pnas_launch_list *list, int N, int C, int classes,
                                              pnas_slice features, pnas_slice weight,
                                              pnas_slice logits_gradient, pnas_slice weight_gradient,
                                              pnas_slice bias_gradient, pnas_slice features_gradient);
pnas_status pnas_head_gpu_softmax_loss(pnas_cl *cl, pnas_launch_list *list, int N, int classes,
                                       pnas_slice logits, pnas_slice records, pnas_slice state, int period,
                                       const pnas_loss_targets *targets, pnas_slice logits_gradient,
                                       pnas_slice metrics);

#endif
