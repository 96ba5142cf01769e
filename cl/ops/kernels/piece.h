/* Private copies of pieces of tensors, transformed once and then read many times by tiles.
 *
 * A stage is [blocks][rows][phases][columns][8]. With a stride along the width, input columns are sorted by
 * their remainder (phase), so that neighbouring outputs always read neighbouring values. What lies outside of
 * the image is zero. */
#ifndef PIECE_H
#define PIECE_H

/* Only where the code is made for a processor: drivers that go through SPIR-V know no such instruction. */
#if __has_builtin(__builtin_prefetch) && (defined(__x86_64__) || defined(__aarch64__))
#define FETCH(p, ...) __builtin_prefetch((void *)(size_t)(p), __VA_ARGS__)
#else
#define FETCH(p, ...)
#endif

/* Asks for what the next piece will read while this one is computed; any address will do. */
INLINE void fetch_ahead(const __global void *p)
{
    FETCH(p, 0);
}

/* The same where a whole piece is asked for, more than the first cache should take now. */
INLINE void fetch_far_ahead(const __global void *p)
{
    FETCH(p, 0, 2);
}

/* Asks for what will be written. */
INLINE void fetch_to_write(__global void *p)
{
    FETCH(p, 1);
}

typedef struct { /* a part of a tensor: its first value, and values from one pixel, row, plane to the next */
    const __global STORED *from;
    int pixel, row, plane;
} source;

typedef struct {
    int rows, phases, columns;
    int row_step;   /* image rows from one staged row to the next */
    int row, plane; /* floats from one row, one block to the next */
} stage_shape;

INLINE stage_shape stage_make(const int rows, const int phases, const int columns, const int row_step)
{
    stage_shape s;
    s.rows = rows;
    s.phases = phases;
    s.columns = columns;
    s.row_step = row_step;
    s.row = phases * columns * 8;
    s.plane = rows * s.row;
    return s;
}

/* Of the staged columns that start at image column `w` and go on in steps of `step`: first one in the image,
 * and one past the last. */
INLINE int2 stage_inside(const stage_shape s, const int w, const int step, const int W, const int row_inside)
{
    const int begin = w < 0 ? (step - 1 - w) / step : 0;
    const int end = w < W ? (W - w + step - 1) / step : 0;
    const int last = row_inside ? min(end, s.columns) : 0;
    return (int2)(min(begin, last), last);
}

INLINE void stage_zero(float *to, const int first, const int last)
{
    for (int i = first; i < last; ++i)
        put8((float8)(0.0f), i, to);
}

/* `x`: channel 0 of an image; the stage's corner is at image row h0, column w0. */
INLINE void stage_operand(float *to, const stage_shape s, const __global STORED *x,
                          const __global float *scale_shift, const int normalise, const int relu, const int C,
                          const int H, const int W, const int h0, const int w0, const int stride_w)
{
    for (int b = 0; b < C / 8; ++b) {
        const transform t = transform_make(scale_shift, C, b * 8, normalise, relu);
#ifdef PAIR_H
        const transform_pair two = transform_pair_make(t);
#endif
        for (int r = 0; r < s.rows; ++r)
            for (int p = 0; p < s.phases; ++p) {
                const int h = h0 + r * s.row_step, w = w0 + p;
                const int2 inside = stage_inside(s, w, stride_w, W, h >= 0 && h < H);
                const __global STORED *from = x + ((long)b * H * W + (long)h * W + w) * 8;
                float *out = to + b * s.plane + r * s.row + p * s.columns * 8;
                stage_zero(out, 0, inside.x);
                int i = inside.x;
#ifdef PAIR_H
                if (stride_w == 1)
                    for (; i + 2 <= inside.y; i += 2)
                        put16(transform_pair_apply(two, READ16(from + i * 8)), 0, out + i * 8);
#endif
                for (; i < inside.y; ++i)
                    put8(transform_apply(t, READ(i * stride_w, from)), i, out);
                stage_zero(out, inside.y, s.columns);
            }
    }
}

/* Blocks first_block <= b < last_block of the upstream gradient; `g` and `raw`: channel 0 of an image. */
INLINE void stage_upstream(float *to, const stage_shape s, const __global float *g,
                           const __global STORED *raw, const __global float *coefficients, const int M,
                           const int OH, const int OW, const int oh0, const int ow0, const int first_block,
                           const int last_block)
{
    for (int b = first_block; b < last_block; ++b) {
        const upstream u = upstream_make(coefficients, M, b * 8);
#ifdef PAIR_H
        const upstream_pair two = upstream_pair_make(u);
#endif
        for (int r = 0; r < s.rows; ++r) {
            const int oh = oh0 + r;
            const int2 inside = stage_inside(s, ow0, 1, OW, oh >= 0 && oh < OH);
            const long at = ((long)b * OH * OW + (long)oh * OW + ow0) * 8;
            float *out = to + (b - first_block) * s.plane + r * s.row;
            stage_zero(out, 0, inside.x);
            int i = inside.x;
#ifdef PAIR_H
            for (; i + 2 <= inside.y; i += 2)
                put16(upstream_pair_read(two, g + at + i * 8, raw + at + i * 8), 0, out + i * 8);
#endif
            for (; i < inside.y; ++i)
                put8(upstream_read(u, g + at + i * 8, raw + at + i * 8), i, out);
            stage_zero(out, inside.y, s.columns);
        }
    }
}

#endif
