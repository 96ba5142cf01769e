/* Images by their recipes against plain C, on every route. */
#include "cl/ops/check/augment_case.h"
#include "tests/cl/ops/op_test.h"

#include <criterion/criterion.h>
#include <math.h>

static const struct {
    int vector;
    pnas_route route;
} every_route[] = {{1, PNAS_ROUTE_PLAIN}, {8, PNAS_ROUTE_TILE}, {4, PNAS_ROUTE_GPU}};
enum { ROUTES = sizeof every_route / sizeof *every_route };

static void check_on_every_route(int N, int C, int H, int W, const pnas_training_options *training)
{
    for (int i = 0; i < ROUTES; ++i) {
        op_harness h;
        op_test_open(&h, every_route[i].vector, every_route[i].route, 60 + (uint64_t)i);
        augment_case_check(&h, N, C, H, W, training);
        op_test_close(&h);
    }
}

Test(augment, crops_are_sampled_as_the_reference_samples_them)
{
    const pnas_training_options training = {.crop_area = 0.1, .crop_aspect = 2};
    check_on_every_route(6, 1, 9, 13, &training);
    check_on_every_route(6, 3, 16, 11, &training);
    check_on_every_route(3, 10, 7, 8, &training);
}

Test(augment, colours_are_those_of_the_reference)
{
    const pnas_training_options one = {.brightness = 0.8, .contrast = 2};
    const pnas_training_options all = {.brightness = 0.5, .contrast = 0.9, .saturation = 1.5, .hue = 0.5};
    check_on_every_route(8, 1, 9, 7, &one);
    check_on_every_route(8, 3, 12, 12, &all);
}

Test(augment, ops_of_rand_augment_are_those_of_the_reference)
{
    int N = test_device_small() ? 8 : 64;
    for (int magnitude = 0; magnitude <= 30; magnitude += 15) {
        const pnas_training_options training = {
            .crop_area = 0.5, .crop_aspect = 1.3, .rand_ops = PNAS_RAND_OPS_MAX, .rand_magnitude = magnitude};
        check_on_every_route(N, 3, 10, 12, &training);
        check_on_every_route(N, 1, 20, 23, &training);
    }
}

/* A turn in the plane of U = 0.492 (B - Y) and V = 0.877 (R - Y). */
Test(augment, the_reference_turns_colours_around_the_axis_of_greys)
{
    for (int degrees = -180; degrees <= 180; degrees += 20)
        for (int seed = 0; seed < 50; ++seed) {
            double angle = degrees * acos(-1) / 180;
            const unsigned char pixel[3] = {(unsigned char)(60 + seed * 53 % 120),
                                            (unsigned char)(60 + seed * 31 % 120),
                                            (unsigned char)(60 + seed * 17 % 120)};
            const int recipe[PNAS_RECIPE_INTS] = {0,
                                                  PNAS_AUGMENTATION_ONE,
                                                  0,
                                                  0,
                                                  0,
                                                  PNAS_AUGMENTATION_ONE,
                                                  0,
                                                  1,
                                                  PNAS_PIXEL_HUE,
                                                  (int)lrint(4096 * cos(angle)) * 65536 +
                                                      (int)lrint(4096 * sin(angle))};
            unsigned char out[3];
            augment_case_reference(pixel, recipe, 3, 1, 1, (const float[3]){0}, out);
            double y = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
            double u = 0.492 * (pixel[2] - y), v = 0.877 * (pixel[0] - y);
            double blue = y + (u * cos(angle) - v * sin(angle)) / 0.492;
            double red = y + (v * cos(angle) + u * sin(angle)) / 0.877;
            double green = (y - 0.299 * red - 0.114 * blue) / 0.587;
            const double expected[] = {red, green, blue};
            for (int c = 0; c < 3; ++c)
                cr_expect(fabs(fmin(fmax(expected[c], 0), 255) - out[c]) < 1,
                          "%d degrees, channel %d: %d, not %g", degrees, c, out[c], expected[c]);
        }
}
