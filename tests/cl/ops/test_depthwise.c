/* Depthwise convolution against the double precision reference, on every route. */
#include "cl/ops/check/depthwise_case.h"
#include "tests/cl/ops/op_test.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static const int windows[][4] = {{3, 3, 1, 1}, {3, 3, 1, 2}, {5, 5, 1, 1}, {5, 5, 1, 2}, {7, 7, 1, 1},
                                 {7, 7, 1, 2}, {3, 3, 2, 1}, {5, 5, 3, 2}, {9, 9, 1, 1}, {1, 3, 1, 1},
                                 {5, 1, 2, 2}, {1, 1, 1, 2}, {2, 4, 1, 1}};
enum { WINDOWS = sizeof windows / sizeof *windows };

static void check_windows(int vector, pnas_route route, int rounds)
{
    op_harness h;
    op_test_open(&h, vector, route, (uint64_t)vector);
    for (int k = 0; k < WINDOWS; ++k)
        for (int round = 0; round < rounds; ++round) {
            const int *w = windows[k];
            depthwise_case test = depthwise_case_random(&h, w[0], w[1], w[2], w[3]);
            test.y_normalise = k % 2; /* one build a window: they take longer than the kernels */
            depthwise_case_check(&h, &test);
        }
    op_test_close(&h);
}

Test(depthwise, plain_with_single_channels_agrees_with_the_reference)
{
    check_windows(1, PNAS_ROUTE_PLAIN, 1);
}

Test(depthwise, plain_with_blocks_of_four_agrees_with_the_reference)
{
    check_windows(4, PNAS_ROUTE_PLAIN, 1);
}

Test(depthwise, plain_with_blocks_of_eight_agrees_with_the_reference)
{
    check_windows(8, PNAS_ROUTE_PLAIN, 1);
}

Test(depthwise, tile_agrees_with_the_reference)
{
    check_windows(8, PNAS_ROUTE_TILE, test_device_small() ? 1 : 4);
}

Test(depthwise, wide_agrees_with_the_reference)
{
    check_windows(8, PNAS_ROUTE_WIDE, test_device_small() ? 1 : 4);
}

Test(depthwise, gpu_agrees_with_the_reference)
{
    check_windows(4, PNAS_ROUTE_GPU, test_device_small() ? 1 : 4);
}

/* Sizes that a search trains, with fewer images. */
static void check_sizes_of_a_search(int vector, pnas_route route)
{
    op_harness h;
    op_test_open(&h, vector, route, 77);
    static const int sizes[][2] = {{32, 24}, {16, 48}, {8, 96}, {28, 16}, {7, 64}, {67, 4}};
    for (int i = 0; i < (test_device_small() ? 0 : 6); ++i)
        for (int kernel = 3; kernel <= 7; kernel += 2) {
            depthwise_case test = depthwise_case_random(&h, kernel, kernel, 1, 1 + i % 2);
            test.shape.N = 2;
            test.shape.H = test.shape.W = sizes[i][0];
            test.shape.C = sizes[i][1];
            test.y_normalise = false;
            reference_window_same(&test.shape);
            depthwise_case_check(&h, &test);
        }
    op_test_close(&h);
}

Test(depthwise, tile_agrees_at_the_sizes_of_a_search)
{
    check_sizes_of_a_search(8, PNAS_ROUTE_TILE);
}

Test(depthwise, wide_agrees_at_the_sizes_of_a_search)
{
    check_sizes_of_a_search(8, PNAS_ROUTE_WIDE);
}

Test(depthwise, gpu_agrees_at_the_sizes_of_a_search)
{
    check_sizes_of_a_search(4, PNAS_ROUTE_GPU);
}

static void check_strides_of_rows(int vector, pnas_route route, int largest)
{
    op_harness h;
    op_test_open(&h, vector, route, 78);
    for (int stride_h = 1; stride_h <= 3; ++stride_h) {
        depthwise_case test = depthwise_case_random(&h, 3, 3, 1, 1);
        test.shape.window.stride_h = stride_h == 3 ? largest : stride_h;
        test.shape.window.stride_w = 2;
        reference_window_same(&test.shape);
        depthwise_case_check(&h, &test);
    }
    op_test_close(&h);
}

Test(depthwise, stride_of_rows_may_differ_from_stride_of_columns)
{
    check_strides_of_rows(8, PNAS_ROUTE_TILE, 3);
    check_strides_of_rows(8, PNAS_ROUTE_WIDE, 3);
    check_strides_of_rows(4, PNAS_ROUTE_GPU, 3);
}

/* By the plain kernels. */
Test(depthwise, a_stride_may_be_too_large_for_local_memory)
{
    check_strides_of_rows(4, PNAS_ROUTE_GPU, 200);
}

/* The same case in the same places, twice: all bits of the gradients. */
static void check_repeats(int vector, pnas_route route)
{
    double *first = NULL;
    for (int run = 0; run < 2; ++run) {
        op_harness h;
        op_test_open(&h, vector, route, 79);
        depthwise_case test = depthwise_case_random(&h, 5, 5, 1, 1);
        depthwise_setting at = depthwise_case_set_up(&h, &test);
        const reference_window *s = &test.shape;
        op_upstream y = op_harness_upstream(&h, s->N, s->C, s->OH, s->OW, true);
        size_t count = (size_t)at.taps * at.padded;
        pnas_slice dw = op_harness_output_slice(&h, count, NULL);
        pnas_slice scratch = op_harness_output_slice(
            &h, pnas_op_depthwise_scratch(h.cl, s->N, &at.x.operand.view, &s->window, &y.upstream.gradient),
            NULL);
        cr_assert_eq(pnas_op_depthwise_backward(h.cl, &h.list, s->N, &at.x.operand, at.weight_slice,
                                                &s->window, &y.upstream,
                                                &(pnas_downstream){.accumulate = false}, dw, scratch),
                     PNAS_OK, "%s", pnas_message());
        op_harness_run(&h);
        double *got = op_harness_read_slice(&h, dw, count);
        if (run == 0)
            cr_assert(first = calloc(count, sizeof *first));
        for (size_t i = 0; i < count; ++i) {
            if (run == 0)
                first[i] = got[i];
            cr_assert(first[i] == got[i], "value %zu: %.9g, then %.9g", i, first[i], got[i]);
        }
        op_test_close(&h);
    }
    free(first);
}

