/* Sums, transformed copies and regrouping on the device and as they should be. Local. */
#ifndef PNAS_CL_CHECK_ADD_CASE_H
#define PNAS_CL_CHECK_ADD_CASE_H

#include "cl/ops/check/op_harness.h"

typedef struct {
    int N, C, H, W;
    bool a_normalise, a_relu, b_normalise, b_relu, two, accumulate, scaled;
} add_case;

add_case add_case_random(op_harness *h);
void add_case_check_forward(op_harness *h, const add_case *test);
void add_case_check_backward(op_harness *h, const add_case *test);

/* The factors of a step of drop-path. */
void drop_case_check(op_harness *h, int N, int paths, int cells, int step, int steps);

/* `logical` channels moved between segments of these sizes. */
void regroup_case_check(op_harness *h, int logical, int from_segment, int to_segment, bool accumulate);

#endif
