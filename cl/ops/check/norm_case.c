#include "cl/ops/check/norm_case.h"

#include "cl/ops/check/op_check.h"
#include "cl/ops/check/reference_norm_pool.h"

#include <math.h>

typedef struct {
    int pixels, padded;
    int tile; /* of the statistics, in pixels */
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
    int tiles = pnas_statistics_tiles(at->pixels, at->tile), rows = 2 * test->N * tiles;
    double *sums = op_harness_zeros(h, (size_t)rows * test->C);
    for (size_t i = 0; i < at->values; ++i) {
        size_t n = i / at->pixels / test->C, c = i / at->pixels % test->C, t = i % at->pixels / at->tile;
        double *sum = sums + (n * tiles + t) * 2 * test->C + c;
        sum[0] += at->raw[i];
        sum[test->C] += at->raw[i] * at->raw[i];
    }
    return op_harness_pad(h, 1, rows, rows, test->C, at->padded, sums);
}

static setting set_up(op_harness *h, const norm_case *test)
{
    setting at = {.pixels = test->H * test->W, .padded = op_harness_padded(h, test->C)};
    at.tile = op_harness_between(h, 0, 1) ? at.pixels : op_harness_between(h, 1, at.pixels);
    at.values = (size_t)test->N * test->C * at.pixels;
    at.raw = op_harness_random(h, at.values);
    for (size_t i = 0; i < at.values; ++i)
        at.raw[i] = op_harness_round(h, at.raw[i] + test->offset);
    at.gamma = op_harness_random(h, (size_t)test->C);
    at.beta = op_harness_random(h, (size_t)test->C);
    at.mean = op_harness_zeros(h, (size_t)test->C);
    at.variance = op_harness_zeros(h, (size_t)test->C);
    reference_norm_forward(test->N, test->C, at.pixels, at.raw, at.gamma, at.beta, NORM_CASE_EPSILON, at.mean,
                           at.variance, NULL);
    at.statistics =
        op_harness_slice(h, (size_t)test->N * pnas_statistics_tiles(at.pixels, at.tile) * 2 * at.padded,
                         sums_of(h, test, &at));
    at.gamma_slice = padded_slice(h, &at, 1, test->C, at.gamma, false);
    at.beta_slice = padded_slice(h, &at, 1, test->C, at.beta, false);
    at.saved = op_harness_output_slice(h, 2 * (size_t)at.padded, NULL);
    at.scale_shift = op_harness_output_slice(h, 2 * (size_t)at.padded, NULL);
    return at;
}

static void expect(op_harness *h, const char *what, const double *got, int c, double want, double tolerance)
{
    op_harness_expect(h, fabs(got[c] - want) <= tolerance * (1 + fabs(want)),
                      "%s of channel %d: %.9g, expected %.9g", what, c, got[c], want);
}

void norm_case_check_forward(op_harness *h, const norm_case *test, double tolerance)
{
    setting at = set_up(h, test);
    double *old = op_harness_random(h, 2 * (size_t)test->C);
    for (int c = 0; c < test->C; ++c)
        old[test->C + c] = fabs(old[test->C + c]);
    at.running = padded_slice(h, &at, 2, test->C, old, true);
    pnas_slice evaluation = op_harness_output_slice(h, 2 * (size_t)at.padded, NULL);
    op_harness_ok(h, pnas_op_norm_forward(h->cl, &h->list, test->N, at.pixels, at.tile, at.padded,
                                          at.statistics, at.gamma_slice, at.beta_slice, NORM_CASE_MOMENTUM,
                                          NORM_CASE_EPSILON, at.running, at.saved, at.scale_shift));
    op_harness_ok(h, pnas_op_norm_running(h->cl, &h->list, at.padded, at.gamma_slice, at.beta_slice,
                                          NORM_CASE_EPSILON, at.running, evaluation));
    op_harness_run(h);
    double *saved = op_harness_read_slice(h, at.saved, 2 * (size_t)at.padded);
    double *running = op_harness_read_slice(h, at.running, 2 * (size_t)at.padded);
    double *read[2] = {op_harness_unpad(h, 1, 2, 2, test->C, at.padded,
                                        op_harness_read_slice(h, at.scale_shift, 2 * (size_t)at.padded)),
                       op_harness_unpad(h, 1, 2, 2, test->C, at.padded,
                                        op_harness_read_slice(h, evaluation, 2 * (size_t)at.padded))};
    double count = (double)test->N * at.pixels, unbiased = count / fmax(count - 1, 1);
    for (int c = 0; c < test->C; ++c) {
        double inverse = 1 / sqrt(at.variance[c] + NORM_CASE_EPSILON), scale = at.gamma[c] * inverse;
        expect(h, "mean", saved, c, at.mean[c], tolerance);
        expect(h, "inverse deviation", saved + at.padded, c, inverse, tolerance);
        expect(h, "scale", read[0], c, scale, tolerance);
        expect(h, "shift", read[0] + test->C, c, at.beta[c] - at.mean[c] * scale, tolerance);
        double mean = NORM_CASE_MOMENTUM * old[c] + (1 - NORM_CASE_MOMENTUM) * at.mean[c];
        double variance =
            NORM_CASE_MOMENTUM * old[test->C + c] + (1 - NORM_CASE_MOMENTUM) * at.variance[c] * unbiased;
        expect(h, "running mean", running, c, mean, tolerance);
        expect(h, "running variance", running + at.padded, c, variance, tolerance);
        scale = at.gamma[c] / sqrt(variance + NORM_CASE_EPSILON);
        expect(h, "evaluation's scale", read[1], c, scale, tolerance);
        expect(h, "evaluation's shift", read[1] + test->C, c, at.beta[c] - mean * scale, tolerance);
    }
}

