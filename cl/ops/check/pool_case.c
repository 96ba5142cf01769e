#include "cl/ops/check/pool_case.h"

#include "cl/ops/check/op_check.h"
#include "cl/runtime/context.h"

#include <math.h>

#define TOLERANCE 2e-6

static size_t inputs_of(const reference_window *s)
{
    return (size_t)s->N * s->C * s->H * s->W;
}

static size_t outputs_of(const reference_window *s)
{
    return (size_t)s->N * s->C * s->OH * s->OW;
}

/* dx of the device against `expected` (unmasked), both through the mask and on top of `before`. */
static void compare_gradient(op_harness *h, const pool_case *test, const op_operand *x, const pnas_view *into,
                             const double *before, const double *expected, const double *magnitude)
{
    const reference_window *s = &test->shape;
    double *all = op_harness_zeros(h, inputs_of(s)), *size = op_harness_zeros(h, inputs_of(s));
    for (size_t i = 0; i < inputs_of(s); ++i) {
        all[i] = expected[i] * x->mask[i] + before[i];
        size[i] = magnitude[i] * x->mask[i] + fabs(before[i]);
    }
    op_harness_compare(h, "input gradient", op_harness_read(h, into, s->N, s->C), all, size, inputs_of(s),
                       TOLERANCE);
}

static pnas_downstream make_downstream(op_harness *h, const pool_case *test, double **before)
{
    const reference_window *s = &test->shape;
    *before = test->accumulate ? op_harness_random(h, inputs_of(s)) : op_harness_zeros(h, inputs_of(s));
    return (pnas_downstream){
        .into = op_harness_output(h, s->N, s->C, s->H, s->W, test->accumulate ? *before : NULL),
        .accumulate = test->accumulate};
}

void average_pool_case_check(op_harness *h, const pool_case *test)
{
    const reference_window *s = &test->shape;
    op_operand x = op_harness_operand(h, s->N, s->C, s->H, s->W, test->x_normalise, test->x_relu);
    op_upstream y = op_harness_upstream(h, s->N, s->C, s->OH, s->OW, test->y_normalise);
    pnas_view out = op_harness_stored_output(h, s->N, s->C, s->OH, s->OW, NULL);
    double *before;
    pnas_downstream dx = make_downstream(h, test, &before);
    op_harness_ok(h, pnas_op_average_pool_forward(h->cl, &h->list, s->N, &x.operand, &s->window, &out));
    op_harness_ok(
        h, pnas_op_average_pool_backward(h->cl, &h->list, s->N, &x.operand, &s->window, &y.upstream, &dx));
    op_harness_run(h);
    double *expected = op_harness_zeros(h, outputs_of(s)), *magnitude = op_harness_zeros(h, outputs_of(s));
    reference_average_pool_forward(s, x.value, expected);
    reference_average_pool_forward(s, x.magnitude, magnitude);
    op_harness_compare_stored(h, "output", op_harness_read(h, &out, s->N, s->C), expected, magnitude,
                              outputs_of(s), TOLERANCE);
    double *gradient = op_harness_zeros(h, inputs_of(s)), *size = op_harness_zeros(h, inputs_of(s));
    reference_average_pool_backward(s, y.value, gradient);
    reference_average_pool_backward(s, y.magnitude, size);
    compare_gradient(h, test, &x, &dx.into, before, gradient, size);
}

void pool_case_compare_positions(op_harness *h, const reference_window *s, cl_mem buffer, const int *expected)
{
    int V = pnas_cl_vector(h->cl), padded = op_harness_padded(h, s->C), pixels = s->OH * s->OW;
    size_t bytes = (size_t)s->N * padded * pixels;
    unsigned char *got = op_harness_memory(h, bytes);
    op_harness_ok(h, pnas_buffer_read(h->cl, buffer, POOL_CASE_POSITIONS_BYTE, bytes, got));
    for (int n = 0; n < s->N; ++n)
        for (int c = 0; c < s->C; ++c)
            for (int p = 0; p < pixels; ++p) {
                size_t at = ((size_t)n * padded + c / V * V) * pixels + (size_t)p * V + c % V;
                int want = expected[((size_t)n * s->C + c) * pixels + p];
                op_harness_expect(h, got[at] == want,
                                  "position of image %d channel %d pixel %d: %d, expected %d", n, c, p,
                                  got[at], want);
            }
}

