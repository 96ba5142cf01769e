/* Batch normalisation against the double precision reference: from sums to scale and shift, and the
 * coefficients of its backward as readers use them. */
#include "tests/cl/op_harness.h"
#include "tests/cl/reference_norm_pool.h"

#include <criterion/criterion.h>
#include <math.h>

#define EPSILON   1e-3
#define MOMENTUM  0.9
#define TOLERANCE 1e-5 /* relative to figures of size one; sums of squares cancel with the mean's square */

typedef struct {
    int N, C, H, W;
    double offset; /* added to raw: the mean's size in deviations */
} norm_case;

typedef struct {
    int pixels, padded;
    size_t values;
    double *raw, *gamma, *beta, *mean, *variance;
    pnas_slice statistics, gamma_slice, beta_slice, running, saved, scale_shift;
} setting;

static pnas_slice padded_slice(op_harness *h, const setting *at, int rows, int C, const double *values,
                               bool output)
{
    double *padded = op_harness_pad(h, 1, rows, rows, C, at->padded, values);
    return output ? op_harness_output_slice(h, (size_t)rows * at->padded, padded)
                  : op_harness_slice(h, (size_t)rows * at->padded, padded);
}

static double *sums_of(op_harness *h, const norm_case *test, const setting *at)
{
    double *sums = op_harness_zeros(h, (size_t)test->N * 2 * test->C);
    for (size_t i = 0; i < at->values; ++i) {
        size_t n = i / at->pixels / test->C, c = i / at->pixels % test->C;
        sums[n * 2 * test->C + c] += at->raw[i];
        sums[(n * 2 + 1) * test->C + c] += at->raw[i] * at->raw[i];
    }
    return op_harness_pad(h, 1, 2 * test->N, 2 * test->N, test->C, at->padded, sums);
}

static setting set_up(op_harness *h, const norm_case *test)
{
    setting at = {.pixels = test->H * test->W, .padded = op_harness_padded(h, test->C)};
    at.values = (size_t)test->N * test->C * at.pixels;
    at.raw = op_harness_random(h, at.values);
    for (size_t i = 0; i < at.values; ++i)
        at.raw[i] = (float)(at.raw[i] + test->offset);
    at.gamma = op_harness_random(h, (size_t)test->C);
    at.beta = op_harness_random(h, (size_t)test->C);
    at.mean = op_harness_zeros(h, (size_t)test->C);
    at.variance = op_harness_zeros(h, (size_t)test->C);
    reference_norm_forward(test->N, test->C, at.pixels, at.raw, at.gamma, at.beta, EPSILON, at.mean,
                           at.variance, NULL);
    at.statistics = op_harness_slice(h, (size_t)test->N * 2 * at.padded, sums_of(h, test, &at));
    at.gamma_slice = padded_slice(h, &at, 1, test->C, at.gamma, false);
    at.beta_slice = padded_slice(h, &at, 1, test->C, at.beta, false);
    at.saved = op_harness_output_slice(h, 2 * (size_t)at.padded, NULL);
    at.scale_shift = op_harness_output_slice(h, 2 * (size_t)at.padded, NULL);
    return at;
}

static void expect(const char *what, const double *got, int c, double want, double tolerance)
{
    cr_assert(fabs(got[c] - want) <= tolerance * (1 + fabs(want)), "%s of channel %d: %.9g, expected %.9g",
              what, c, got[c], want);
}

