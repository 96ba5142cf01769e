/* One convolution, dense or pointwise, on the device and by the reference: forward with statistics, and all
 * gradients. Local.
 *
 * Tolerances are relative to the sum of the absolute values of all products of an element, so they do not
 * depend on cancellation: 2e-6 is about 30 roundings of a float in the same direction, where a long sum's
 * roundings average out; a wrong or missing product of typical size is off by 1e-3 and more. */
#ifndef PNAS_CL_CHECK_CONVOLUTION_CASE_H
#define PNAS_CL_CHECK_CONVOLUTION_CASE_H

#include "cl/ops/check/op_harness.h"
#include "cl/ops/check/reference_ops.h"

#define CONVOLUTION_TOLERANCE 2e-6

typedef struct {
    reference_convolution shape;
    bool pointwise;
    bool x_normalise, x_relu, y_normalise, accumulate, no_input_gradient, no_statistics;
} convolution_case;

/* SAME padding: sets OH, OW and the pads from the rest of the shape; bottom and right get the odd one. */
void convolution_case_same(reference_convolution *shape);
/* Random flags. */
convolution_case convolution_case_random(op_harness *h, reference_convolution shape, bool pointwise);
void convolution_case_check(op_harness *h, const convolution_case *test);

typedef struct { /* everything it makes, the harness's */
    double *y, *statistics, *dx, *dw;
    size_t y_count, statistics_count, dx_count, dw_count;
} convolution_results;

/* Runs a case with statistics and an input gradient. */
convolution_results convolution_case_run(op_harness *h, const convolution_case *test);

#endif
