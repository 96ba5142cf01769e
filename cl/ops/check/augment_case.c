#include "cl/ops/check/augment_case.h"

#include "cl/ops/check/op_check.h"
#include "src/net/image_set.h"

#include <math.h>
#include <string.h>

/* --- the reference: all numbers are small enough for a double to be exact --- */

static int level(double value)
{
    double rounded = floor(value + 0.5);
    return rounded < 0 ? 0 : rounded > 255 ? 255 : (int)rounded;
}

static int clamped(int value, int most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

static int sample(const unsigned char *image, int C, int H, int W, double x, double y, int c, double mean)
{
    if (x < -0.5 || x >= W - 0.5 || y < -0.5 || y >= H - 0.5)
        return level(mean * 255);
    x = fmin(fmax(x, 0), W - 1);
    y = fmin(fmax(y, 0), H - 1);
    int left = (int)x, top = (int)y;
    double right = floor((x - left) * 256) / 256, bottom = floor((y - top) * 256) / 256, sum = 0;
    for (int i = 0; i < 4; ++i) {
        int column = clamped(left + i % 2, W - 1), row = clamped(top + i / 2, H - 1);
        double share = (i % 2 ? right : 1 - right) * (i / 2 ? bottom : 1 - bottom);
        sum += share * image[((size_t)row * W + column) * C + c];
    }
    return level(sum);
}

static double grey(const int p[3])
{
    return floor((19595.0 * p[0] + 38470.0 * p[1] + 7471.0 * p[2]) / 65536 + 0.5);
}

static int blended(int v, double base, int factor)
{
    return level(base + factor / 65536.0 * (v - base));
}

static double rounded(double value, double unit)
{
    return floor(value / unit + 0.5);
}

/* With the rounding of each step, which is a part of the definition. */
static void turn(int p[3], int value)
{
    int sine = value & 0xffff, cosine;
    sine = sine >= 0x8000 ? sine - 0x10000 : sine;
    cosine = (value - sine) / 65536;
    double in_blue = rounded(sine * 7301.0, 4096), in_red = rounded(sine * 2298.0, 4096);
    double luminance = rounded(19595.0 * p[0] + 38470.0 * p[1] + 7471.0 * p[2], 256);
    double red = 256.0 * p[0] - luminance, blue = 256.0 * p[2] - luminance;
    double new_red = rounded(red * cosine + blue * in_red, 4096);
    double new_blue = rounded(blue * cosine - red * in_blue, 4096);
    double new_green = -rounded(new_red * 2086 + new_blue * 795, 4096);
    p[0] = level((luminance + new_red) / 256);
    p[1] = level((luminance + new_green) / 256);
    p[2] = level((luminance + new_blue) / 256);
}

static void autocontrast(const int *counts, int *table)
{
    int low = 0, high = 255;
    while (low < 255 && !counts[low])
        ++low;
    while (high > low && !counts[high])
        --high;
    for (int v = 0; v < 256; ++v)
        table[v] = high > low ? level((v - low) * 255.0 / (high - low)) : v;
}

static void equalize(const int *counts, int pixels, int *table)
{
    int last = 255, below = 0;
    while (last > 0 && !counts[last])
        --last;
    int step = (pixels - counts[last]) / 255;
    for (int v = 0; v < 256; below += counts[v++])
        table[v] = step ? clamped((step / 2 + below) / step, 255) : v;
}

typedef struct { /* what an op knows of the whole image */
    double grey;
    int table[3][256];
} whole;

static void look(int kind, const int (*pixels)[3], int count, whole *out)
{
    double greys = 0;
    for (int i = 0; i < count; ++i)
        greys += grey(pixels[i]);
    out->grey = floor(greys / count + 0.5);
    for (int c = 0; c < 3; ++c) {
        int counts[256] = {0};
        for (int i = 0; i < count; ++i)
            ++counts[pixels[i][c]];
        if (kind == PNAS_PIXEL_EQUALIZE)
            equalize(counts, count, out->table[c]);
        else
            autocontrast(counts, out->table[c]);
    }
}

static void change(int kind, int value, const whole *of, int p[3])
{
    double base = kind == PNAS_PIXEL_BRIGHTNESS ? 0 : kind == PNAS_PIXEL_CONTRAST ? of->grey : grey(p);
    if (kind == PNAS_PIXEL_HUE)
        turn(p, value);
    for (int c = 0; c < 3; ++c) {
        if (kind <= PNAS_PIXEL_SATURATION)
            p[c] = blended(p[c], base, value);
        else if (kind == PNAS_PIXEL_POSTERIZE)
            p[c] -= p[c] % (1 << (8 - value));
        else if (kind == PNAS_PIXEL_SOLARIZE)
            p[c] = p[c] >= value ? 255 - p[c] : p[c];
        else if (kind != PNAS_PIXEL_HUE)
            p[c] = of->table[c][p[c]];
    }
}

static void recolour(const int *recipe, int C, int count, int (*pixels)[3], unsigned char *out)
{
    for (int i = 0; i < count; ++i)
        for (int c = 0; c < 3; ++c)
            pixels[i][c] = out[(size_t)i * C + (C == 1 ? 0 : c)];
    for (int k = 0; k < recipe[PNAS_RECIPE_OPS]; ++k) {
        const int *op = recipe + PNAS_RECIPE_OP + 2 * k;
        whole of;
        look(op[0], (const int(*)[3])pixels, count, &of);
        for (int i = 0; i < count; ++i)
            change(op[0], op[1], &of, pixels[i]);
    }
    for (int i = 0; i < count; ++i)
        for (int c = 0; c < C; ++c)
            out[(size_t)i * C + c] = (unsigned char)pixels[i][c];
}

enum { PIXELS_MOST = 64 * 64 };

void augment_case_reference(const unsigned char *images, const int *recipe, int C, int H, int W,
                            const float *mean, unsigned char *out)
{
    const int *a = recipe + PNAS_RECIPE_AFFINE;
    static int pixels[PIXELS_MOST][3];
    for (int i = 0; i < H * W * C; ++i) {
        int c = i % C, w = i / C % W, h = i / C / W;
        double x = (a[0] * (double)w + a[1] * (double)h + a[2]) / PNAS_AUGMENTATION_ONE;
        double y = (a[3] * (double)w + a[4] * (double)h + a[5]) / PNAS_AUGMENTATION_ONE;
        const unsigned char *image = images + (size_t)recipe[PNAS_RECIPE_IMAGE] * H * W * C;
        out[i] = (unsigned char)sample(image, C, H, W, x, y, c, (double)mean[c]);
    }
    if (recipe[PNAS_RECIPE_OPS] > 0)
        recolour(recipe, C, H * W, pixels, out);
}

/* --- the case --- */

enum { IMAGES = 5, PERIOD = 2, STEP = 3, GUARD = 16 };

static void draw_recipes(op_harness *h, int count, int H, int W, const pnas_training_options *training,
                         int *recipes)
{
    for (int r = 0; r < count; ++r) {
        pnas_augmentation drawn;
        pnas_augmentation_draw(training, H, W, &h->random, &drawn);
        pnas_recipe_write(&drawn, op_harness_between(h, 0, IMAGES - 1),
                          recipes + (size_t)r * PNAS_RECIPE_INTS);
    }
}

/* Smooth with noise, so that histograms have gaps. */
static void draw_images(op_harness *h, size_t bytes, unsigned char *images)
{
    for (size_t i = 0; i < bytes; ++i)
        images[i] = (unsigned char)(40 + (i * 7) % 97 + (size_t)op_harness_between(h, 0, 80));
}

static void compare(op_harness *h, const unsigned char *got, const unsigned char *expected, size_t bytes)
{
    for (size_t i = 0; i < GUARD + bytes + GUARD; ++i)
        op_harness_expect(h, got[i] == expected[i], "byte %zu of %zu with guards of %d: %d, expected %d", i,
                          bytes, GUARD, got[i], expected[i]);
}

void augment_case_check(op_harness *h, int N, int C, int H, int W, const pnas_training_options *training)
{
    size_t image = (size_t)H * W * C, bytes = N * image, ints = (size_t)PERIOD * N * PNAS_RECIPE_INTS;
    unsigned char *images = op_harness_memory(h, IMAGES * image);
    unsigned char *expected = op_harness_memory(h, bytes + 2 * GUARD);
    unsigned char *got = op_harness_memory(h, bytes + 2 * GUARD);
    int *recipes = op_harness_memory(h, ints * sizeof *recipes), state[4] = {STEP};
    float mean[PNAS_IMAGE_CHANNELS_MAX] = {0};
    double *figures = op_harness_random(h, 2 * (size_t)C);
    for (int c = 0; c < C; ++c)
        figures[c] = (double)(mean[c] = (float)op_harness_between(h, 0, 100) / 101);
    draw_images(h, IMAGES * image, images);
    draw_recipes(h, PERIOD * N, H, W, training, recipes);
    memset(expected, 0xa5, bytes + 2 * GUARD);
    pnas_slice shown = {op_harness_buffer(h, bytes + 2 * GUARD, expected), GUARD};
    pnas_slice ring = op_harness_ints(h, ints, recipes), counter = op_harness_ints(h, 4, state);
    op_harness_ok(h, pnas_op_augment_images(h->cl, &h->list, N, op_harness_buffer(h, IMAGES * image, images),
                                            C, H, W, op_harness_slice(h, 2 * (size_t)C, figures), ring,
                                            counter, PERIOD, shown));
    op_harness_run(h);
    for (int n = 0; n < N; ++n)
        augment_case_reference(images, recipes + ((size_t)(STEP % PERIOD) * N + n) * PNAS_RECIPE_INTS, C, H,
                               W, mean, expected + GUARD + n * image);
    op_harness_ok(h, pnas_buffer_read(h->cl, shown.buffer, 0, bytes + 2 * GUARD, got));
    compare(h, got, expected, bytes);
}

/* --- the self-test --- */

static void try_augment(op_harness *h, int round)
{
    const pnas_training_options training = {.crop_area = round == 1 ? 1 : 0.2,
                                            .crop_aspect = 1.5,
                                            .brightness = 0.4,
                                            .contrast = 0.4,
                                            .saturation = 0.4,
                                            .hue = 0.1,
                                            .rand_ops = 3,
                                            .rand_magnitude = 20};
    const pnas_training_options crop = {.crop_area = 0.2, .crop_aspect = 1.5};
    int H = op_harness_up_to(h, 20) + 3, W = op_harness_up_to(h, 20) + 3;
    augment_case_check(h, op_harness_up_to(h, 5), round % 2 ? 1 : 3, H, W, &training);
    augment_case_check(h, op_harness_up_to(h, 5), op_harness_up_to(h, 10), H, W, &crop);
}

OP_CHECK(augment) = {"augment", PNAS_OP_AUGMENT, try_augment, 4};
