/* Sums, copies, regrouping and zeros against what they should be, on both routes. */
#include "tests/cl/op_harness.h"

#include <criterion/criterion.h>
#include <math.h>

#define TOLERANCE 1e-6

typedef struct {
    int N, C, H, W;
    bool a_normalise, a_relu, b_normalise, b_relu, two, accumulate;
} add_case;

static size_t values_of(const add_case *test)
{
    return (size_t)test->N * test->C * test->H * test->W;
}

static void check_forward(op_harness *h, const add_case *test)
{
    op_operand a = op_harness_operand(h, test->N, test->C, test->H, test->W, test->a_normalise, test->a_relu);
    op_operand b = op_harness_operand(h, test->N, test->C, test->H, test->W, test->b_normalise, test->b_relu);
    pnas_view y = op_harness_output(h, test->N, test->C, test->H, test->W, NULL);
    cr_assert_eq(pnas_op_add_forward(h->cl, &h->list, test->N, &a.operand, test->two ? &b.operand : NULL, &y),
                 PNAS_OK, "%s", pnas_message());
    op_harness_run(h);
    double *expected = op_harness_zeros(h, values_of(test)),
           *magnitude = op_harness_zeros(h, values_of(test));
    for (size_t i = 0; i < values_of(test); ++i) {
        expected[i] = a.value[i] + (test->two ? b.value[i] : 0);
        magnitude[i] = a.magnitude[i] + (test->two ? b.magnitude[i] : 0);
    }
    op_harness_compare("sum", op_harness_read(h, &y, test->N, test->C), expected, magnitude, values_of(test),
                       TOLERANCE);
}

static void check_backward(op_harness *h, const add_case *test)
{
    op_operand x = op_harness_operand(h, test->N, test->C, test->H, test->W, test->a_normalise, test->a_relu);
    double *g = op_harness_random(h, values_of(test)), *before = op_harness_random(h, values_of(test));
    pnas_view gradient = op_harness_view(h, test->N, test->C, test->H, test->W, g);
    pnas_downstream dx = {
        .into = op_harness_output(h, test->N, test->C, test->H, test->W, test->accumulate ? before : NULL),
        .accumulate = test->accumulate};
    cr_assert_eq(pnas_op_add_backward(h->cl, &h->list, test->N, &x.operand, &gradient, &dx), PNAS_OK, "%s",
                 pnas_message());
    op_harness_run(h);
    double *expected = op_harness_zeros(h, values_of(test)),
           *magnitude = op_harness_zeros(h, values_of(test));
    for (size_t i = 0; i < values_of(test); ++i) {
        double kept = test->accumulate ? before[i] : 0;
        expected[i] = x.mask[i] * g[i] + kept;
        magnitude[i] = fabs(g[i]) + fabs(kept);
    }
    op_harness_compare("gradient", op_harness_read(h, &dx.into, test->N, test->C), expected, magnitude,
                       values_of(test), TOLERANCE);
}

static void check_random(int vector, pnas_route route, int rounds)
{
    op_harness h;
    op_harness_open(&h, vector, route, (uint64_t)vector);
    int largest = op_harness_small() ? 4 : 17;
    for (int round = 0; round < rounds; ++round) {
        add_case test = {.N = op_harness_between(&h, 1, 3),
                         .C = op_harness_between(&h, 1, largest),
                         .H = op_harness_between(&h, 1, largest),
                         .W = op_harness_between(&h, 1, largest),
                         .a_normalise = op_harness_between(&h, 0, 1),
                         .a_relu = op_harness_between(&h, 0, 1),
                         .b_normalise = op_harness_between(&h, 0, 1),
                         .b_relu = op_harness_between(&h, 0, 1),
                         .two = op_harness_between(&h, 0, 2) > 0,
                         .accumulate = op_harness_between(&h, 0, 1)};
        check_forward(&h, &test);
        check_backward(&h, &test);
    }
    op_harness_close(&h);
}

Test(add, plain_agrees_with_the_sum_of_transformed_operands)
{
    check_random(1, PNAS_ROUTE_PLAIN, 4);
    check_random(4, PNAS_ROUTE_PLAIN, 6);
    check_random(8, PNAS_ROUTE_PLAIN, 4);
}

Test(add, tile_agrees_with_the_sum_of_transformed_operands)
{
    check_random(8, PNAS_ROUTE_TILE, op_harness_small() ? 4 : 16);
}

