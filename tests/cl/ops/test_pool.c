/* Max and average pooling against the double precision reference, on every route. */
#include "cl/ops/check/pool_case.h"
#include "tests/cl/ops/op_test.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static size_t inputs_of(const reference_window *s)
{
    return (size_t)s->N * s->C * s->H * s->W;
}

static size_t outputs_of(const reference_window *s)
{
    return (size_t)s->N * s->C * s->OH * s->OW;
}

static const int windows[][4] = {{3, 3, 1, 1}, {3, 3, 1, 2}, {2, 2, 1, 2},
                                 {5, 5, 1, 1}, {1, 1, 1, 2}, {3, 2, 2, 1}};
enum { WINDOWS = sizeof windows / sizeof *windows };

static void check_windows(int vector, pnas_route route, int rounds,
                          void (*check)(op_harness *h, const pool_case *test))
{
    op_harness h;
    op_test_open(&h, vector, route, (uint64_t)vector);
    for (int k = 0; k < WINDOWS; ++k)
        for (int round = 0; round < rounds; ++round) {
            pool_case test = pool_case_random(&h, windows[k]);
            test.y_normalise = k % 2; /* one build a window: they take longer than the kernels */
            check(&h, &test);
        }
    op_test_close(&h);
}

static void check_plain(void (*check)(op_harness *h, const pool_case *test))
{
    check_windows(1, PNAS_ROUTE_PLAIN, 1, check);
    check_windows(4, PNAS_ROUTE_PLAIN, 2, check);
    check_windows(8, PNAS_ROUTE_PLAIN, 1, check);
}

Test(pool, plain_average_agrees_with_the_reference)
{
    check_plain(average_pool_case_check);
}

Test(pool, plain_max_agrees_with_the_reference)
{
    check_plain(max_pool_case_check);
}

Test(pool, tile_average_agrees_with_the_reference)
{
    check_windows(8, PNAS_ROUTE_TILE, test_device_small() ? 1 : 5, average_pool_case_check);
}

Test(pool, tile_max_agrees_with_the_reference)
{
    check_windows(8, PNAS_ROUTE_TILE, test_device_small() ? 1 : 5, max_pool_case_check);
}

Test(pool, gpu_average_agrees_with_the_reference)
{
    check_windows(4, PNAS_ROUTE_GPU, test_device_small() ? 1 : 5, average_pool_case_check);
}

Test(pool, gpu_max_agrees_with_the_reference)
{
    check_windows(4, PNAS_ROUTE_GPU, test_device_small() ? 1 : 5, max_pool_case_check);
}

/* Few values, so that most windows hold the largest one several times. */
static void check_ties(op_harness *h)
{
    pool_case test = pool_case_random(h, windows[0]);
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
    cr_assert_eq(pnas_buffer_create(h->cl,
                                    POOL_CASE_POSITIONS_BYTE +
                                        (size_t)s->N * op_harness_padded(h, s->C) * s->OH * s->OW,
                                    &kept),
                 PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_op_max_pool_forward(h->cl, &h->list, s->N, &operand, &s->window, &out, kept,
                                          POOL_CASE_POSITIONS_BYTE),
                 PNAS_OK, "%s", pnas_message());
    op_harness_run(h);
    pool_case_compare_positions(h, s, kept, positions);
    free(positions);
    pnas_buffer_release(&kept);
}

Test(pool, the_first_of_equal_values_is_the_largest)
{
    static const pnas_route routes[] = {PNAS_ROUTE_PLAIN, PNAS_ROUTE_TILE, PNAS_ROUTE_GPU};
    for (int r = 0; r < 3; ++r) {
        op_harness h;
        op_test_open(&h, r < 2 ? 8 : 4, routes[r], 31);
        for (int round = 0; round < 4; ++round)
            check_ties(&h);
        op_test_close(&h);
    }
}

Test(pool, not_a_number_is_not_hidden_by_larger_values)
{
    static const pnas_route routes[] = {PNAS_ROUTE_PLAIN, PNAS_ROUTE_TILE, PNAS_ROUTE_GPU};
    for (int r = 0; r < 3; ++r)
        for (int at = 0; at < 9; ++at) {
            op_harness h;
            op_test_open(&h, r < 2 ? 8 : 4, routes[r], 32);
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
            op_test_close(&h);
        }
}

Test(pool, a_window_whose_positions_do_not_fit_a_byte_is_refused)
{
    op_harness h;
    op_test_open(&h, 1, PNAS_ROUTE_AUTO, 33);
    pnas_window window = {.kernel_h = 17, .kernel_w = 16, .stride_h = 1, .stride_w = 1, .dilation = 1};
    pnas_operand x = {.view = op_harness_view(&h, 1, 1, 4, 4, NULL)};
    cr_assert_eq(pnas_op_max_pool_forward(h.cl, &h.list, 1, &x, &window, &x.view, x.view.at.buffer, 0),
                 PNAS_ERROR_USAGE);
    op_test_close(&h);
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
    op_test_open(&h, 0, PNAS_ROUTE_AUTO, 34);
    for (int k = 0; k < 2 * WINDOWS; ++k) {
        pool_case test = pool_case_random(&h, windows[k / 2]);
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
        op_test_check_gradient(&h, "input", inner_product, &f, f.x, dx, inputs_of(s), 20, 1e-6);
        free(f.positions);
    }
    op_test_close(&h);
}
