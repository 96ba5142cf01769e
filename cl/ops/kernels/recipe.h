/* Images resampled and recoloured as recipes say (cl/ops/op_augment.h, src/net/augmentation.h): from uint8 to uint8, in
 * whole numbers alone, so that neither device nor order changes a bit. */
#ifndef RECIPE_H
#define RECIPE_H

#ifndef INLINE
#define INLINE static inline __attribute__((always_inline))
#endif

enum { RECIPE_IMAGE, RECIPE_AFFINE, RECIPE_OPS = 7, RECIPE_OP = 8, RECIPE_INTS = 24 };
enum { BRIGHTNESS, CONTRAST, SATURATION, HUE, POSTERIZE, SOLARIZE, AUTOCONTRAST, EQUALIZE, NO_OP };

#define LEVELS 256
#define TABLES (3 * LEVELS) /* of a pixel's three channels */

/* How work-items that share counters count; one alone defines it as an addition. */
#ifndef COUNT
#define COUNT(counter, number) atomic_add(&(counter), (number))
#endif

/* The first recipe of this step. */
INLINE const __global int *step_recipes(const __global int *recipes, const __global int *state,
                                        const int period, const int N)
{
    return recipes + (ulong)(state[0] % period) * N * RECIPE_INTS;
}

/* --- where a pixel comes from --- */

typedef struct {
    int inside;
    int top_left, top_right, bottom_left, bottom_right; /* pixels, h * W + w */
    int right, bottom;                                  /* shares of 256 */
} taps;

INLINE taps taps_of(const __global int *affine, const int H, const int W, const int h, const int w)
{
    const long x = (long)affine[0] * w + (long)affine[1] * h + affine[2];
    const long y = (long)affine[3] * w + (long)affine[4] * h + affine[5];
    const long most_x = (long)(W - 1) << 16, most_y = (long)(H - 1) << 16, half_pixel = 1L << 15;
    taps t;
    t.inside = (ulong)(x + half_pixel) < (ulong)W << 16 && (ulong)(y + half_pixel) < (ulong)H << 16;
    const int in_x = (int)clamp(x, 0L, most_x), in_y = (int)clamp(y, 0L, most_y);
    const int left = in_x >> 16, top = in_y >> 16;
    const int next = min(left + 1, W - 1), below = min(top + 1, H - 1);
    t.top_left = top * W + left;
    t.top_right = top * W + next;
    t.bottom_left = below * W + left;
    t.bottom_right = below * W + next;
    t.right = (in_x & 0xffff) >> 8;
    t.bottom = (in_y & 0xffff) >> 8;
    return t;
}

/* The set's mean as a level. */
INLINE int mean_level(const __global float *mean, const int c)
{
    return clamp((int)(mean[c] * 255.0f + 0.5f), 0, 255);
}

/* Channel c, bilinear. */
INLINE int tapped(const taps t, const __global uchar *image, const int channels, const int c,
                  const __global float *mean)
{
    if (!t.inside)
        return mean_level(mean, c);
    const int above =
        image[t.top_left * channels + c] * (256 - t.right) + image[t.top_right * channels + c] * t.right;
    const int below = image[t.bottom_left * channels + c] * (256 - t.right) +
                      image[t.bottom_right * channels + c] * t.right;
    return (above * (256 - t.bottom) + below * t.bottom + 32768) >> 16;
}

/* --- ops of pixels: an image of one channel has the same in all three; the fourth value is nothing --- */

INLINE int4 pixel_tapped(const taps t, const __global uchar *image, const int channels,
                         const __global float *mean)
{
    const int first = tapped(t, image, channels, 0, mean);
    return channels == 1
               ? (int4)(first)
               : (int4)(first, tapped(t, image, channels, 1, mean), tapped(t, image, channels, 2, mean), 0);
}

INLINE int4 pixel_get(const __global uchar *p, const int channels)
{
    return channels == 1 ? (int4)(p[0]) : (int4)(p[0], p[1], p[2], 0);
}

