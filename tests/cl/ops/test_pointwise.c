/* Pointwise convolutions against the double precision reference, on every route. */
#include "cl/ops/route.h"
#include "tests/cl/ops/convolution_bits.h"

#include <criterion/criterion.h>

static reference_convolution shape_of(int N, int C, int M, int H, int W, int stride_h, int stride_w)
{
    reference_convolution shape = {.N = N, .C = C, .M = M, .H = H, .W = W};
    shape.window = (pnas_window){
        .kernel_h = 1, .kernel_w = 1, .dilation = 1, .stride_h = stride_h, .stride_w = stride_w};
    convolution_case_same(&shape);
    return shape;
}

static void check_random(int vector, pnas_route route, int rounds)
{
    op_harness h;
    int largest = test_device_small() ? 6 : 28;
    for (int round = 0; round < rounds; ++round) {
        op_test_open(&h, vector, route, (uint64_t)round);
        int stride = op_harness_between(&h, 0, 2);
        reference_convolution shape =
            shape_of(op_harness_between(&h, 1, 5), op_harness_between(&h, 1, largest),
                     op_harness_between(&h, 1, largest), op_harness_between(&h, 1, largest / 2),
                     op_harness_between(&h, 1, largest / 2), 1 + (stride == 1), 1 + (stride > 0));
        convolution_case test = convolution_case_random(&h, shape, true);
        convolution_case_check(&h, &test);
        op_test_close(&h);
    }
}

Test(pointwise, plain_with_single_channels_agrees_with_the_reference)
{
    check_random(1, PNAS_ROUTE_PLAIN, 8);
}

Test(pointwise, plain_with_blocks_of_four_agrees_with_the_reference)
{
    check_random(4, PNAS_ROUTE_PLAIN, 8);
}

Test(pointwise, plain_with_blocks_of_eight_agrees_with_the_reference)
{
    check_random(8, PNAS_ROUTE_PLAIN, 8);
}

Test(pointwise, tile_agrees_with_the_reference)
{
    check_random(8, PNAS_ROUTE_TILE, test_device_small() ? 6 : 24);
}

Test(pointwise, wide_agrees_with_the_reference)
{
    check_random(8, PNAS_ROUTE_WIDE, test_device_small() ? 6 : 24);
}

Test(pointwise, gpu_agrees_with_the_reference)
{
    check_random(4, PNAS_ROUTE_GPU, test_device_small() ? 8 : 24);
}

static void check_fixed_on(pnas_route route, int N, int C, int M, int size, int stride)
{
    op_harness h;
    op_test_open(&h, route == PNAS_ROUTE_GPU ? 4 : 8, route, 5);
    convolution_case test = {.shape = shape_of(N, C, M, size, size, stride, stride),
                             .pointwise = true,
                             .x_normalise = true,
                             .x_relu = true,
                             .y_normalise = true};
    convolution_case_check(&h, &test);
    op_test_close(&h);
}

static void check_fixed(int N, int C, int M, int size, int stride)
{
    check_fixed_on(PNAS_ROUTE_TILE, N, C, M, size, stride);
    check_fixed_on(PNAS_ROUTE_WIDE, N, C, M, size, stride);
    check_fixed_on(PNAS_ROUTE_GPU, N, C, M, size, stride);
}

Test(pointwise, tiles_agree_at_the_sizes_of_a_search)
{
    check_fixed(2, 24, 24, 32, 1);
    check_fixed(2, 48, 48, 16, 1);
    check_fixed(2, 96, 96, 8, 1);
    check_fixed(2, 24, 48, 32, 2);
    check_fixed(1, 480, 96, 8, 1);
    check_fixed(1, 1000, 720, 2, 1);
}

/* Images that share a group, that are alone in one, and that need several; a last group that is not full. */
Test(pointwise, gpu_groups_take_images_of_any_size)
{
    static const int sizes[] = {12, 3, 1, 2, 4, 7, 8, 9, 11, 17};
    int count = test_device_small() ? 2 : (int)(sizeof sizes / sizeof *sizes);
    for (int i = 0; i < count; ++i)
        check_fixed_on(PNAS_ROUTE_GPU, sizes[i] < 8 ? 35 : 2, 20, 28, sizes[i], 1);
    if (test_device_small())
        return;
    check_fixed_on(PNAS_ROUTE_GPU, 1, 12, 8, 224, 1);
    check_fixed_on(PNAS_ROUTE_GPU, 1, 4, 4, 113, 2);
}

