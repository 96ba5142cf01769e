/* Private to cl: launches of the GPU's route of convolutions. V = 4. Parameters as in cl/ops/convolution.h. Local. */
#ifndef PNAS_CL_CONVOLUTION_GPU_H
#define PNAS_CL_CONVOLUTION_GPU_H

#include "cl/ops/convolution.h"

pnas_status pnas_convolution_gpu_forward(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                         pnas_slice statistics);

/* Input gradient, if wanted, and the weights'. */
pnas_status pnas_convolution_gpu_backward(pnas_cl *cl, pnas_launch_list *list, const pnas_convolution *conv,
                                          const pnas_upstream *y, const pnas_downstream *dx,
                                          pnas_slice weight_gradient, pnas_slice scratch);

/* Floats of partial sums of the weights' gradient. */
size_t pnas_convolution_gpu_scratch(int N, const pnas_window *window, const pnas_view *x, const pnas_view *y);

/* Pixels of a tile of the statistics of an image of so many. */
int pnas_convolution_gpu_statistics_tile(int pixels);

#endif