INLINE void pixel_put(const int4 value, __global uchar *p, const int channels)
{
    p[0] = convert_uchar_sat(value.x);
    if (channels == 1)
        return;
    p[1] = convert_uchar_sat(value.y);
    p[2] = convert_uchar_sat(value.z);
}

INLINE int grey_of(const int4 p)
{
    return (19595 * p.x + 38470 * p.y + 7471 * p.z + 32768) >> 16;
}

INLINE int4 levels_of(const int4 p)
{
    return clamp(p, (int4)(0), (int4)(255));
}

INLINE int4 blend(const int4 p, const int base, const int factor)
{
    return levels_of(((base << 16) + factor * (p - base) + 32768) >> 16);
}

/* The plane of differences from the luminance is turned as U = 0.492 (B - Y) and V = 0.877 (R - Y) are: 8 bits of
 * differences, 12 of cosine and sine, of which two have the quotient of 0.877 and 0.492 in them. */
INLINE int4 turned(const int4 p, const int value)
{
    const int sine = (short)(value & 0xffff), cosine = (value - sine) >> 16;
    const int in_blue = (sine * 7301 + 2048) >> 12, in_red = (sine * 2298 + 2048) >> 12;
    const int luminance = (19595 * p.x + 38470 * p.y + 7471 * p.z + 128) >> 8;
    const int red = (p.x << 8) - luminance, blue = (p.z << 8) - luminance;
    const int new_red = (red * cosine + blue * in_red + 2048) >> 12;
    const int new_blue = (blue * cosine - red * in_blue + 2048) >> 12;
    const int new_green = -((new_red * 2086 + new_blue * 795 + 2048) >> 12);
    return levels_of((luminance + (int4)(new_red, new_green, new_blue, 0) + 128) >> 8);
}

/* mean_grey: for CONTRAST; table [3][LEVELS]: for AUTOCONTRAST and EQUALIZE. */
INLINE int4 pixel_op(const int4 p, const int kind, const int value, const int mean_grey,
                     const __local uchar *table)
{
    switch (kind) {
    case BRIGHTNESS:
        return blend(p, 0, value);
    case CONTRAST:
        return blend(p, mean_grey, value);
    case SATURATION:
        return blend(p, grey_of(p), value);
    case HUE:
        return turned(p, value);
    case POSTERIZE:
        return p & (0xff << (8 - value) & 0xff);
    case SOLARIZE:
        return p >= value ? 255 - p : p;
    case AUTOCONTRAST:
    case EQUALIZE:
        return (int4)(table[p.x], table[LEVELS + p.y], table[2 * LEVELS + p.z], 0);
    default:
        return p;
    }
}

/* Whether an op wants to know the whole image first. */
INLINE int looks_at_all(const int kind)
{
    return kind == CONTRAST || kind == AUTOCONTRAST || kind == EQUALIZE;
}

INLINE int op_kind(const __global int *recipe, const int k)
{
    return k < recipe[RECIPE_OPS] ? recipe[RECIPE_OP + 2 * k] : NO_OP;
}

/* The first op from `from` on that does; behind the last: none. */
INLINE int next_to_look(const __global int *recipe, const int from)
{
    int next = from;
    while (next < recipe[RECIPE_OPS] && !looks_at_all(recipe[RECIPE_OP + 2 * next]))
        ++next;
    return next;
}

/* --- an image --- */

typedef struct {
    const __global uchar *image;
    const __global float *mean;
    const __global int *recipe;
    __global uchar *out;
    int channels, H, W;
} canvas;

INLINE canvas canvas_of(const int n, const __global uchar *images, const int channels,
                        const __global float *mean_deviation, const __global int *recipes,
                        __global uchar *shown, const int H, const int W)
{
    const ulong bytes = (ulong)H * W * channels;
    const __global int *recipe = recipes + n * RECIPE_INTS;
    const canvas c = {
        images + recipe[RECIPE_IMAGE] * bytes, mean_deviation, recipe, shown + n * bytes, channels, H, W};
    return c;
}

/* Pixel i is (h, w); every items-th one from `item` on, without a division for each. */
typedef struct {
    int i, h, w, step, step_h, step_w;
} walk;