static void check_forward(op_harness *h, const norm_case *test, double tolerance)
{
    setting at = set_up(h, test);
    double *old = op_harness_random(h, 2 * (size_t)test->C);
    for (int c = 0; c < test->C; ++c)
        old[test->C + c] = fabs(old[test->C + c]);
    at.running = padded_slice(h, &at, 2, test->C, old, true);
    pnas_slice evaluation = op_harness_output_slice(h, 2 * (size_t)at.padded, NULL);
    cr_assert_eq(pnas_op_norm_forward(h->cl, &h->list, test->N, at.pixels, at.padded, at.statistics,
                                      at.gamma_slice, at.beta_slice, MOMENTUM, EPSILON, at.running, at.saved,
                                      at.scale_shift),
                 PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_op_norm_running(h->cl, &h->list, at.padded, at.gamma_slice, at.beta_slice, EPSILON,
                                      at.running, evaluation),
                 PNAS_OK, "%s", pnas_message());
    op_harness_run(h);
    double *saved = op_harness_read_slice(h, at.saved, 2 * (size_t)at.padded);
    double *running = op_harness_read_slice(h, at.running, 2 * (size_t)at.padded);
    double *read[2] = {op_harness_unpad(h, 1, 2, 2, test->C, at.padded,
                                        op_harness_read_slice(h, at.scale_shift, 2 * (size_t)at.padded)),
                       op_harness_unpad(h, 1, 2, 2, test->C, at.padded,
                                        op_harness_read_slice(h, evaluation, 2 * (size_t)at.padded))};
    double count = (double)test->N * at.pixels, unbiased = count / fmax(count - 1, 1);
    for (int c = 0; c < test->C; ++c) {
        double inverse = 1 / sqrt(at.variance[c] + EPSILON), scale = at.gamma[c] * inverse;
        expect("mean", saved, c, at.mean[c], tolerance);
        expect("inverse deviation", saved + at.padded, c, inverse, tolerance);
        expect("scale", read[0], c, scale, tolerance);
        expect("shift", read[0] + test->C, c, at.beta[c] - at.mean[c] * scale, tolerance);
        double mean = MOMENTUM * old[c] + (1 - MOMENTUM) * at.mean[c];
        double variance = MOMENTUM * old[test->C + c] + (1 - MOMENTUM) * at.variance[c] * unbiased;
        expect("running mean", running, c, mean, tolerance);
        expect("running variance", running + at.padded, c, variance, tolerance);
        scale = at.gamma[c] / sqrt(variance + EPSILON);
        expect("evaluation's scale", read[1], c, scale, tolerance);
        expect("evaluation's shift", read[1] + test->C, c, at.beta[c] - mean * scale, tolerance);
    }
}

/* A g + B raw + D as a reader computes it, against the gradient of batch normalisation. */
static void check_backward(op_harness *h, const norm_case *test)
{
    setting at = set_up(h, test);
    double *g = op_harness_random(h, at.values), *saved = op_harness_zeros(h, 2 * (size_t)test->C);
    for (int c = 0; c < test->C; ++c) {
        saved[c] = at.mean[c];
        saved[test->C + c] = 1 / sqrt(at.variance[c] + EPSILON);
    }
    pnas_view gradient = op_harness_view(h, test->N, test->C, test->H, test->W, g);
    pnas_view raw = op_harness_view(h, test->N, test->C, test->H, test->W, at.raw);
    pnas_slice kept = padded_slice(h, &at, 2, test->C, saved, false);
    size_t row = (size_t)at.padded;
    pnas_slice abd = op_harness_output_slice(h, 3 * row, NULL);
    pnas_slice dgamma = op_harness_output_slice(h, row, NULL), dbeta = op_harness_output_slice(h, row, NULL);
    pnas_slice scratch = op_harness_output_slice(h, 2 * (size_t)test->N * row, NULL);
    cr_assert_eq(pnas_op_norm_backward(h->cl, &h->list, test->N, &gradient, &raw, at.gamma_slice, kept, abd,
                                       dgamma, dbeta, scratch),
                 PNAS_OK, "%s", pnas_message());
    op_harness_run(h);
    double *want = op_harness_zeros(h, at.values), *want_gamma = op_harness_zeros(h, row),
           *want_beta = op_harness_zeros(h, row);
    reference_norm_backward(test->N, test->C, at.pixels, at.raw, at.gamma, EPSILON, g, want, want_gamma,
                            want_beta);
    double *coefficients =
        op_harness_unpad(h, 1, 3, 3, test->C, at.padded, op_harness_read_slice(h, abd, 3 * row));
    double *got_gamma =
        op_harness_unpad(h, 1, 1, 1, test->C, at.padded, op_harness_read_slice(h, dgamma, row));
    double *got_beta = op_harness_unpad(h, 1, 1, 1, test->C, at.padded, op_harness_read_slice(h, dbeta, row));
    double terms = sqrt((double)test->N * at.pixels);
    for (int c = 0; c < test->C; ++c) {
        expect("gamma's gradient", got_gamma, c, want_gamma[c], TOLERANCE * terms);
        expect("beta's gradient", got_beta, c, want_beta[c], TOLERANCE * terms);
    }
    for (size_t i = 0; i < at.values; ++i) {
        size_t c = i / at.pixels % test->C;
        double got = coefficients[c] * g[i] + coefficients[test->C + c] * at.raw[i] +
                     coefficients[2 * (size_t)test->C + c];
        double size = fabs(coefficients[c]) * (1 + fabs(at.raw[i]) + fabs(at.mean[c])) + 1;
        cr_assert(fabs(got - want[i]) <= TOLERANCE * size, "gradient %zu: %.9g, expected %.9g", i, got,
                  want[i]);
    }
}

