/* Dense convolutions against the double precision reference, on every route. */
#include "tests/cl/ops/convolution_bits.h"

#include <criterion/criterion.h>

static const int kernels[][3] = {{3, 3, 1}, {1, 7, 1}, {7, 1, 1}, {3, 3, 2}, {2, 3, 1}, {1, 1, 1}, {5, 4, 3}};
enum { KERNELS = sizeof kernels / sizeof *kernels };

static reference_convolution random_shape(op_harness *h, const int kernel[3])
{
    int largest = test_device_small() ? 7 : 19;
    reference_convolution shape = {.N = op_harness_between(h, 1, test_device_small() ? 2 : 5),
                                   .C = op_harness_between(h, 1, largest + 6),
                                   .M = op_harness_between(h, 1, 2 * largest),
                                   .H = op_harness_between(h, 1, largest),
                                   .W = op_harness_between(h, 1, largest)};
    shape.window = (pnas_window){.kernel_h = kernel[0],
                                 .kernel_w = kernel[1],
                                 .dilation = kernel[2],
                                 .stride_h = op_harness_between(h, 1, 2),
                                 .stride_w = op_harness_between(h, 1, 2)};
    convolution_case_same(&shape);
    return shape;
}

static void check_random(int vector, pnas_route route, int rounds)
{
    op_harness h;
    for (int round = 0; round < rounds; ++round)
        for (int k = 0; k < KERNELS; ++k) {
            op_test_open(&h, vector, route, (uint64_t)round * KERNELS + (uint64_t)k);
            convolution_case test = convolution_case_random(&h, random_shape(&h, kernels[k]), false);
            convolution_case_check(&h, &test);
            op_test_close(&h);
        }
}

Test(convolution, plain_with_single_channels_agrees_with_the_reference)
{
    check_random(1, PNAS_ROUTE_PLAIN, 1);
}

Test(convolution, plain_with_blocks_of_four_agrees_with_the_reference)
{
    check_random(4, PNAS_ROUTE_PLAIN, 1);
}

Test(convolution, plain_with_blocks_of_eight_agrees_with_the_reference)
{
    check_random(8, PNAS_ROUTE_PLAIN, 1);
}

Test(convolution, tile_agrees_with_the_reference)
{
    check_random(8, PNAS_ROUTE_TILE, test_device_small() ? 1 : 6);
}

Test(convolution, wide_agrees_with_the_reference)
{
    check_random(8, PNAS_ROUTE_WIDE, test_device_small() ? 1 : 6);
}

Test(convolution, gpu_agrees_with_the_reference)
{
    check_random(4, PNAS_ROUTE_GPU, test_device_small() ? 1 : 6);
}

/* Shapes that a search trains, with fewer images. */
static void check_fixed(pnas_route route, int C, int M, int size, const int kernel[3], int stride)
{
    op_harness h;
    op_test_open(&h, route == PNAS_ROUTE_GPU ? 4 : 8, route, 5);
    reference_convolution shape = {.N = 2, .C = C, .M = M, .H = size, .W = size};
    shape.window = (pnas_window){.kernel_h = kernel[0],
                                 .kernel_w = kernel[1],
                                 .dilation = kernel[2],
                                 .stride_h = stride,
                                 .stride_w = stride};
    convolution_case_same(&shape);
    convolution_case test = {
        .shape = shape, .x_normalise = true, .x_relu = true, .y_normalise = true, .accumulate = true};
    convolution_case_check(&h, &test);
    op_test_close(&h);
}

static void check_search_sizes(pnas_route route)
{
    static const int stem[3] = {3, 3, 1}, wide[3] = {1, 7, 1}, high[3] = {7, 1, 1}, dilated[3] = {3, 3, 2};
    check_fixed(route, 3, 72, 32, stem, 1);
    check_fixed(route, 6, 6, 32, wide, 1);
    check_fixed(route, 12, 12, 16, high, 1);
    check_fixed(route, 12, 12, 32, dilated, 2);
    check_fixed(route, 96, 96, 8, stem, 1);
}

Test(convolution, tile_agrees_at_the_sizes_of_a_search)
{
    check_search_sizes(PNAS_ROUTE_TILE);
}

Test(convolution, wide_agrees_at_the_sizes_of_a_search)
{
    check_search_sizes(PNAS_ROUTE_WIDE);
}

Test(convolution, gpu_agrees_at_the_sizes_of_a_search)
{
    static const int stem[3] = {3, 3, 1};
    check_search_sizes(PNAS_ROUTE_GPU);
    check_fixed(PNAS_ROUTE_GPU, 3, 32, 113, stem, 2);
}

/* Wider than the tiles' memory holds at once: columns are cut, and the memory grows for very many channels. */
Test(convolution, tile_cuts_what_does_not_fit_at_once)
{
    static const int stem[3] = {3, 3, 1};
    op_harness h;
    op_test_open(&h, 8, PNAS_ROUTE_TILE, 6);
    reference_convolution wide = {.N = 1, .C = 40, .M = 16, .H = 3, .W = 150};
    wide.window = (pnas_window){.kernel_h = 3, .kernel_w = 3, .dilation = 1, .stride_h = 1, .stride_w = 1};
    convolution_case_same(&wide);
    convolution_case test = {.shape = wide, .x_relu = true, .y_normalise = true};
    convolution_case_check(&h, &test);
    op_test_close(&h);
    if (!test_device_small())
        check_fixed(PNAS_ROUTE_TILE, 600, 8, 4, stem, 1);
}

