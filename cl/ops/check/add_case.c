#include "cl/ops/check/add_case.h"

#include "cl/ops/check/op_check.h"

#include "src/net/schedule.h"

#include <math.h>

#define TOLERANCE 1e-6

static size_t values_of(const add_case *test)
{
    return (size_t)test->N * test->C * test->H * test->W;
}

/* Factors of N images: zeros among them, or none. */
static pnas_slice factors_of(op_harness *h, const add_case *test, double *factor)
{
    for (int n = 0; n < test->N; ++n)
        factor[n] = test->scaled ? op_harness_between(h, 0, 4) / 2.0 : 1;
    return test->scaled ? op_harness_slice(h, (size_t)test->N, factor) : (pnas_slice){NULL, 0};
}

void add_case_check_forward(op_harness *h, const add_case *test)
{
    op_operand a = op_harness_operand(h, test->N, test->C, test->H, test->W, test->a_normalise, test->a_relu);
    op_operand b = op_harness_operand(h, test->N, test->C, test->H, test->W, test->b_normalise, test->b_relu);
    pnas_view y = op_harness_stored_output(h, test->N, test->C, test->H, test->W, NULL);
    double *of_a = op_harness_zeros(h, (size_t)test->N), *of_b = op_harness_zeros(h, (size_t)test->N);
    const pnas_slice factors[2] = {factors_of(h, test, of_a), factors_of(h, test, of_b)};
    op_harness_ok(h, pnas_op_add_forward(h->cl, &h->list, test->N, &a.operand, test->two ? &b.operand : NULL,
                                         factors, &y));
    op_harness_run(h);
    double *expected = op_harness_zeros(h, values_of(test)),
           *magnitude = op_harness_zeros(h, values_of(test));
    for (size_t i = 0; i < values_of(test); ++i) {
        size_t n = i / ((size_t)test->C * test->H * test->W);
        expected[i] = of_a[n] * a.value[i] + (test->two ? of_b[n] * b.value[i] : 0);
        magnitude[i] = of_a[n] * a.magnitude[i] + (test->two ? of_b[n] * b.magnitude[i] : 0);
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
    double *factor = op_harness_zeros(h, (size_t)test->N);
    pnas_slice factors = factors_of(h, test, factor);
    op_harness_ok(h, pnas_op_add_backward(h->cl, &h->list, test->N, &x.operand, &gradient, factors, &dx));
    op_harness_run(h);
    double *expected = op_harness_zeros(h, values_of(test)),
           *magnitude = op_harness_zeros(h, values_of(test));
    for (size_t i = 0; i < values_of(test); ++i) {
        double kept = test->accumulate ? before[i] : 0;
        double of_image = factor[i / ((size_t)test->C * test->H * test->W)];
        expected[i] = of_image * x.mask[i] * g[i] + kept;
        magnitude[i] = of_image * fabs(g[i]) + fabs(kept);
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
                      .accumulate = op_harness_between(h, 0, 1),
                      .scaled = op_harness_between(h, 0, 1)};
}

void drop_case_check(op_harness *h, int N, int paths, int cells, int step, int steps)
{
    enum { PERIOD = 2 };
    const double last = 0.25;
    size_t words = pnas_drop_words(paths), count = (size_t)paths * N;
    int state[4] = {step};
    unsigned *kept = op_harness_memory(h, PERIOD * N * words * sizeof *kept);
    double *expected = op_harness_zeros(h, count);
    for (int n = 0; n < N; ++n)
        for (int p = 0; p < paths; ++p) {
            if (op_harness_between(h, 0, 1) == 0)
                continue;
            kept[((size_t)(step % PERIOD) * N + n) * words + p / 32] |= 1U << p % 32;
            expected[(size_t)p * N + n] = 1 / pnas_schedule_keep(last, p * cells / paths, cells, step, steps);
        }
    const pnas_drop drop = {.keep = last,
                            .paths = paths,
                            .cells = cells,
                            .steps = steps,
                            .kept = op_harness_ints(h, PERIOD * N * words, (const int *)kept),
                            .state = op_harness_ints(h, 4, state),
                            .period = PERIOD};
    pnas_slice factors = op_harness_output_slice(h, count, NULL);
    op_harness_ok(h, pnas_op_drop_factors(h->cl, &h->list, N, &drop, factors));
    op_harness_run(h);
    op_harness_compare(h, "factors", op_harness_read_slice(h, factors, count), expected, expected, count,
                       TOLERANCE);
}

/* --- the self-test --- */

static void try_add(op_harness *h, int round)
{
    add_case test = add_case_random(h);
    add_case_check_forward(h, &test);
    add_case_check_backward(h, &test);
    regroup_case_check(h, 12 + round, 6, 4, round % 2);
    drop_case_check(h, 1 + round, 6 * (round + 1), 3, round, 6);
}

OP_CHECK(PNAS_LAYER_ADD) = {"sum, copy and regrouping", PNAS_OP_ADD, try_add, 6};
OP_CHECK(PNAS_LAYER_COPY) = {NULL};