void max_pool_case_check(op_harness *h, const pool_case *test)
{
    const reference_window *s = &test->shape;
    op_operand x = op_harness_operand(h, s->N, s->C, s->H, s->W, test->x_normalise, test->x_relu);
    op_upstream y = op_harness_upstream(h, s->N, s->C, s->OH, s->OW, test->y_normalise);
    pnas_view out = op_harness_stored_output(h, s->N, s->C, s->OH, s->OW, NULL);
    double *before;
    pnas_downstream dx = make_downstream(h, test, &before);
    size_t bytes = (size_t)s->N * op_harness_padded(h, s->C) * s->OH * s->OW;
    cl_mem kept = op_harness_buffer(h, POOL_CASE_POSITIONS_BYTE + bytes, NULL);
    op_harness_ok(h, pnas_op_max_pool_forward(h->cl, &h->list, s->N, &x.operand, &s->window, &out, kept,
                                              POOL_CASE_POSITIONS_BYTE));
    op_harness_ok(h, pnas_op_max_pool_backward(h->cl, &h->list, s->N, &x.operand, &s->window, &y.upstream,
                                               kept, POOL_CASE_POSITIONS_BYTE, &dx));
    op_harness_run(h);
    int *positions = op_harness_memory(h, outputs_of(s) * sizeof *positions);
    double *expected = op_harness_zeros(h, outputs_of(s)), *magnitude = op_harness_zeros(h, outputs_of(s));
    reference_max_pool_forward(s, x.value, expected, positions);
    for (size_t i = 0; i < outputs_of(s); ++i)
        magnitude[i] = fabs(expected[i]) + 1;
    op_harness_compare_stored(h, "output", op_harness_read(h, &out, s->N, s->C), expected, magnitude,
                              outputs_of(s), TOLERANCE);
    pool_case_compare_positions(h, s, kept, positions);
    double *gradient = op_harness_zeros(h, inputs_of(s)), *size = op_harness_zeros(h, inputs_of(s));
    reference_max_pool_backward(s, positions, y.value, gradient);
    reference_max_pool_backward(s, positions, y.magnitude, size);
    compare_gradient(h, test, &x, &dx.into, before, gradient, size);
}

pool_case pool_case_random(op_harness *h, const int window[4])
{
    int largest = h->small ? 6 : 21;
    /* The taps of an even, dilated window may all lie outside an image smaller than the dilation. */
    int smallest_h = window[0] % 2 ? 1 : window[2], smallest_w = window[1] % 2 ? 1 : window[2];
    pool_case test = {.shape = {.N = op_harness_between(h, 1, h->small ? 2 : 5),
                                .C = op_harness_between(h, 1, h->small ? 9 : 20),
                                .H = op_harness_between(h, smallest_h, largest),
                                .W = op_harness_between(h, smallest_w, largest)},
                      .x_normalise = op_harness_between(h, 0, 1),
                      .x_relu = op_harness_between(h, 0, 1),
                      .y_normalise = op_harness_between(h, 0, 1),
                      .accumulate = op_harness_between(h, 0, 1)};
    test.shape.window = (pnas_window){.kernel_h = window[0],
                                      .kernel_w = window[1],
                                      .stride_h = window[3],
                                      .stride_w = window[3],
                                      .dilation = window[2]};
    reference_window_same(&test.shape);
    return test;
}

/* --- the self-test --- */

static const int pool_windows[][4] = {{3, 3, 1, 1}, {3, 3, 1, 2}, {2, 2, 1, 2}};

static void try_max_pool(op_harness *h, int round)
{
    pool_case test = pool_case_random(h, pool_windows[round % 3]);
    max_pool_case_check(h, &test);
}

static void try_average_pool(op_harness *h, int round)
{
    pool_case test = pool_case_random(h, pool_windows[round % 3]);
    average_pool_case_check(h, &test);
}

OP_CHECK(PNAS_LAYER_MAX_POOL) = {"max pool", PNAS_OP_MAX_POOL, try_max_pool, 6};
OP_CHECK(PNAS_LAYER_AVERAGE_POOL) = {"average pool", PNAS_OP_AVERAGE_POOL, try_average_pool, 6};
