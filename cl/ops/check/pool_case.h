/* One max or average pool on the device and by the reference: forward, positions and input gradient.
 * Tolerances are relative to the sum of the absolute terms of an element: 2e-6 is about 30 roundings of a
 * float in one direction. Local. */
#ifndef PNAS_CL_CHECK_POOL_CASE_H
#define PNAS_CL_CHECK_POOL_CASE_H

#include "cl/ops/check/op_harness.h"
#include "cl/ops/check/reference_norm_pool.h"

typedef struct {
    reference_window shape;
    bool x_normalise, x_relu, y_normalise, accumulate;
} pool_case;

/* window: kernel height and width, dilation, stride. */
pool_case pool_case_random(op_harness *h, const int window[4]);
void average_pool_case_check(op_harness *h, const pool_case *test);
void max_pool_case_check(op_harness *h, const pool_case *test);

/* Positions lie on the device as [N][C/V][OH*OW][V] bytes, from this byte on. */
enum { POOL_CASE_POSITIONS_BYTE = 12 };
void pool_case_compare_positions(op_harness *h, const reference_window *s, cl_mem buffer,
                                 const int *expected);

#endif
