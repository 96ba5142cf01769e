/* Batch normalisation against the double precision reference: from sums to scale and shift, and the
 * coefficients of its backward as readers use them. */
#include "cl/ops/check/norm_case.h"
#include "cl/ops/check/reference_norm_pool.h"
#include "tests/cl/ops/op_test.h"

#include <criterion/criterion.h>
#include <math.h>

static void check_random(int vector, pnas_route route, int rounds)
{
    op_harness h;
    op_test_open(&h, vector, route, (uint64_t)vector);
    for (int round = 0; round < rounds; ++round) {
        norm_case test = norm_case_random(&h);
        norm_case_check_forward(&h, &test, NORM_CASE_TOLERANCE);
        norm_case_check_backward(&h, &test);
    }
    op_test_close(&h);
}

Test(norm, plain_with_single_channels_agrees_with_the_reference)
{
    check_random(1, PNAS_ROUTE_PLAIN, 3);
}

Test(norm, plain_with_blocks_of_four_agrees_with_the_reference)
{
    check_random(4, PNAS_ROUTE_PLAIN, 3);
}

Test(norm, tile_agrees_with_the_reference)
{
    check_random(8, PNAS_ROUTE_TILE, test_device_small() ? 2 : 10);
}

Test(norm, gpu_agrees_with_the_reference)
{
    check_random(4, PNAS_ROUTE_GPU, test_device_small() ? 2 : 10);
}

/* Images that differ much from each other: sums of squares over the batch would cancel, Chan's formula does
 * not. A float's sum of squares of one image still carries its own rounding. */
Test(norm, the_variance_survives_a_mean_of_many_deviations)
{
    static const pnas_route routes[] = {PNAS_ROUTE_PLAIN, PNAS_ROUTE_GPU};
    for (int r = 0; r < 2; ++r) {
        op_harness h;
        op_test_open(&h, 4, routes[r], 3);
        norm_case test = {.N = 6, .C = 5, .H = 4, .W = 4, .offset = 30};
        norm_case_check_forward(&h, &test, 2e-3);
        op_test_close(&h);
    }
}

Test(norm, a_single_value_has_no_variance)
{
    static const pnas_route routes[] = {PNAS_ROUTE_PLAIN, PNAS_ROUTE_GPU};
    for (int r = 0; r < 2; ++r) {
        op_harness h;
        op_test_open(&h, 4, routes[r], 4);
        norm_case test = {.N = 1, .C = 3, .H = 1, .W = 1};
        norm_case_check_forward(&h, &test, NORM_CASE_TOLERANCE);
        norm_case_check_backward(&h, &test);
        op_test_close(&h);
    }
}

/* Channel 0 of two images, the second of which has no figures; the others are padding. */
static void check_not_finite(int vector, pnas_route route)
{
    op_harness h;
    op_test_open(&h, vector, route, 5);
    size_t row = (size_t)vector;
    double *zero = op_harness_zeros(&h, 2 * row), *one = op_harness_zeros(&h, row),
           *sums = op_harness_zeros(&h, 4 * row);
    one[0] = sums[0] = sums[row] = 1;
    sums[2 * row] = sums[3 * row] = NAN;
    pnas_slice statistics = op_harness_slice(&h, 4 * row, sums), gamma = op_harness_slice(&h, row, one);
    pnas_slice running = op_harness_output_slice(&h, 2 * row, zero),
               saved = op_harness_output_slice(&h, 2 * row, NULL);
    pnas_slice scale_shift = op_harness_output_slice(&h, 2 * row, NULL);
    cr_assert_eq(pnas_op_norm_forward(h.cl, &h.list, 2, 1, 1, vector, statistics, gamma, gamma,
                                      NORM_CASE_MOMENTUM, NORM_CASE_EPSILON, running, saved, scale_shift),
                 PNAS_OK, "%s", pnas_message());
    op_harness_run(&h);
    cr_assert(isnan(op_harness_read_slice(&h, scale_shift, 2 * row)[0]));
    cr_assert(isnan(op_harness_read_slice(&h, running, 2 * row)[row]));
    op_test_close(&h);
}

Test(norm, a_sum_that_is_not_finite_is_not_hidden)
{
    check_not_finite(1, PNAS_ROUTE_PLAIN);
    check_not_finite(4, PNAS_ROUTE_GPU);
}

/* --- the reference itself, by finite differences --- */
typedef struct {
    norm_case shape;
    double *raw, *gamma, *beta, *y, *mean, *variance, *direction;
} scalar;

static double inner_product(void *payload)
{
    scalar *f = payload;
    int pixels = f->shape.H * f->shape.W;
    reference_norm_forward(f->shape.N, f->shape.C, pixels, f->raw, f->gamma, f->beta, NORM_CASE_EPSILON,
                           f->mean, f->variance, f->y);
    double sum = 0;
    for (size_t i = 0; i < (size_t)f->shape.N * f->shape.C * pixels; ++i)
        sum += f->y[i] * f->direction[i];
    return sum;
}

Test(norm, the_references_gradients_are_those_of_finite_differences)
{
    op_harness h;
    op_test_open(&h, 0, PNAS_ROUTE_AUTO, 6);
    norm_case s = {.N = 3, .C = 4, .H = 5, .W = 3};
    size_t values = (size_t)s.N * s.C * s.H * s.W, C = (size_t)s.C;
    scalar f = {.shape = s,
                .raw = op_harness_random(&h, values),
                .gamma = op_harness_random(&h, C),
                .beta = op_harness_random(&h, C),
                .y = op_harness_zeros(&h, values),
                .mean = op_harness_zeros(&h, C),
                .variance = op_harness_zeros(&h, C),
                .direction = op_harness_random(&h, values)};
    double *draw = op_harness_zeros(&h, values), *dgamma = op_harness_zeros(&h, C),
           *dbeta = op_harness_zeros(&h, C);
    reference_norm_backward(s.N, s.C, s.H * s.W, f.raw, f.gamma, NORM_CASE_EPSILON, f.direction, draw, dgamma,
                            dbeta);
    op_test_check_gradient(&h, "raw", inner_product, &f, f.raw, draw, values, 40, 1e-6);
    op_test_check_gradient(&h, "gamma", inner_product, &f, f.gamma, dgamma, C, 10, 1e-6);
    op_test_check_gradient(&h, "beta", inner_product, &f, f.beta, dbeta, C, 10, 1e-6);
    op_test_close(&h);
}
