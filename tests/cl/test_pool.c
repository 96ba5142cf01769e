/* Max and average pooling against the double precision reference, on both routes. Tolerances are relative to
 * the sum of the absolute terms of an element: 2e-6 is about 30 roundings of a float in one direction. */
#include "tests/cl/op_harness.h"
#include "tests/cl/reference_norm_pool.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#define TOLERANCE 2e-6

typedef struct {
    reference_window shape;
    bool x_normalise, x_relu, y_normalise, accumulate;
} pool_case;

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
    op_harness_compare("input gradient", op_harness_read(h, into, s->N, s->C), all, size, inputs_of(s),
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

static void check_average(op_harness *h, const pool_case *test)
{
    const reference_window *s = &test->shape;
    op_operand x = op_harness_operand(h, s->N, s->C, s->H, s->W, test->x_normalise, test->x_relu);
    op_upstream y = op_harness_upstream(h, s->N, s->C, s->OH, s->OW, test->y_normalise);
    pnas_view out = op_harness_output(h, s->N, s->C, s->OH, s->OW, NULL);
    double *before;
    pnas_downstream dx = make_downstream(h, test, &before);
    cr_assert_eq(pnas_op_average_pool_forward(h->cl, &h->list, s->N, &x.operand, &s->window, &out), PNAS_OK,
                 "%s", pnas_message());
    cr_assert_eq(
        pnas_op_average_pool_backward(h->cl, &h->list, s->N, &x.operand, &s->window, &y.upstream, &dx),
        PNAS_OK, "%s", pnas_message());
    op_harness_run(h);
    double *expected = op_harness_zeros(h, outputs_of(s)), *magnitude = op_harness_zeros(h, outputs_of(s));
    reference_average_pool_forward(s, x.value, expected);
    reference_average_pool_forward(s, x.magnitude, magnitude);
    op_harness_compare("output", op_harness_read(h, &out, s->N, s->C), expected, magnitude, outputs_of(s),
                       TOLERANCE);
    double *gradient = op_harness_zeros(h, inputs_of(s)), *size = op_harness_zeros(h, inputs_of(s));
    reference_average_pool_backward(s, y.value, gradient);
    reference_average_pool_backward(s, y.magnitude, size);
    compare_gradient(h, test, &x, &dx.into, before, gradient, size);
}

/* Positions lie on the device as [N][C/V][OH*OW][V] bytes, from byte 5 on. */
enum { POSITIONS_BYTE = 5 };

static void compare_positions(op_harness *h, const reference_window *s, cl_mem buffer, const int *expected)
{
    int V = pnas_cl_vector(h->cl), padded = op_harness_padded(h, s->C), pixels = s->OH * s->OW;
    size_t bytes = (size_t)s->N * padded * pixels;
    unsigned char *got = malloc(bytes);
    cr_assert(got);
    cr_assert_eq(pnas_buffer_read(h->cl, buffer, POSITIONS_BYTE, bytes, got), PNAS_OK, "%s", pnas_message());
    for (int n = 0; n < s->N; ++n)
        for (int c = 0; c < s->C; ++c)
            for (int p = 0; p < pixels; ++p) {
                size_t at = ((size_t)n * padded + c / V * V) * pixels + (size_t)p * V + c % V;
                int want = expected[((size_t)n * s->C + c) * pixels + p];
                cr_assert_eq(got[at], want, "position of image %d channel %d pixel %d: %d, expected %d", n, c,
                             p, got[at], want);
            }
    free(got);
}

static void check_max(op_harness *h, const pool_case *test)
{
    const reference_window *s = &test->shape;
    op_operand x = op_harness_operand(h, s->N, s->C, s->H, s->W, test->x_normalise, test->x_relu);
    op_upstream y = op_harness_upstream(h, s->N, s->C, s->OH, s->OW, test->y_normalise);
    pnas_view out = op_harness_output(h, s->N, s->C, s->OH, s->OW, NULL);
    double *before;
    pnas_downstream dx = make_downstream(h, test, &before);
    cl_mem kept = NULL;
    size_t bytes = (size_t)s->N * op_harness_padded(h, s->C) * s->OH * s->OW;
    cr_assert_eq(pnas_buffer_create(h->cl, POSITIONS_BYTE + bytes, &kept), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(
        pnas_op_max_pool_forward(h->cl, &h->list, s->N, &x.operand, &s->window, &out, kept, POSITIONS_BYTE),
        PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_op_max_pool_backward(h->cl, &h->list, s->N, &x.operand, &s->window, &y.upstream, kept,
                                           POSITIONS_BYTE, &dx),
                 PNAS_OK, "%s", pnas_message());
    op_harness_run(h);
    int *positions = malloc(outputs_of(s) * sizeof *positions);
    cr_assert(positions);
    double *expected = op_harness_zeros(h, outputs_of(s)), *magnitude = op_harness_zeros(h, outputs_of(s));
    reference_max_pool_forward(s, x.value, expected, positions);
    for (size_t i = 0; i < outputs_of(s); ++i)
        magnitude[i] = fabs(expected[i]) + 1;
    op_harness_compare("output", op_harness_read(h, &out, s->N, s->C), expected, magnitude, outputs_of(s),
                       TOLERANCE);
    compare_positions(h, s, kept, positions);
    double *gradient = op_harness_zeros(h, inputs_of(s)), *size = op_harness_zeros(h, inputs_of(s));
    reference_max_pool_backward(s, positions, y.value, gradient);
    reference_max_pool_backward(s, positions, y.magnitude, size);
    compare_gradient(h, test, &x, &dx.into, before, gradient, size);
    free(positions);
    pnas_buffer_release(&kept);
}

static pool_case random_case(op_harness *h, const int window[4])
{
    int largest = op_harness_small() ? 6 : 21;
    pool_case test = {.shape = {.N = op_harness_between(h, 1, op_harness_small() ? 2 : 5),
                                .C = op_harness_between(h, 1, op_harness_small() ? 9 : 20),
                                .H = op_harness_between(h, 1, largest),
                                .W = op_harness_between(h, 1, largest)},
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

/* kernel h, w, dilation, stride */
static const int windows[][4] = {{3, 3, 1, 1}, {3, 3, 1, 2}, {2, 2, 1, 2},
                                 {5, 5, 1, 1}, {1, 1, 1, 2}, {3, 2, 2, 1}};
enum { WINDOWS = sizeof windows / sizeof *windows };

static void check_windows(int vector, pnas_route route, int rounds,
                          void (*check)(op_harness *h, const pool_case *test))
{
    op_harness h;
    op_harness_open(&h, vector, route, (uint64_t)vector);
    for (int k = 0; k < WINDOWS; ++k)
        for (int round = 0; round < rounds; ++round) {
            pool_case test = random_case(&h, windows[k]);
            test.y_normalise = k % 2; /* one build a window: they take longer than the kernels */
            check(&h, &test);
        }
    op_harness_close(&h);
}

static void check_plain(void (*check)(op_harness *h, const pool_case *test))
{
    check_windows(1, PNAS_ROUTE_PLAIN, 1, check);
    check_windows(4, PNAS_ROUTE_PLAIN, 2, check);
    check_windows(8, PNAS_ROUTE_PLAIN, 1, check);
}

Test(pool, plain_average_agrees_with_the_reference)
{
    check_plain(check_average);
}

Test(pool, plain_max_agrees_with_the_reference)
{
    check_plain(check_max);
}

Test(pool, tile_average_agrees_with_the_reference)
{
    check_windows(8, PNAS_ROUTE_TILE, op_harness_small() ? 1 : 5, check_average);
}

Test(pool, tile_max_agrees_with_the_reference)
{
    check_windows(8, PNAS_ROUTE_TILE, op_harness_small() ? 1 : 5, check_max);
}

/* Few values, so that most windows hold the largest one several times. */
static void check_ties(op_harness *h)
{
    pool_case test = random_case(h, windows[0]);
    const reference_window *s = &test.shape;
    double *x = op_harness_random(h, inputs_of(s)), *y = op_harness_zeros(h, outputs_of(s));
    for (size_t i = 0; i < inputs_of(s); ++i)
        x[i] = floor(x[i]);
    int *positions = malloc(outputs_of(s) * sizeof *positions);
    cr_assert(positions);
    reference_max_pool_forward(s, x, y, positions);
    pnas_operand operand = {.view = op_harness_view(h, s->N, s->C, s->H, s->W, x)};
    pnas_view out = op_harness_output(h, s->N, s->C, s->OH, s->OW, NULL);
    cl_mem kept = NULL;
    cr_assert_eq(
        pnas_buffer_create(h->cl, POSITIONS_BYTE + (size_t)s->N * op_harness_padded(h, s->C) * s->OH * s->OW,
                           &kept),
        PNAS_OK, "%s", pnas_message());
    cr_assert_eq(
        pnas_op_max_pool_forward(h->cl, &h->list, s->N, &operand, &s->window, &out, kept, POSITIONS_BYTE),
        PNAS_OK, "%s", pnas_message());
    op_harness_run(h);
    compare_positions(h, s, kept, positions);
    free(positions);
    pnas_buffer_release(&kept);
}

Test(pool, the_first_of_equal_values_is_the_largest)
{
    static const pnas_route routes[] = {PNAS_ROUTE_PLAIN, PNAS_ROUTE_TILE};
    for (int r = 0; r < 2; ++r) {
        op_harness h;
        op_harness_open(&h, 8, routes[r], 31);
        for (int round = 0; round < 4; ++round)
            check_ties(&h);
        op_harness_close(&h);
    }
}

Test(pool, not_a_number_is_not_hidden_by_larger_values)
{
    static const pnas_route routes[] = {PNAS_ROUTE_PLAIN, PNAS_ROUTE_TILE};
    for (int r = 0; r < 2; ++r)
        for (int at = 0; at < 9; ++at) {
            op_harness h;
            op_harness_open(&h, 8, routes[r], 32);
            double x[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
            x[at] = NAN;
            pnas_window window = {.kernel_h = 3, .kernel_w = 3, .stride_h = 1, .stride_w = 1, .dilation = 1};
            pnas_operand operand = {.view = op_harness_view(&h, 1, 1, 3, 3, x), .relu = true};
            pnas_view out = op_harness_output(&h, 1, 1, 1, 1, NULL);
            cl_mem kept = NULL;
            cr_assert_eq(pnas_buffer_create(h.cl, 8, &kept), PNAS_OK, "%s", pnas_message());
            cr_assert_eq(pnas_op_max_pool_forward(h.cl, &h.list, 1, &operand, &window, &out, kept, 0),
                         PNAS_OK, "%s", pnas_message());
            op_harness_run(&h);
            cr_assert(isnan(op_harness_read(&h, &out, 1, 1)[0]), "NaN at %d is lost", at);
            pnas_buffer_release(&kept);
            op_harness_close(&h);
        }
}

Test(pool, a_window_whose_positions_do_not_fit_a_byte_is_refused)
{
    op_harness h;
    op_harness_open(&h, 1, PNAS_ROUTE_AUTO, 33);
    pnas_window window = {.kernel_h = 17, .kernel_w = 16, .stride_h = 1, .stride_w = 1, .dilation = 1};
    pnas_operand x = {.view = op_harness_view(&h, 1, 1, 4, 4, NULL)};
    cr_assert_eq(pnas_op_max_pool_forward(h.cl, &h.list, 1, &x, &window, &x.view, x.view.at.buffer, 0),
                 PNAS_ERROR_USAGE);
    op_harness_close(&h);
}

/* --- the references themselves, by finite differences --- */
typedef struct {
    reference_window shape;
    double *x, *y, *direction;
    int *positions; /* NULL: average */
} scalar;

static double inner_product(void *payload)
{
    scalar *f = payload;
    if (f->positions)
        reference_max_pool_forward(&f->shape, f->x, f->y, f->positions);
    else
        reference_average_pool_forward(&f->shape, f->x, f->y);
    double sum = 0;
    for (size_t i = 0; i < outputs_of(&f->shape); ++i)
        sum += f->y[i] * f->direction[i];
    return sum;
}

Test(pool, the_references_gradients_are_those_of_finite_differences)
{
    op_harness h;
    op_harness_open(&h, 0, PNAS_ROUTE_AUTO, 34);
    for (int k = 0; k < 2 * WINDOWS; ++k) {
        pool_case test = random_case(&h, windows[k / 2]);
        const reference_window *s = &test.shape;
        scalar f = {.shape = *s,
                    .x = op_harness_random(&h, inputs_of(s)),
                    .y = op_harness_zeros(&h, outputs_of(s)),
                    .direction = op_harness_random(&h, outputs_of(s)),
                    .positions = k % 2 ? malloc(outputs_of(s) * sizeof(int)) : NULL};
        double *dx = op_harness_zeros(&h, inputs_of(s));
        inner_product(&f);
        if (f.positions)
            reference_max_pool_backward(s, f.positions, f.direction, dx);
        else
            reference_average_pool_backward(s, f.direction, dx);
        op_harness_check_gradient(&h, "input", inner_product, &f, f.x, dx, inputs_of(s), 20, 1e-6);
        free(f.positions);
    }
    op_harness_close(&h);
}
