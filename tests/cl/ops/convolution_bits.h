/* That a convolution gives the same bits twice, or by two routes. */
#ifndef PNAS_TESTS_CL_CONVOLUTION_BITS_H
#define PNAS_TESTS_CL_CONVOLUTION_BITS_H

#include "cl/ops/check/convolution_case.h"
#include "tests/cl/ops/op_test.h"

/* Runs it twice, in two contexts, by one route or two, and compares everything it makes. */
static inline void convolution_check_same(int vector, pnas_route one, pnas_route other,
                                          const convolution_case *test)
{
    op_harness first, second;
    op_test_open(&first, vector, one, 77);
    op_test_open(&second, vector, other, 77);
    convolution_results a = convolution_case_run(&first, test), b = convolution_case_run(&second, test);
    cr_assert_arr_eq(a.y, b.y, a.y_count * sizeof(double));
    cr_assert_arr_eq(a.statistics, b.statistics, a.statistics_count * sizeof(double));
    cr_assert_arr_eq(a.dx, b.dx, a.dx_count * sizeof(double));
    cr_assert_arr_eq(a.dw, b.dw, a.dw_count * sizeof(double));
    op_test_close(&first);
    op_test_close(&second);
}

static inline void convolution_check_bits(int vector, pnas_route route, const convolution_case *test)
{
    convolution_check_same(vector, route, route, test);
}

#endif
