/* Records that drive a step from the device (cl/op.h): 8 ints each, period * N of them in a ring. */
#ifndef RECORDS_H
#define RECORDS_H

enum { IMAGE, SHIFT_Y, SHIFT_X, FLIP, CUT_TOP, CUT_LEFT, CUT_SIDE, LABEL, RECORD_INTS };

/* The first record of this step. */
static inline const __global int *step_records(const __global int *records, const __global int *state,
                                               const int period, const int N)
{
    return records + (ulong)(state[0] % period) * N * RECORD_INTS;
}

/* One value of an augmented image; `images` uint8 [n][H][W][channels]; zero outside and where cut out. */
static inline float augmented(const __global uchar *images, const __global int *r, const int channels,
                              const int c, const int H, const int W, const int h, const int w,
                              const float mean, const float deviation)
{
    const int from_h = h + r[SHIFT_Y], from_w = (r[FLIP] ? W - 1 - w : w) + r[SHIFT_X];
    const int cut = h >= r[CUT_TOP] && h < r[CUT_TOP] + r[CUT_SIDE] && w >= r[CUT_LEFT] &&
                    w < r[CUT_LEFT] + r[CUT_SIDE];
    if (cut || from_h < 0 || from_h >= H || from_w < 0 || from_w >= W)
        return 0.0f;
    const uchar value = images[(((ulong)r[IMAGE] * H + from_h) * W + from_w) * channels + c];
    return ((float)value / 255.0f - mean) / deviation;
}

#endif
