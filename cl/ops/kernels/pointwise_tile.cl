/* Backward of convolutions whose taps see one pixel each, by register tiles: V = 8, in vectors of LANES. A pointwise convolution
 * has one tap; a factorized reduction two, at (0, 0) and (1, 1) under an output, the first for outputs m <
 * split, the second for the others. No padding; no pixel of x is seen twice. In one pass over the outputs,
 * `rows` x `columns` at a time: the upstream gradient and each tap's x are staged in private memory (STAGE
 * floats), then serve the input gradient and the weight gradient's partial sums. One work-item is a chunk of
 * images.
 *
 * x [N][C/8][H*W][8], transposed weight [taps][M][C], dy [N][M/8][OH*OW][8], partial [chunks][taps][C][M];
 * chunk k has images k * N / chunks up to the next chunk's. */
#ifndef LANES
#define LANES 8
#endif
#define WIDTH 8
#include "view.h"

#if LANES == 16
#include "pair.h"
#endif

#define PLANES_AHEAD 3
#include "piece.h"
#include "wide.h"

#ifndef STAGE
#define STAGE 8192
#endif

typedef struct { /* the first pixel of a piece in channel 0 of each tensor it reads */
    const __global STORED *x;
    const __global float *dy;
    const __global STORED *raw;
} piece;

/* Plane `i` of those that a piece reads: C / 8 of x, M / 8 of the upstream gradient, as many of its raw
 * output. */
INLINE const __global STORED *plane_of(const piece at, const int i, const int C, const int M,
                                       const int pixels, const int out_pixels)
{
    const int dy = i - C / 8, raw = dy - M / 8;
    const long plane = (long)out_pixels * 8;
    return raw >= 0  ? at.raw + min(raw, M / 8 - 1) * plane
           : dy >= 0 ? (const __global STORED *)(at.dy + dy * plane)
                     : at.x + (long)i * pixels * 8;
}

/* Outputs of blocks first <= b < last. Each outer product asks for its share of the planes of the next piece. */
INLINE void add_weight_gradient(__global float *sums, const int C, const int M, const int first,
                                const int last, const float *x_stage, const float *dy_stage, const int plane,
                                const int count, const int fresh, const piece next, const int pixels,
                                const int out_pixels)
{
    const int products = C / OUTER_CHANNELS * ((last - first + 2) / 3), planes = C / 8 + 2 * (M / 8);
    for (int c = 0, product = 0; c < C; c += OUTER_CHANNELS)
        for (int b = first, wide; b < last; b += wide, ++product) {
            const int share = product * planes / products;
            const planes_ahead ahead = {{plane_of(next, share, C, M, pixels, out_pixels),
                                         plane_of(next, share + 1, C, M, pixels, out_pixels),
                                         plane_of(next, share + 2, C, M, pixels, out_pixels)}};
            wide = wide_next(last - b);
            WIDE_CALL(wide, outer_, sums + c * M + b * 8, M, fresh, x_stage + c / 8 * plane + c % 8, 0,
                      dy_stage + b * plane, 0, plane, 1, count, ahead);
        }
}

/* Input gradients of the pixels that no tap sees, in `rows` x `columns` strides from row h0, column w0 on. */
INLINE void clear_gaps(__global float *dx, const int C, const int H, const int W, const int taps,
                       const int stride_h, const int stride_w, const int h0, const int w0, const int rows,
                       const int columns)
{
    for (int h = h0; h < min(H, h0 + rows * stride_h); ++h)
        for (int right = 0; right < min(stride_w, W - w0); ++right) {
            const int down = (h - h0) % stride_h, w = w0 + right;
            const int count = min(columns, (W - w + stride_w - 1) / stride_w);
            for (int c = 0; c < C && !(down == right && down < taps); c += 8)
                nothing_1(dx + ((long)c / 8 * H * W + h * W + w) * 8, H * W, stride_w * 8, count);
        }
}

typedef struct { /* image, first output, tap */
    int n, oh, ow, tap;
} place;