Test(depthwise, runs_repeat_to_the_bit)
{
    check_repeats(8, PNAS_ROUTE_AUTO);
    check_repeats(4, PNAS_ROUTE_GPU);
}

/* Output, input gradient and weight gradient, and how many values they are; the harness's. */
static void run(op_harness *h, const depthwise_case *test, double *out[3], size_t count[3])
{
    depthwise_setting at = depthwise_case_set_up(h, test);
    const reference_window *s = &test->shape;
    pnas_view y = op_harness_stored_output(h, s->N, s->C, s->OH, s->OW, NULL);
    op_upstream dy = op_harness_upstream(h, s->N, s->C, s->OH, s->OW, true);
    pnas_downstream dx = {.into = op_harness_output(h, s->N, s->C, s->H, s->W, NULL)};
    count[0] = at.outputs;
    count[1] = at.inputs;
    count[2] = (size_t)at.taps * at.padded;
    pnas_slice dw = op_harness_output_slice(h, count[2], NULL);
    pnas_slice scratch = op_harness_output_slice(
        h, pnas_op_depthwise_scratch(h->cl, s->N, &at.x.operand.view, &s->window, &dy.upstream.gradient),
        NULL);
    op_harness_ok(
        h, pnas_op_depthwise_forward(h->cl, &h->list, s->N, &at.x.operand, at.weight_slice, &s->window, &y));
    op_harness_ok(h, pnas_op_depthwise_backward(h->cl, &h->list, s->N, &at.x.operand, at.weight_slice,
                                                &s->window, &dy.upstream, &dx, dw, scratch));
    op_harness_run(h);
    out[0] = op_harness_read(h, &y, s->N, s->C);
    out[1] = op_harness_read(h, &dx.into, s->N, s->C);
    out[2] = op_harness_read_slice(h, dw, count[2]);
}

/* Images without another one beside them, partial sums of fewer images than the one beside, or alone. */
Test(depthwise, wide_gives_the_bits_of_tile)
{
    static const int images[] = {1, 2, 5, 6, 11, 16};
    for (int i = 0; i < (test_device_small() ? 2 : 6); ++i) {
        op_harness h[2];
        double *made[2][3];
        size_t count[3];
        for (int r = 0; r < 2; ++r) {
            op_test_open(&h[r], 8, r ? PNAS_ROUTE_WIDE : PNAS_ROUTE_TILE, 81);
            depthwise_case test = depthwise_case_random(&h[r], 3 + i % 2 * 2, 3 + i % 2 * 2, 1, 1 + i / 3);
            test.shape.N = images[i];
            test.shape.H = 9;
            test.shape.W = 7;
            reference_window_same(&test.shape);
            run(&h[r], &test, made[r], count);
        }
        for (int what = 0; what < 3; ++what)
            cr_assert_arr_eq(made[0][what], made[1][what], count[what] * sizeof(double));
        op_test_close(&h[0]);
        op_test_close(&h[1]);
    }
}

/* --- the reference itself, by finite differences --- */
typedef struct {
    reference_window shape;
    double *x, *weight, *y, *direction;
} scalar;

static double inner_product(void *payload)
{
    scalar *f = payload;
    reference_depthwise_forward(&f->shape, f->x, f->weight, f->y);
    double sum = 0;
    for (size_t i = 0; i < (size_t)f->shape.N * f->shape.C * f->shape.OH * f->shape.OW; ++i)
        sum += f->y[i] * f->direction[i];
    return sum;
}

Test(depthwise, the_references_gradients_are_those_of_finite_differences)
{
    op_harness h;
    op_test_open(&h, 0, PNAS_ROUTE_AUTO, 80);
    for (int k = 0; k < WINDOWS; ++k) {
        const int *w = windows[k];
        depthwise_case test = depthwise_case_random(&h, w[0], w[1], w[2], w[3]);
        const reference_window *s = &test.shape;
        size_t inputs = (size_t)s->N * s->C * s->H * s->W, outputs = (size_t)s->N * s->C * s->OH * s->OW;
        size_t weights = (size_t)w[0] * w[1] * s->C;
        scalar f = {.shape = *s,
                    .x = op_harness_random(&h, inputs),
                    .weight = op_harness_random(&h, weights),
                    .y = op_harness_zeros(&h, outputs),
                    .direction = op_harness_random(&h, outputs)};
        double *dx = op_harness_zeros(&h, inputs), *dw = op_harness_zeros(&h, weights);
        reference_depthwise_backward(s, f.x, f.weight, f.direction, dx, dw);
        op_test_check_gradient(&h, "input", inner_product, &f, f.x, dx, inputs, 20, 1e-6);
        op_test_check_gradient(&h, "weight", inner_product, &f, f.weight, dw, weights, 20, 1e-6);
    }
    op_test_close(&h);
}
