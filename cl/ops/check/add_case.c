#include "cl/ops/check/add_case.h"

#include "cl/ops/check/op_check.h"

#include <math.h>

#define TOLERANCE 1e-6

static size_t values_of(const add_case *test)
{
    return (size_t)test->N * test->C * test->H * test->W;
}

void add_case_check_forward(op_harness *h, const add_case *test)
{
    op_operand a = op_harness_operand(h, test->N, test->C, test->H, test->W, test->a_normalise, test->a_relu);
    op_operand b = op_harness_operand(h, test->N, test->C, test->H, test->W, test->b_normalise, test->b_relu);
    pnas_view y = op_harness_stored_output(h, test->N, test->C, test->H, test->W, NULL);
    op_harness_ok(
        h, pnas_op_add_forward(h->cl, &h->list, test->N, &a.operand, test->two ? &b.operand : NULL, &y));
    op_harness_run(h);
    double *expected = op_harness_zeros(h, values_of(test)),
           *magnitude = op_harness_zeros(h, values_of(test));
    for (size_t i = 0; i < values_of(test); ++i) {
        expected[i] = a.value[i] + (test->two ? b.value[i] : 0);
        magnitude[i] = a.magnitude[i] + (test->two ? b.magnitude[i] : 0);
    }
    op_harness_compare_stored(h, "sum", op_harness_read(h, &y, test->N, test->C), expected, magnitude,
                              values_of(test), TOLERANCE);
}

void add_case_check_backward(op_harness *h, const add_case *test)
{
    op_operand x = op_harness_operand(h, test->N, test->C, test->H, test->W, test->a_normalise, test->a_relu);
    double *g = op_harness_random(h, values_of(test)), *before = op_harness_random(h, values_of(test));
    pnas_view gradient = op_harness_view(h, test->N, test->C, test->H, test->W, g);
    pnas_downstream dx = {
        .into = op_harness_output(h, test->N, test->C, test->H, test->W, test->accumulate ? before : NULL),
        .accumulate = test->accumulate};
    op_harness_ok(h, pnas_op_add_backward(h->cl, &h->list, test->N, &x.operand, &gradient, &dx));
    op_harness_run(h);
    double *expected = op_harness_zeros(h, values_of(test)),
           *magnitude = op_harness_zeros(h, values_of(test));
    for (size_t i = 0; i < values_of(test); ++i) {
        double kept = test->accumulate ? before[i] : 0;
        expected[i] = x.mask[i] * g[i] + kept;
        magnitude[i] = fabs(g[i]) + fabs(kept);
    }
    op_harness_compare(h, "gradient", op_harness_read(h, &dx.into, test->N, test->C), expected, magnitude,
                       values_of(test), TOLERANCE);
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

void regroup_case_check(op_harness *h, int logical, int from_segment, int to_segment, bool accumulate)
{
    enum { N = 2, H = 3, W = 5, PIXELS = H * W };
    size_t count = (size_t)N * logical * PIXELS;
    double *values = op_harness_random_stored(h, count), *before = op_harness_random_stored(h, count);
    int from_channels, to_channels;
    double *from = segmented(h, N, logical, from_segment, PIXELS, values, &from_channels);
    double *kept = segmented(h, N, logical, to_segment, PIXELS, before, &to_channels);
    double *expected = segmented(h, N, logical, to_segment, PIXELS, values, &to_channels);
    pnas_view x = op_harness_stored(h, N, from_channels, H, W, from);
    pnas_view y = op_harness_stored_output(h, N, to_channels, H, W, accumulate ? kept : NULL);
    op_harness_ok(h,
                  pnas_op_regroup(h->cl, &h->list, N, &x, from_segment, &y, to_segment, logical, accumulate));
    op_harness_run(h);
    size_t physical = (size_t)N * to_channels * PIXELS;
    double *magnitude = op_harness_zeros(h, physical);
    for (size_t i = 0; i < physical; ++i) {
        expected[i] += accumulate ? kept[i] : 0;
        magnitude[i] = fabs(expected[i]) + fabs(kept[i]);
    }
    op_harness_compare_stored(h, "regrouped", op_harness_read(h, &y, N, to_channels), expected, magnitude,
                              physical, TOLERANCE);
}

add_case add_case_random(op_harness *h)
{
    int largest = h->small ? 4 : 17;
    return (add_case){.N = op_harness_between(h, 1, 3),
                      .C = op_harness_between(h, 1, largest),
                      .H = op_harness_between(h, 1, largest),
                      .W = op_harness_between(h, 1, largest),
                      .a_normalise = op_harness_between(h, 0, 1),
                      .a_relu = op_harness_between(h, 0, 1),
                      .b_normalise = op_harness_between(h, 0, 1),
                      .b_relu = op_harness_between(h, 0, 1),
                      .two = op_harness_between(h, 0, 2) > 0,
                      .accumulate = op_harness_between(h, 0, 1)};
}

/* --- the self-test --- */

static void try_add(op_harness *h, int round)
{
    add_case test = add_case_random(h);
    add_case_check_forward(h, &test);
    add_case_check_backward(h, &test);
    regroup_case_check(h, 12 + round, 6, 4, round % 2);
}

OP_CHECK(PNAS_LAYER_ADD) = {"sum, copy and regrouping", PNAS_OP_ADD, try_add, 6};
OP_CHECK(PNAS_LAYER_COPY) = {NULL};
