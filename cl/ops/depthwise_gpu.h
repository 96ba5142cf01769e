/* Private to cl: depthwise convolution by the route of GPUs (kernels/depthwise_gpu.cl). Local. */
#ifndef PNAS_CL_DEPTHWISE_GPU_H
#define PNAS_CL_DEPTHWISE_GPU_H

#include "cl/ops/op.h"

/* Whether the least piece of an image that the window needs fits into local memory. */
bool pnas_depthwise_gpu_serves(const pnas_window *window);

/* As the functions of cl/ops/op.h. */
pnas_status pnas_depthwise_gpu_forward(pnas_cl *cl, pnas_launch_list *list, int N, const pnas_operand *x,
                                       pnas_slice weight, const pnas_window *window, const pnas_view *y);
pnas_status pnas_depthwise_gpu_input_gradient(pnas_cl *cl, pnas_launch_list *list, int N,
                                              const pnas_operand *x, pnas_slice weight,
                                              const pnas_window *window, const pnas_upstream *y,
                                              const pnas_downstream *dx);
pnas_status pnas_depthwise_gpu_weight_gradient(pnas_cl *cl, pnas_launch_list *list, int N,
                                               const pnas_operand *x, const pnas_window *window,
                                               const pnas_upstream *y, pnas_slice weight_gradient,
                                               pnas_slice scratch);
size_t pnas_depthwise_gpu_scratch(int N, const pnas_view *x, const pnas_window *window, const pnas_view *y);

#endif