INLINE place next_place(place at, const int taps, const int OH, const int OW, const int rows,
                        const int columns)
{
    if (++at.tap == taps) {
        at.tap = 0;
        at.ow += columns;
    }
    if (at.ow >= OW) {
        at.ow = 0;
        at.oh += rows;
    }
    if (at.oh >= OH) {
        at.oh = 0;
        ++at.n;
    }
    return at;
}

/* NDRange: (chunks) */
TILE_KERNEL void TILE_NAME(pointwise_backward)(OPERAND(x), const int C, const int H, const int W,
                                               SLICE(transposed), const int taps, const int stride_h,
                                               const int stride_w, const int split, UPSTREAM(dy), const int M,
                                               const int dy_used, const int OH, const int OW, DOWNSTREAM(dx),
                                               const int has_dx, const int N, const int chunks,
                                               OUT_SLICE(partial), const int rows, const int columns)
{
    const int chunk = get_global_id(0), pixels = H * W, out_pixels = OH * OW;
    const int tap_at = 0, tap_weight = 0;
    float stage[STAGE];
    const stage_shape g = stage_make(rows, 1, columns, 1), s = stage_make(rows, 1, columns, stride_h);
    float *x_stage = stage + M / 8 * g.plane;
    __global float *sums = partial + partial_at + (ulong)chunk * taps * C * M;
    const place begin = {chunk * N / chunks, 0, 0, 0};
    for (place at = begin, next; at.n < (chunk + 1) * N / chunks; at = next) {
        const int n = at.n, tap = at.tap, high = min(rows, OH - at.oh);
        const int h = at.oh * stride_h + tap, w = at.ow * stride_w + tap;
        const int first = tap * split / 8, last = tap < taps - 1 ? (split + 7) / 8 : M / 8;
        next = next_place(at, taps, OH, OW, rows, columns);
        if (tap == 0)
            stage_upstream(stage, g, BLOCK(dy, n, 0, out_pixels), BLOCK(dy_raw, n, 0, out_pixels),
                           dy_coefficients + dy_coefficients_at, M, OH, OW, at.oh, at.ow, 0, M / 8);
        if (tap == 0 && has_dx && !dx_accumulate && stride_h * stride_w > 1)
            clear_gaps(BLOCK(dx, n, 0, pixels), C, H, W, taps, stride_h, stride_w, h, w, high, columns);
        stage_operand(x_stage, s, BLOCK(x, n, 0, pixels), x_transform + x_transform_at, x_normalise, x_relu,
                      C, H, W, h, w, stride_w);
        for (int r = 0; has_dx && r < high && h + r * stride_h < H; ++r)
            for (int c = 0, wide; c < C; c += wide * 8) {
                const int pixel = (h + r * stride_h) * W + w;
                wide = wide_next((C - c) / 8);
                WIDE_CALL(wide, downstream_, stage + first * g.plane + r * g.row, g.plane,
                          min(last * 8, dy_used) - first * 8,
                          transposed + transposed_at + (ulong)(tap * M + first * 8) * C + c, C, &tap_at,
                          &tap_weight, 1, BLOCK(dx, n, c / 8, pixels) + pixel * 8,
                          BLOCK(x, n, c / 8, pixels) + pixel * 8, pixels, stride_w * 8,
                          min(columns, (W - w + stride_w - 1) / stride_w), x_transform + x_transform_at + c,
                          x_normalise, x_relu, dx_accumulate);
            }
        const int next_n = min(next.n, N - 1), out = next.oh * OW + next.ow;
        const int in = (next.oh * stride_h + next.tap) * W + next.ow * stride_w + next.tap;
        const piece ahead = {BLOCK(x, next_n, 0, pixels) + in * 8, BLOCK(dy, next_n, 0, out_pixels) + out * 8,
                             BLOCK(dy_raw, next_n, 0, out_pixels) + out * 8};
        add_weight_gradient(sums + tap * C * M, C, M, first, last, x_stage, stage, g.plane, high * columns,
                            n == begin.n && at.oh == 0 && at.ow == 0, ahead, pixels, out_pixels);
    }
}