static norm_case random_case(op_harness *h)
{
    int largest = op_harness_small() ? 4 : 13;
    return (norm_case){.N = op_harness_between(h, 1, op_harness_small() ? 3 : 9),
                       .C = op_harness_between(h, 1, op_harness_small() ? 9 : 40),
                       .H = op_harness_between(h, 2, largest),
                       .W = op_harness_between(h, 1, largest),
                       .offset = op_harness_between(h, -2, 2)};
}

static void check_random(int vector, pnas_route route, int rounds)
{
    op_harness h;
    op_harness_open(&h, vector, route, (uint64_t)vector);
    for (int round = 0; round < rounds; ++round) {
        norm_case test = random_case(&h);
        check_forward(&h, &test, TOLERANCE);
        check_backward(&h, &test);
    }
    op_harness_close(&h);
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
    check_random(8, PNAS_ROUTE_TILE, op_harness_small() ? 2 : 10);
}

/* Images that differ much from each other: sums of squares over the batch would cancel, Chan's formula does
 * not. A float's sum of squares of one image still carries its own rounding. */
Test(norm, the_variance_survives_a_mean_of_many_deviations)
{
    op_harness h;
    op_harness_open(&h, 8, PNAS_ROUTE_AUTO, 3);
    norm_case test = {.N = 6, .C = 5, .H = 4, .W = 4, .offset = 30};
    check_forward(&h, &test, 2e-3);
    op_harness_close(&h);
}

Test(norm, a_single_value_has_no_variance)
{
    op_harness h;
    op_harness_open(&h, 4, PNAS_ROUTE_AUTO, 4);
    norm_case test = {.N = 1, .C = 3, .H = 1, .W = 1};
    check_forward(&h, &test, TOLERANCE);
    op_harness_close(&h);
}

Test(norm, a_sum_that_is_not_finite_is_not_hidden)
{
    op_harness h;
    op_harness_open(&h, 1, PNAS_ROUTE_AUTO, 5);
    double zero[2] = {0, 0}, one = 1, sums[4] = {1, 1, NAN, NAN};
    pnas_slice statistics = op_harness_slice(&h, 4, sums), gamma = op_harness_slice(&h, 1, &one);
    pnas_slice running = op_harness_output_slice(&h, 2, zero), saved = op_harness_output_slice(&h, 2, NULL);
    pnas_slice scale_shift = op_harness_output_slice(&h, 2, NULL);
    cr_assert_eq(pnas_op_norm_forward(h.cl, &h.list, 2, 1, 1, statistics, gamma, gamma, MOMENTUM, EPSILON,
                                      running, saved, scale_shift),
                 PNAS_OK, "%s", pnas_message());
    op_harness_run(&h);
    cr_assert(isnan(op_harness_read_slice(&h, scale_shift, 2)[0]));
    cr_assert(isnan(op_harness_read_slice(&h, running, 2)[1]));
    op_harness_close(&h);
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
    reference_norm_forward(f->shape.N, f->shape.C, pixels, f->raw, f->gamma, f->beta, EPSILON, f->mean,
                           f->variance, f->y);
    double sum = 0;
    for (size_t i = 0; i < (size_t)f->shape.N * f->shape.C * pixels; ++i)
        sum += f->y[i] * f->direction[i];
    return sum;
}

Test(norm, the_references_gradients_are_those_of_finite_differences)
{
    op_harness h;
    op_harness_open(&h, 0, PNAS_ROUTE_AUTO, 6);
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
    reference_norm_backward(s.N, s.C, s.H * s.W, f.raw, f.gamma, EPSILON, f.direction, draw, dgamma, dbeta);
    op_harness_check_gradient(&h, "raw", inner_product, &f, f.raw, draw, values, 40, 1e-6);
    op_harness_check_gradient(&h, "gamma", inner_product, &f, f.gamma, dgamma, C, 10, 1e-6);
    op_harness_check_gradient(&h, "beta", inner_product, &f, f.beta, dbeta, C, 10, 1e-6);
    op_harness_close(&h);
}
