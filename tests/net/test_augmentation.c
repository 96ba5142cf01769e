/* What is drawn for an image: crops lie in it and have the areas that were asked for, each op of RandAugment's set
 * comes as often, a turn of colours is a turn. */
#include "src/net/augmentation.h"

#include <criterion/criterion.h>
#include <math.h>

enum { DRAWS = 4000 };
#define ONE ((double)PNAS_AUGMENTATION_ONE)

static pnas_stream stream_of(uint64_t seed)
{
    return pnas_stream_make(seed, PNAS_STREAM_RESAMPLE, 1, 0);
}

Test(augmentation, without_any_setting_an_image_is_shown_as_it_is)
{
    static const pnas_training_options off[] = {{0},
                                                {.crop_area = 1, .crop_aspect = 2, .rand_magnitude = 30}};
    for (int i = 0; i < 2; ++i) {
        pnas_stream stream = stream_of(1);
        pnas_augmentation drawn;
        cr_expect_not(pnas_augmentation_wanted(&off[i]));
        pnas_augmentation_draw(&off[i], 8, 11, &stream, &drawn);
        const int32_t identity[] = {PNAS_AUGMENTATION_ONE, 0, 0, 0, PNAS_AUGMENTATION_ONE, 0};
        cr_expect_arr_eq(drawn.affine, identity, sizeof identity);
        cr_expect_eq(drawn.ops, 0);
    }
}

Test(augmentation, crops_lie_in_the_image_and_have_the_areas_and_aspects_that_were_asked_for)
{
    enum { H = 120, W = 200 };
    const pnas_training_options training = {.crop_area = 0.1, .crop_aspect = 4.0 / 3};
    pnas_stream stream = stream_of(2);
    double mean = 0, smallest = 1, largest = 0, skew = 0;
    for (int i = 0; i < DRAWS; ++i) {
        pnas_augmentation drawn;
        pnas_augmentation_draw(&training, H, W, &stream, &drawn);
        const int32_t *a = drawn.affine;
        double width = a[0] / ONE * W, height = a[4] / ONE * H, area = width * height / (W * H);
        double left = (a[2] - a[0] / 2.0) / ONE + 0.5, top = (a[5] - a[4] / 2.0) / ONE + 0.5;
        cr_assert(a[1] == 0 && a[3] == 0);
        cr_assert(left > -0.01 && top > -0.01 && left + width < W + 0.01 && top + height < H + 0.01,
                  "%g %g %g %g", left, top, width, height);
        cr_assert(area > 0.097 && area < 1.0001, "%g", area);
        cr_assert(width / height < 4.0 / 3 * 1.03 && height / width < 4.0 / 3 * 1.03, "%g x %g", width,
                  height);
        mean += area / DRAWS;
        skew += log(width / height) / DRAWS;
        smallest = fmin(smallest, area);
        largest = fmax(largest, area);
    }
    cr_expect_lt(smallest, 0.12);
    cr_expect_gt(largest, 0.7); /* more does not fit with these sides */
    cr_expect(mean > 0.35 && mean < 0.55, "%g", mean);
    cr_expect(fabs(skew) < 0.05, "%g", skew);
}

Test(augmentation, where_no_crop_fits_it_is_the_largest_in_the_middle)
{
    const pnas_training_options training = {.crop_area = 0.9, .crop_aspect = 1};
    pnas_stream stream = stream_of(3);
    pnas_augmentation drawn;
    pnas_augmentation_draw(&training, 10, 40, &stream, &drawn);
    cr_expect_float_eq(drawn.affine[0] / ONE, 0.25, 1e-4);
    cr_expect_float_eq(drawn.affine[2] / ONE, 15 + 0.125 - 0.5, 1e-4);
    cr_expect_eq(drawn.affine[4], PNAS_AUGMENTATION_ONE);
    cr_expect_eq(drawn.affine[5], 0);
}

Test(augmentation, the_centre_stays_where_an_image_is_turned_or_sheared)
{
    enum { H = 30, W = 50 };
    const pnas_training_options training = {.rand_ops = 1, .rand_magnitude = PNAS_RAND_MAGNITUDE_MAX};
    pnas_stream stream = stream_of(4);
    int turns = 0, shears = 0, moves = 0, changes = 0;
    for (int i = 0; i < DRAWS; ++i) {
        pnas_augmentation drawn;
        pnas_augmentation_draw(&training, H, W, &stream, &drawn);
        const int32_t *a = drawn.affine;
        double x = (W - 1) / 2.0, y = (H - 1) / 2.0;
        double to_x = (a[0] * x + a[1] * y + a[2]) / ONE, to_y = (a[3] * x + a[4] * y + a[5]) / ONE;
        int turned = a[0] != PNAS_AUGMENTATION_ONE, sheared = !turned && (a[1] || a[3]);
        int moved = !turned && !sheared && (a[2] || a[5]);
        if (turned)
            cr_expect_float_eq(fabs(a[1] / ONE), 0.5, 1e-4);
        if (sheared)
            cr_expect_float_eq(fabs((a[1] + a[3]) / ONE), 0.3, 1e-4);
        if (moved)
            cr_expect_float_eq(fabs(a[2] / ONE / W + a[5] / ONE / H), 150.0 / 331, 1e-4);
        else
            cr_expect(fabs(to_x - x) < 1e-3 && fabs(to_y - y) < 1e-3);
        turns += turned;
        shears += sheared;
        moves += moved;
        changes += drawn.ops;
        cr_expect(drawn.ops == 0 || !(turned || sheared || moved));
    }
    /* Of 13 ops one turns, two shear, two move, seven change pixels. */
    cr_expect_float_eq(turns, DRAWS / 13.0, 60);
    cr_expect_float_eq(shears, DRAWS * 2 / 13.0, 90);
    cr_expect_float_eq(moves, DRAWS * 2 / 13.0, 90);
    cr_expect_float_eq(changes, DRAWS * 7 / 13.0, 130);
}

Test(augmentation, factors_and_turns_are_even_in_their_range_and_in_any_order)
{
    const pnas_training_options training = {.brightness = 0.25, .contrast = 0.5, .saturation = 2, .hue = 0.1};
    static const double low[] = {0.75, 0.5, 0, -0.1}, high[] = {1.25, 1.5, 3, 0.1};
    pnas_stream stream = stream_of(5);
    double mean[4] = {0};
    int first[4] = {0};
    for (int i = 0; i < DRAWS; ++i) {
        pnas_augmentation drawn;
        pnas_augmentation_draw(&training, 8, 8, &stream, &drawn);
        cr_assert_eq(drawn.ops, 4);
        ++first[drawn.op[0].kind];
        for (int k = 0; k < 4; ++k) {
            int32_t kind = drawn.op[k].kind, value = drawn.op[k].value;
            int16_t sine = (int16_t)(value & 0xffff);
            double factor =
                kind == PNAS_PIXEL_HUE ? atan2(sine, (value - sine) / 65536) / (2 * acos(-1)) : value / ONE;
            cr_assert(factor >= low[kind] - 1e-3 && factor <= high[kind] + 1e-3, "%d: %g", kind, factor);
            mean[kind] += factor / DRAWS;
        }
    }
    for (int k = 0; k < 4; ++k) {
        cr_expect_float_eq(mean[k], (low[k] + high[k]) / 2, (high[k] - low[k]) / 40, "%d: %g", k, mean[k]);
        cr_expect_float_eq(first[k], DRAWS / 4, 130);
    }
}
