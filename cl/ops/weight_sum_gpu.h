/* Private to cl: the last part of weight gradients by the route of GPUs (kernels/weight_sum_gpu.cl). Local. */
#ifndef PNAS_CL_WEIGHT_SUM_GPU_H
#define PNAS_CL_WEIGHT_SUM_GPU_H

#include "cl/ops/op.h"

/* gradient [weights] = the sum of partial [partials][weights]; weights: a multiple of V. */
pnas_status pnas_weight_sum_gpu(pnas_cl *cl, pnas_launch_list *list, pnas_slice partial, int partials,
                                size_t weights, pnas_slice gradient);

/* The same of a factorized reduction from C to M channels, for weights [2][C][M]: outputs before `split` have only the
 * first tap, the others only the second. split 0: no reduction. */
pnas_status pnas_weight_sum_gpu_split(pnas_cl *cl, pnas_launch_list *list, pnas_slice partial, int partials,
                                      size_t weights, int C, int M, int split, pnas_slice gradient);

#endif
