/* One depthwise convolution on the device and by the reference: forward, and all gradients. Tolerances are
 * relative to the sum of the absolute terms of an element: 2e-6 is about 30 roundings of a float in one
 * direction. Local. */
#ifndef PNAS_CL_CHECK_DEPTHWISE_CASE_H
#define PNAS_CL_CHECK_DEPTHWISE_CASE_H

#include "cl/ops/check/op_harness.h"
#include "cl/ops/check/reference_norm_pool.h"

typedef struct {
    reference_window shape;
    bool x_normalise, x_relu, y_normalise, accumulate, no_input_gradient;
} depthwise_case;

typedef struct { /* a case on the device */
    op_operand x;
    double *weight, *weight_magnitude;
    pnas_slice weight_slice;
    size_t inputs, outputs, weights;
    int padded, taps;
} depthwise_setting;

depthwise_case depthwise_case_random(op_harness *h, int kernel_h, int kernel_w, int dilation, int stride);
depthwise_setting depthwise_case_set_up(op_harness *h, const depthwise_case *test);
void depthwise_case_check(op_harness *h, const depthwise_case *test);

#endif
