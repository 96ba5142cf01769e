/* Private to cl: what the pointwise convolution has from the dense one. Local. */
#ifndef PNAS_CL_OP_CONVOLUTION_H
#define PNAS_CL_OP_CONVOLUTION_H

#include "cl/ops/convolution.h"

/* The two as pnas_op_convolution_*; `op` is whose route the table is asked for. */
pnas_status pnas_convolution_forward(pnas_cl *cl, pnas_launch_list *list, pnas_op_kind op,
                                     const pnas_convolution *conv, pnas_slice statistics);
pnas_status pnas_convolution_backward(pnas_cl *cl, pnas_launch_list *list, pnas_op_kind op,
                                      const pnas_convolution *conv, const pnas_upstream *y,
                                      const pnas_downstream *dx, pnas_slice weight_gradient,
                                      pnas_slice scratch);

size_t pnas_convolution_scratch_of(const pnas_cl *cl, pnas_op_kind op, int N, const pnas_view *x,
                                   const pnas_window *window, const pnas_view *y);
int pnas_convolution_statistics_tile(const pnas_cl *cl, pnas_op_kind op, int N, const pnas_view *x,
                                     const pnas_window *window, const pnas_view *y);

#endif
