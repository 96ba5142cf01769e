/* Sums, copies, regrouping and zeros against what they should be, on every route. */
#include "cl/ops/check/add_case.h"
#include "tests/cl/ops/op_test.h"

#include <criterion/criterion.h>

static void check_random(int vector, pnas_route route, int rounds)
{
    op_harness h;
    op_test_open(&h, vector, route, (uint64_t)vector);
    for (int round = 0; round < rounds; ++round) {
        add_case test = add_case_random(&h);
        add_case_check_forward(&h, &test);
        add_case_check_backward(&h, &test);
    }
    op_test_close(&h);
}

Test(add, plain_agrees_with_the_sum_of_transformed_operands)
{
    check_random(1, PNAS_ROUTE_PLAIN, 4);
    check_random(4, PNAS_ROUTE_PLAIN, 6);
    check_random(8, PNAS_ROUTE_PLAIN, 4);
}

Test(add, tile_agrees_with_the_sum_of_transformed_operands)
{
    check_random(8, PNAS_ROUTE_TILE, test_device_small() ? 4 : 16);
}

Test(add, gpu_agrees_with_the_sum_of_transformed_operands)
{
    check_random(4, PNAS_ROUTE_GPU, test_device_small() ? 4 : 16);
}

Test(add, factors_of_paths_follow_the_schedule_and_the_bits)
{
    static const pnas_route routes[] = {PNAS_ROUTE_PLAIN, PNAS_ROUTE_GPU};
    for (int r = 0; r < 2; ++r) {
        op_harness h;
        op_test_open(&h, 4, routes[r], 12);
        drop_case_check(&h, 5, 6, 3, 0, 10);
        drop_case_check(&h, 3, 90, 9, 5, 10);
        drop_case_check(&h, 16, 64, 16, 9, 10);
        op_test_close(&h);
    }
}

Test(add, an_unwanted_gradient_costs_no_launch)
{
    op_harness h;
    op_test_open(&h, 1, PNAS_ROUTE_AUTO, 9);
    op_operand x = op_harness_operand(&h, 1, 1, 1, 1, false, true);
    cr_assert_eq(pnas_op_add_backward(h.cl, &h.list, 1, &x.operand, &x.operand.view, (pnas_slice){NULL, 0},
                                      &(pnas_downstream){.accumulate = true}),
                 PNAS_OK);
    cr_assert_eq(h.list.count, 0);
    op_test_close(&h);
}

Test(regroup, moves_logical_channels_and_leaves_padding_zero)
{
    static const pnas_route routes[] = {PNAS_ROUTE_AUTO, PNAS_ROUTE_AUTO, PNAS_ROUTE_AUTO, PNAS_ROUTE_GPU};
    static const int vectors[] = {1, 4, 8, 4},
                     shapes[][3] = {{12, 6, 4}, {12, 4, 6}, {30, 10, 15}, {7, 7, 1}, {24, 24, 8}, {9, 5, 3}};
    for (int v = 0; v < 4; ++v) {
        op_harness h;
        op_test_open(&h, vectors[v], routes[v], 10);
        for (int i = 0; i < 6; ++i)
            for (int accumulate = 0; accumulate < 2; ++accumulate)
                regroup_case_check(&h, shapes[i][0], shapes[i][1], shapes[i][2], accumulate);
        op_test_close(&h);
    }
}

Test(zero, clears_exactly_what_was_asked_for)
{
    static const size_t counts[] = {1, 7, 4096, 10001};
    for (int i = 0; i < 8; ++i) {
        op_harness h;
        op_test_open(&h, i < 4 ? 0 : 4, i < 4 ? PNAS_ROUTE_AUTO : PNAS_ROUTE_GPU, 11);
        size_t count = counts[i % 4];
        pnas_slice at = op_harness_output_slice(&h, count, NULL);
        cr_assert_eq(pnas_op_zero(h.cl, &h.list, at, count), PNAS_OK, "%s", pnas_message());
        op_harness_run(&h);
        double *got = op_harness_read_slice(&h, at, count);
        for (size_t k = 0; k < count; ++k)
            cr_assert(got[k] == 0, "float %zu of %zu is %g", k, count, got[k]);
        op_test_close(&h);
    }
}