/* Too many partial sums for one pass: gradients of input and weights are launches of their own. */
Test(pointwise, gpu_makes_gradients_apart_where_one_pass_would_need_too_much_memory)
{
    check_fixed_on(PNAS_ROUTE_GPU, 300, 120, 120, 12, 1);
}

/* More images than partial sums: the chunks hold one or two images each. */
Test(pointwise, weight_gradients_sum_every_image)
{
    check_fixed(70, 8, 16, 3, 1);
    check_fixed(21, 280, 280, 2, 1);
}

Test(pointwise, two_runs_give_the_same_bits)
{
    convolution_case test = {.shape = shape_of(5, 24, 40, 9, 11, 1, 1),
                             .pointwise = true,
                             .x_normalise = true,
                             .x_relu = true,
                             .y_normalise = true};
    convolution_check_bits(8, PNAS_ROUTE_PLAIN, &test);
    convolution_check_bits(8, PNAS_ROUTE_TILE, &test);
    convolution_check_bits(8, PNAS_ROUTE_WIDE, &test);
    convolution_check_bits(4, PNAS_ROUTE_GPU, &test);
}

/* Every number of vectors of a row, so all widths of a tile and all odd ends; images with an odd last pixel. */
Test(pointwise, wide_gives_the_bits_of_tile)
{
    for (int vectors = 1; vectors <= (test_device_small() ? 3 : 13); ++vectors)
        for (int stride = 1; stride <= 2; ++stride) {
            convolution_case test = {.shape =
                                         shape_of(3, 8 * vectors, 8 * (14 - vectors), 5, 7, stride, stride),
                                     .pointwise = true,
                                     .x_normalise = vectors % 2 == 0,
                                     .x_relu = vectors % 3 > 0,
                                     .y_normalise = vectors % 5 > 0,
                                     .accumulate = vectors % 4 == 0};
            convolution_check_same(8, PNAS_ROUTE_TILE, PNAS_ROUTE_WIDE, &test);
        }
}

Test(pointwise, wide_serves_cpus_with_wide_vectors_of_their_own)
{
    pnas_cl *cl = test_device_open_route(8, PNAS_ROUTE_AUTO);
    const pnas_route_shape shape = {.N = 1, .C = 8, .M = 8, .H = 1, .W = 9, .kernel_h = 1, .kernel_w = 1};
    cl->info.cpu = true;
    cl->no_tiles = false;
    cl->info.float_width = 16;
    cl->info.halves_vectors = false;
    cr_assert_eq(pnas_route_choose(cl, PNAS_OP_POINTWISE_FORWARD, &shape), PNAS_ROUTE_WIDE);
    cl->info.float_width = 8;
    cr_assert_eq(pnas_route_choose(cl, PNAS_OP_POINTWISE_FORWARD, &shape), PNAS_ROUTE_TILE);
    cl->info.float_width = 0;
    cr_assert_eq(pnas_route_choose(cl, PNAS_OP_POINTWISE_BACKWARD, &shape), PNAS_ROUTE_TILE);
    cl->info.float_width = 16;
    cl->info.cpu = false;
    cr_assert_eq(pnas_route_choose(cl, PNAS_OP_POINTWISE_BACKWARD, &shape), PNAS_ROUTE_PLAIN);
    pnas_cl_destroy(&cl);
}

Test(pointwise, tile_serves_cpus_that_halve_their_widest_vectors)
{
    pnas_cl *cl = test_device_open_route(8, PNAS_ROUTE_AUTO);
    const pnas_route_shape shape = {
        .N = 1, .C = 8, .M = 8, .H = 1, .W = 9, .kernel_h = 3, .kernel_w = 3, .stride = 1, .dilation = 1};
    cl->info.cpu = true;
    cl->no_tiles = false;
    cl->info.float_width = 16;
    cl->info.halves_vectors = true;
    cr_assert_eq(pnas_route_choose(cl, PNAS_OP_POINTWISE_BACKWARD, &shape), PNAS_ROUTE_TILE);
    cr_assert_eq(pnas_route_choose(cl, PNAS_OP_CONVOLUTION_FORWARD, &shape), PNAS_ROUTE_TILE);
    cr_assert_eq(pnas_route_choose(cl, PNAS_OP_DEPTHWISE_FORWARD, &shape), PNAS_ROUTE_WIDE);
    cr_assert(pnas_route_allowed(cl, PNAS_OP_POINTWISE_BACKWARD, PNAS_ROUTE_WIDE), "the tuner tries it");
    pnas_cl_destroy(&cl);
}