Test(add, an_unwanted_gradient_costs_no_launch)
{
    op_harness h;
    op_harness_open(&h, 1, PNAS_ROUTE_AUTO, 9);
    op_operand x = op_harness_operand(&h, 1, 1, 1, 1, false, true);
    cr_assert_eq(pnas_op_add_backward(h.cl, &h.list, 1, &x.operand, &x.operand.view,
                                      &(pnas_downstream){.accumulate = true}),
                 PNAS_OK);
    cr_assert_eq(h.list.count, 0);
    op_harness_close(&h);
}

/* A tensor of `logical` channels in segments, as physical channels that are zero where padded. */
static double *segmented(op_harness *h, int N, int logical, int segment, int pixels, const double *values,
                         int *physical)
{
    int padded = op_harness_padded(h, segment);
    *physical = (logical + segment - 1) / segment * padded;
    double *result = op_harness_zeros(h, (size_t)N * *physical * pixels);
    for (int n = 0; n < N; ++n)
        for (int l = 0; l < logical; ++l)
            for (int p = 0; p < pixels; ++p)
                result[((size_t)n * *physical + l / segment * padded + l % segment) * pixels + p] =
                    values[((size_t)n * logical + l) * pixels + p];
    return result;
}

static void check_regroup(op_harness *h, int logical, int from_segment, int to_segment, bool accumulate)
{
    enum { N = 2, H = 3, W = 5, PIXELS = H * W };
    size_t count = (size_t)N * logical * PIXELS;
    double *values = op_harness_random(h, count), *before = op_harness_random(h, count);
    int from_channels, to_channels;
    double *from = segmented(h, N, logical, from_segment, PIXELS, values, &from_channels);
    double *kept = segmented(h, N, logical, to_segment, PIXELS, before, &to_channels);
    double *expected = segmented(h, N, logical, to_segment, PIXELS, values, &to_channels);
    pnas_view x = op_harness_view(h, N, from_channels, H, W, from);
    pnas_view y = op_harness_output(h, N, to_channels, H, W, accumulate ? kept : NULL);
    cr_assert_eq(pnas_op_regroup(h->cl, &h->list, N, &x, from_segment, &y, to_segment, logical, accumulate),
                 PNAS_OK, "%s", pnas_message());
    op_harness_run(h);
    size_t physical = (size_t)N * to_channels * PIXELS;
    double *magnitude = op_harness_zeros(h, physical);
    for (size_t i = 0; i < physical; ++i) {
        expected[i] += accumulate ? kept[i] : 0;
        magnitude[i] = fabs(expected[i]) + fabs(kept[i]);
    }
    op_harness_compare("regrouped", op_harness_read(h, &y, N, to_channels), expected, magnitude, physical,
                       TOLERANCE);
}

Test(regroup, moves_logical_channels_and_leaves_padding_zero)
{
    static const int vectors[] = {1, 4, 8},
                     shapes[][3] = {{12, 6, 4}, {12, 4, 6}, {30, 10, 15}, {7, 7, 1}, {24, 24, 8}, {9, 5, 3}};
    for (int v = 0; v < 3; ++v) {
        op_harness h;
        op_harness_open(&h, vectors[v], PNAS_ROUTE_AUTO, 10);
        for (int i = 0; i < 6; ++i)
            for (int accumulate = 0; accumulate < 2; ++accumulate)
                check_regroup(&h, shapes[i][0], shapes[i][1], shapes[i][2], accumulate);
        op_harness_close(&h);
    }
}

Test(zero, clears_exactly_what_was_asked_for)
{
    static const size_t counts[] = {1, 7, 4096, 10001};
    for (int i = 0; i < 4; ++i) {
        op_harness h;
        op_harness_open(&h, 0, PNAS_ROUTE_AUTO, 11);
        pnas_slice at = op_harness_output_slice(&h, counts[i], NULL);
        cr_assert_eq(pnas_op_zero(h.cl, &h.list, at, counts[i]), PNAS_OK, "%s", pnas_message());
        op_harness_run(&h);
        double *got = op_harness_read_slice(&h, at, counts[i]);
        for (size_t k = 0; k < counts[i]; ++k)
            cr_assert(got[k] == 0, "float %zu of %zu is %g", k, counts[i], got[k]);
        op_harness_close(&h);
    }
}
