/* Records that drive a step from the device (cl/ops/op.h): 8 ints each, period * N of them in a ring. */
#ifndef RECORDS_H
#define RECORDS_H

enum { IMAGE, SHIFT_Y, SHIFT_X, FLIP, CUT_TOP, CUT_LEFT, CUT_SIDE, LABEL, RECORD_INTS };

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
