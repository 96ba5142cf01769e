/* Batch normalisation on the device and by the reference: from sums to scale and shift, and the coefficients
 * of its backward as readers use them. Local. */
#ifndef PNAS_CL_CHECK_NORM_CASE_H
#define PNAS_CL_CHECK_NORM_CASE_H

#include "cl/ops/check/op_harness.h"

#define NORM_CASE_EPSILON  1e-3
#define NORM_CASE_MOMENTUM 0.9
#define NORM_CASE_TOLERANCE                                                                                  \
    1e-5 /* relative to figures of size one; sums of squares cancel with the mean's square */

typedef struct {
    int N, C, H, W;
    double offset; /* added to raw: the mean's size in deviations */
} norm_case;

norm_case norm_case_random(op_harness *h);
void norm_case_check_forward(op_harness *h, const norm_case *test, double tolerance);
void norm_case_check_backward(op_harness *h, const norm_case *test);

#endif
