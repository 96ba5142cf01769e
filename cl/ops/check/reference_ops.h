/* Plain references of the ops on logical [N][C][H][W] doubles: what cl/ops/op.h says, and nothing else.
 * Local. */
#ifndef PNAS_CL_CHECK_REFERENCE_OPS_H
#define PNAS_CL_CHECK_REFERENCE_OPS_H

#include "cl/ops/op.h"

typedef struct {
    int N, C, H, W, M, OH, OW;
    pnas_window window;
} reference_convolution;

/* x is transformed already; weight [kh][kw][C][M]; y is overwritten. */
void reference_convolution_forward(const reference_convolution *conv, const double *x, const double *weight,
                                   double *y);
/* dy is transformed already; dx (unmasked) and dw are overwritten; dw is 0 where a weight does not count. */
void reference_convolution_backward(const reference_convolution *conv, const double *x, const double *weight,
                                    const double *dy, double *dx, double *dw);
/* statistics [N][2][M] of y: sums and sums of squares over an image's pixels. */
void reference_statistics(int N, int M, int pixels, const double *y, double *statistics);

#endif