static reference_convolution reduction(int N, int C, int M, int H, int W)
{
    reference_convolution shape = {.N = N, .C = C, .M = M, .H = H, .W = W};
    shape.window = (pnas_window){
        .kernel_h = 2, .kernel_w = 1, .dilation = 1, .stride_h = 2, .stride_w = 2, .reduction_split = M / 2};
    shape.OH = (H + 1) / 2;
    shape.OW = (W + 1) / 2;
    return shape;
}

static void check_reductions(int vector, pnas_route route)
{
    op_harness h;
    for (int round = 0; round < 6; ++round) {
        op_test_open(&h, vector, route, 100 + (uint64_t)round);
        int largest = test_device_small() ? 6 : 17;
        reference_convolution shape =
            reduction(op_harness_between(&h, 1, 3), op_harness_between(&h, 1, largest),
                      2 * op_harness_between(&h, 1, largest), op_harness_between(&h, 2, largest),
                      op_harness_between(&h, 2, largest));
        convolution_case test = convolution_case_random(&h, shape, false);
        convolution_case_check(&h, &test);
        op_test_close(&h);
    }
}

Test(convolution, a_factorized_reduction_uses_one_tap_for_each_output)
{
    check_reductions(1, PNAS_ROUTE_PLAIN);
    check_reductions(4, PNAS_ROUTE_PLAIN);
    check_reductions(8, PNAS_ROUTE_PLAIN);
    check_reductions(8, PNAS_ROUTE_TILE);
    check_reductions(8, PNAS_ROUTE_WIDE);
    check_reductions(4, PNAS_ROUTE_GPU);
}

Test(convolution, two_runs_give_the_same_bits)
{
    op_harness h;
    op_test_open(&h, 8, PNAS_ROUTE_PLAIN, 9);
    convolution_case test = {.shape = random_shape(&h, kernels[0]), .x_relu = true, .y_normalise = true};
    op_test_close(&h);
    convolution_check_bits(8, PNAS_ROUTE_PLAIN, &test);
    convolution_check_bits(8, PNAS_ROUTE_TILE, &test);
    convolution_check_bits(8, PNAS_ROUTE_WIDE, &test);
    convolution_check_bits(4, PNAS_ROUTE_GPU, &test);
}

Test(convolution, wide_gives_the_bits_of_tile)
{
    op_harness h;
    for (int round = 0; round < (test_device_small() ? 1 : 12); ++round) {
        op_test_open(&h, 8, PNAS_ROUTE_TILE, 200 + (uint64_t)round);
        convolution_case test =
            convolution_case_random(&h, random_shape(&h, kernels[round % KERNELS]), false);
        op_test_close(&h);
        test.no_input_gradient = test.no_statistics = false;
        convolution_check_same(8, PNAS_ROUTE_TILE, PNAS_ROUTE_WIDE, &test);
    }
    const convolution_case split = {.shape = reduction(2, 40, 56, 7, 9), .x_relu = true, .y_normalise = true};
    convolution_check_same(8, PNAS_ROUTE_TILE, PNAS_ROUTE_WIDE, &split);
}

/* The reference itself: the gradient of sum(u * y) by differences. */
typedef struct {
    reference_convolution shape;
    double *x, *weight, *u, *y;
} objective;

static double value(void *payload)
{
    const objective *o = payload;
    const reference_convolution *s = &o->shape;
    reference_convolution_forward(s, o->x, o->weight, o->y);
    double sum = 0;
    for (size_t i = 0; i < (size_t)s->N * s->M * s->OH * s->OW; ++i)
        sum += o->u[i] * o->y[i];
    return sum;
}

static void check_reference(op_harness *h, reference_convolution shape)
{
    size_t x_count = (size_t)shape.N * shape.C * shape.H * shape.W;
    size_t y_count = (size_t)shape.N * shape.M * shape.OH * shape.OW;
    size_t weights = (size_t)shape.window.kernel_h * shape.window.kernel_w * shape.C * shape.M;
    objective o = {shape, op_harness_random(h, x_count), op_harness_random(h, weights),
                   op_harness_random(h, y_count), op_harness_zeros(h, y_count)};
    double *dx = op_harness_zeros(h, x_count), *dw = op_harness_zeros(h, weights);
    reference_convolution_backward(&shape, o.x, o.weight, o.u, dx, dw);
    op_test_check_gradient(h, "input", value, &o, o.x, dx, x_count, 20, 1e-6);
    op_test_check_gradient(h, "weight", value, &o, o.weight, dw, weights, 20, 1e-6);
}

Test(convolution, the_references_gradients_agree_with_differences)
{
    op_harness h;
    op_test_open(&h, 1, PNAS_ROUTE_PLAIN, 3);
    for (int k = 0; k < KERNELS; ++k) {
        reference_convolution shape = random_shape(&h, kernels[k]);
        shape.C = shape.M = 5;
        check_reference(&h, shape);
    }
    check_reference(&h, reduction(2, 3, 6, 7, 8));
    op_test_close(&h);
}

static reference_convolution same_3x3(void)
{
    reference_convolution shape = {.N = 1, .C = 1, .M = 1, .H = 3, .W = 3};
    shape.window = (pnas_window){.kernel_h = 3, .kernel_w = 3, .dilation = 1, .stride_h = 1, .stride_w = 1};
    convolution_case_same(&shape);
    return shape;
}

Test(convolution, the_reference_counts_neighbours)
{
    reference_convolution shape = same_3x3();
    const double ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, expected[9] = {4, 6, 4, 6, 9, 6, 4, 6, 4};
    double y[9];
    reference_convolution_forward(&shape, ones, ones, y);
    for (int i = 0; i < 9; ++i)
        cr_assert_float_eq(y[i], expected[i], 1e-12);
}
