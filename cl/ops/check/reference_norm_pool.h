/* Plain references of depthwise convolution, pools and batch normalisation on logical [N][C][H][W] doubles:
 * what cl/ops/op.h says, and nothing else. Inputs are transformed already, gradients are unmasked; outputs
 * are overwritten. Local. */
#ifndef PNAS_CL_CHECK_REFERENCE_NORM_POOL_H
#define PNAS_CL_CHECK_REFERENCE_NORM_POOL_H

#include "cl/ops/op.h"

typedef struct {
    int N, C, H, W, OH, OW;
    pnas_window window;
} reference_window;

/* SAME padding: sets OH, OW and the pads from the rest; bottom and right get the odd one. */
void reference_window_same(reference_window *shape);

/* weight [kh][kw][C] */
void reference_depthwise_forward(const reference_window *shape, const double *x, const double *weight,
                                 double *y);
void reference_depthwise_backward(const reference_window *shape, const double *x, const double *weight,
                                  const double *dy, double *dx, double *dw);
/* positions: ky * kw + kx, one a value of y */
void reference_max_pool_forward(const reference_window *shape, const double *x, double *y, int *positions);
void reference_max_pool_backward(const reference_window *shape, const int *positions, const double *dy,
                                 double *dx);
void reference_average_pool_forward(const reference_window *shape, const double *x, double *y);
void reference_average_pool_backward(const reference_window *shape, const double *dy, double *dx);

/* Batch normalisation of raw [N][C][pixels]; y may be NULL. */
void reference_norm_forward(int N, int C, int pixels, const double *raw, const double *gamma,
                            const double *beta, double epsilon, double *mean, double *variance, double *y);
void reference_norm_backward(int N, int C, int pixels, const double *raw, const double *gamma, double epsilon,
                             const double *dy, double *draw, double *dgamma, double *dbeta);

#endif