/* A g + B raw + D as a reader computes it, against the gradient of batch normalisation. */
void norm_case_check_backward(op_harness *h, const norm_case *test)
{
    setting at = set_up(h, test);
    double *g = op_harness_random(h, at.values), *saved = op_harness_zeros(h, 2 * (size_t)test->C);
    for (int c = 0; c < test->C; ++c) {
        saved[c] = at.mean[c];
        saved[test->C + c] = 1 / sqrt(at.variance[c] + NORM_CASE_EPSILON);
    }
    pnas_view gradient = op_harness_view(h, test->N, test->C, test->H, test->W, g);
    pnas_view raw = op_harness_stored(h, test->N, test->C, test->H, test->W, at.raw);
    pnas_slice kept = padded_slice(h, &at, 2, test->C, saved, false);
    size_t row = (size_t)at.padded;
    pnas_slice abd = op_harness_output_slice(h, 3 * row, NULL);
    pnas_slice dgamma = op_harness_output_slice(h, row, NULL), dbeta = op_harness_output_slice(h, row, NULL);
    pnas_slice scratch = op_harness_output_slice(h, 2 * (size_t)test->N * row, NULL);
    op_harness_ok(h, pnas_op_norm_backward(h->cl, &h->list, test->N, &gradient, &raw, at.gamma_slice, kept,
                                           abd, dgamma, dbeta, scratch));
    op_harness_run(h);
    double *want = op_harness_zeros(h, at.values), *want_gamma = op_harness_zeros(h, row),
           *want_beta = op_harness_zeros(h, row);
    reference_norm_backward(test->N, test->C, at.pixels, at.raw, at.gamma, NORM_CASE_EPSILON, g, want,
                            want_gamma, want_beta);
    double *coefficients =
        op_harness_unpad(h, 1, 3, 3, test->C, at.padded, op_harness_read_slice(h, abd, 3 * row));
    double *got_gamma =
        op_harness_unpad(h, 1, 1, 1, test->C, at.padded, op_harness_read_slice(h, dgamma, row));
    double *got_beta = op_harness_unpad(h, 1, 1, 1, test->C, at.padded, op_harness_read_slice(h, dbeta, row));
    double terms = sqrt((double)test->N * at.pixels);
    for (int c = 0; c < test->C; ++c) {
        expect(h, "gamma's gradient", got_gamma, c, want_gamma[c], NORM_CASE_TOLERANCE * terms);
        expect(h, "beta's gradient", got_beta, c, want_beta[c], NORM_CASE_TOLERANCE * terms);
    }
    for (size_t i = 0; i < at.values; ++i) {
        size_t c = i / at.pixels % test->C;
        double got = coefficients[c] * g[i] + coefficients[test->C + c] * at.raw[i] +
                     coefficients[2 * (size_t)test->C + c];
        double size = fabs(coefficients[c]) * (1 + fabs(at.raw[i]) + fabs(at.mean[c])) + 1;
        op_harness_expect(h, fabs(got - want[i]) <= NORM_CASE_TOLERANCE * size,
                          "gradient %zu: %.9g, expected %.9g", i, got, want[i]);
    }
}

norm_case norm_case_random(op_harness *h)
{
    int largest = h->small ? 4 : 13;
    return (norm_case){.N = op_harness_between(h, 1, h->small ? 3 : 9),
                       .C = op_harness_between(h, 1, h->small ? 9 : 40),
                       .H = op_harness_between(h, 2, largest),
                       .W = op_harness_between(h, 1, largest),
                       .offset = op_harness_between(h, -2, 2)};
}

/* --- the self-test --- */

static void try_norm(op_harness *h, int round)
{
    norm_case test = norm_case_random(h);
    norm_case_check_forward(h, &test, NORM_CASE_TOLERANCE);
    norm_case_check_backward(h, &test);
}

OP_CHECK(norm) = {"batch normalisation", PNAS_OP_NORM, try_norm, 6};