INLINE walk walk_of(const int item, const int items, const int W)
{
    const walk at = {item, item / W, item % W, items, items / W, items % W};
    return at;
}

INLINE walk walk_on(walk at, const int W)
{
    const int over = at.w + at.step_w >= W;
    at.i += at.step;
    at.h += at.step_h + over;
    at.w += at.step_w - (over ? W : 0);
    return at;
}

/* Any number of channels, without ops. */
INLINE void resample(const canvas c, const int item, const int items)
{
    for (walk at = walk_of(item, items, c.W); at.i < c.H * c.W; at = walk_on(at, c.W)) {
        const int i = at.i;
        const taps t = taps_of(c.recipe + RECIPE_AFFINE, c.H, c.W, at.h, at.w);
        for (int k = 0; k < c.channels; ++k)
            c.out[i * c.channels + k] = (uchar)tapped(t, c.image, c.channels, k, c.mean);
    }
}

/* One of several passes over the same pixels. The first one resamples; each goes through the ops begin .. end - 1, of
 * which only the first may look at all of the image, and counts what the op `wanted` has to know of the result: counts
 * [0] is the sum of greys before CONTRAST, else they are the histograms [3][LEVELS]. */
INLINE void recolour(const canvas c, const int item, const int items, const int first, const int begin,
                     const int end, const int wanted, const int mean_grey, const __local uchar *table,
                     __local uint *counts)
{
    uint greys = 0;
    for (walk at = walk_of(item, items, c.W); at.i < c.H * c.W; at = walk_on(at, c.W)) {
        __global uchar *out = c.out + at.i * c.channels;
        int4 p;
        if (first)
            p = pixel_tapped(taps_of(c.recipe + RECIPE_AFFINE, c.H, c.W, at.h, at.w), c.image, c.channels,
                             c.mean);
        else
            p = pixel_get(out, c.channels);
#pragma unroll 1
        for (int k = begin; k < end; ++k)
            p = pixel_op(p, c.recipe[RECIPE_OP + 2 * k], c.recipe[RECIPE_OP + 2 * k + 1], mean_grey, table);
        pixel_put(p, out, c.channels);
        if (wanted == CONTRAST)
            greys += (uint)grey_of(p);
        if (wanted == AUTOCONTRAST || wanted == EQUALIZE) {
            COUNT(counts[p.x], 1u);
            COUNT(counts[LEVELS + p.y], 1u);
            COUNT(counts[2 * LEVELS + p.z], 1u);
        }
    }
    if (wanted == CONTRAST)
        COUNT(counts[0], greys);
}

/* --- tables of one channel, from its histogram of `pixels` --- */

INLINE void table_autocontrast(const __local uint *counts, __local uchar *table)
{
    int low = 0, high = LEVELS - 1;
    while (low < LEVELS - 1 && counts[low] == 0)
        ++low;
    while (high > low && counts[high] == 0)
        --high;
    for (int v = 0; v < LEVELS; ++v) {
        const int stretched = high > low ? ((v - low) * 510 + high - low) / (2 * (high - low)) : v;
        table[v] = (uchar)clamp(stretched, 0, 255);
    }
}

/* A level becomes the whole steps, 255 for all pixels but those of the last level, that lie below it. */
INLINE void table_equalize(const __local uint *counts, __local uchar *table, const uint pixels)
{
    int last = LEVELS - 1;
    while (last > 0 && counts[last] == 0)
        --last;
    const uint step = (pixels - counts[last]) / 255;
    uint sum = step / 2;
    for (int v = 0; v < LEVELS; ++v) {
        table[v] = (uchar)(step ? min(sum / step, 255u) : (uint)v);
        sum += counts[v];
    }
}

INLINE void table_make(const int kind, const __local uint *counts, __local uchar *table, const uint pixels)
{
    if (kind == AUTOCONTRAST)
        table_autocontrast(counts, table);
    else
        table_equalize(counts, table, pixels);
}

INLINE int mean_of(const uint sum, const uint pixels)
{
    return (int)((sum + pixels / 2) / pixels);
}

#endif
