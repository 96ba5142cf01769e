/* Records that drive a step from the device (cl/ops/op.h): 8 ints each, period * N of them in a ring. */
#ifndef RECORDS_H
#define RECORDS_H

enum { IMAGE, SHIFT_Y, SHIFT_X, FLIP, CUT_TOP, CUT_LEFT, CUT_SIDE, LABEL, RECORD_INTS };

/* And for a step whose images are mixed, MIX_INTS ints each: the record of the other image, the rectangle that
 * shows only that one, and, as bits of floats, the image's own share outside of it and in the label. */
enum {
    MIX_TOP = RECORD_INTS,
    MIX_LEFT,
    MIX_HEIGHT,
    MIX_WIDTH,
    MIX_IMAGE_SHARE,
    MIX_LABEL_SHARE,
    MIX_INTS = 16
};

/* The first mix of this step. */
static inline const __global int *step_mixes(const __global int *mixes, const __global int *state,
                                             const int period, const int N)
{
    return mixes + (ulong)(state[0] % period) * N * MIX_INTS;
}

/* The image's own share of pixel (h, w). */
static inline float mix_share(const __global int *m, const int h, const int w)
{
    const int inside = h >= m[MIX_TOP] && h < m[MIX_TOP] + m[MIX_HEIGHT] && w >= m[MIX_LEFT] &&
                       w < m[MIX_LEFT] + m[MIX_WIDTH];
    return inside ? 0.0f : as_float(m[MIX_IMAGE_SHARE]);
}

/* The first record of this step. */
static inline const __global int *step_records(const __global int *records, const __global int *state,
                                               const int period, const int N)
{
    return records + (ulong)(state[0] % period) * N * RECORD_INTS;
}

/* Which pixel of the image, h * W + w, an output pixel shows; -1: none, outside or cut out. */
static inline int augmented_pixel(const __global int *r, const int H, const int W, const int h, const int w)
{
    const int from_h = h + r[SHIFT_Y], from_w = (r[FLIP] ? W - 1 - w : w) + r[SHIFT_X];
    const int cut =
        h >= r[CUT_TOP] && h < r[CUT_TOP] + r[CUT_SIDE] && w >= r[CUT_LEFT] && w < r[CUT_LEFT] + r[CUT_SIDE];
    return cut || from_h < 0 || from_h >= H || from_w < 0 || from_w >= W ? -1 : from_h * W + from_w;
}

static inline float whitened(const uchar value, const float mean, const float deviation)
{
    return ((float)value / 255.0f - mean) / deviation;
}

#endif
