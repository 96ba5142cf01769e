/* Backward of a pointwise convolution (1x1, stride 1) by register tiles: V = 8. In one pass over the pixels,
 * `columns` at a time: the upstream gradient and x are staged in private memory (STAGE floats), then serve
 * the input gradient and the weight gradient's partial sums. One work-item is a chunk of images.
 *
 * x [N][C/8][pixels][8], transposed weight [M][C], dy [N][M/8][pixels][8], partial [chunks][C][M]; chunk k
 * has images k * N / chunks up to the next chunk's. */
#define WIDTH 8
#include "view.h"

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
                                       const int pixels)
{
    const int dy = i - C / 8, raw = dy - M / 8;
    const long plane = (long)pixels * 8;
    return raw >= 0  ? at.raw + min(raw, M / 8 - 1) * plane
           : dy >= 0 ? (const __global STORED *)(at.dy + dy * plane)
                     : at.x + i * plane;
}

/* Each outer product asks for its share of the planes of the next piece. */
INLINE void add_weight_gradient(__global float *sums, const int C, const int M, const float *x_stage,
                                const float *dy_stage, const int plane, const int count, const int fresh,
                                const piece next, const int pixels)
{
    const int products = C / OUTER_CHANNELS * ((M / 8 + 2) / 3), planes = C / 8 + 2 * (M / 8);
    for (int c = 0, product = 0; c < C; c += OUTER_CHANNELS)
        for (int m = 0, wide; m < M; m += wide * 8, ++product) {
            const int share = product * planes / products;
            const planes_ahead ahead = {{plane_of(next, share, C, M, pixels),
                                         plane_of(next, share + 1, C, M, pixels),
                                         plane_of(next, share + 2, C, M, pixels)}};
            wide = wide_next((M - m) / 8);
            WIDE_CALL(wide, outer_, sums + c * M + m, M, fresh, x_stage + c / 8 * plane + c % 8, 0,
                      dy_stage + m / 8 * plane, 0, plane, 1, count, ahead);
        }
}

/* NDRange: (chunks) */
TILE_KERNEL void pointwise_backward_tile(OPERAND(x), const int C, const int pixels, SLICE(transposed),
                                         UPSTREAM(dy), const int M, const int dy_used, DOWNSTREAM(dx), const int has_dx,
                                         const int N, const int chunks, OUT_SLICE(partial), const int columns)
{
    const int chunk = get_global_id(0), first_image = chunk * N / chunks;
    const int tap_at = 0, tap_weight = 0;
    float stage[STAGE];
    const stage_shape s = stage_make(1, 1, columns, 1);
    float *x_stage = stage + M * columns;
    __global float *sums = partial + partial_at + (ulong)chunk * C * M;
    for (int n = first_image; n < (chunk + 1) * N / chunks; ++n)
        for (int p = 0; p < pixels; p += columns) {
            const int count = min(columns, pixels - p);
            stage_upstream(stage, s, BLOCK(dy, n, 0, pixels), BLOCK(dy_raw, n, 0, pixels),
                           dy_coefficients + dy_coefficients_at, M, 1, pixels, 0, p, 0, M / 8);
            stage_operand(x_stage, s, BLOCK(x, n, 0, pixels), x_transform + x_transform_at, x_normalise,
                          x_relu, C, 1, pixels, 0, p, 1);
            for (int c = 0, wide; has_dx && c < C; c += wide * 8) {
                wide = wide_next((C - c) / 8);
                WIDE_CALL(wide, downstream_, stage, s.plane, dy_used, transposed + transposed_at + c, C,
                          &tap_at, &tap_weight, 1, BLOCK(dx, n, c / 8, pixels) + p * 8,
                          BLOCK(x, n, c / 8, pixels) + p * 8, pixels, 8, count,
                          x_transform + x_transform_at + c, x_normalise, x_relu, dx_accumulate);
            }
            const int ends = p + columns >= pixels, next_n = min(n + ends, N - 1),
                      next_p = ends ? 0 : p + columns;
            const piece next = {BLOCK(x, next_n, 0, pixels) + next_p * 8,
                                BLOCK(dy, next_n, 0, pixels) + next_p * 8,
                                BLOCK(dy_raw, next_n, 0, pixels) + next_p * 8};
            add_weight_gradient(sums, C, M, x_stage, stage, s.plane, count, n == first_image && p == 0, next,
                                pixels);
        }
}
