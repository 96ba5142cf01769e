/* Dense convolution by register tiles: V = 8, in vectors of LANES; any kernel, stride and dilation. One work-item is an image (the
 * weight gradient: a chunk of images), which it goes through in pieces of `rows` x `columns` outputs. A
 * piece's inputs are staged: transformed once into private memory of STAGE floats. At most TAPS = kh * kw
 * taps.
 *
 * x [N][C/8][H*W][8], weight [kh][kw][C][M], y [N][M/8][OH*OW][8]. Only the outputs first <= m < last are
 * served (a factorized reduction is two launches of one tap each); the host chooses the pieces and the
 * stage's shape, which are parameters here: SHAPE. */
#ifndef LANES
#define LANES 8
#endif
#define WIDTH 8
#include "view.h"

#if LANES == 16
#include "pair.h"
#endif

#include "piece.h"
#include "wide.h"

#ifndef STAGE
#define STAGE 8192
#endif
#ifndef TAPS
#define TAPS 64
#endif

#define SHAPE                                                                                                \
    const int rows, const int columns, const int stage_rows, const int stage_phases,                         \
        const int stage_columns, const int row_step

/* Where each tap of the forward stage lies, and its weights. */
INLINE void find_taps(const stage_shape s, const int kernel_h, const int kernel_w, const int stride_w,
                      const int dilation, const int weights, int *tap_at, int *tap_weight)
{
    for (int t = 0; t < kernel_h * kernel_w; ++t) {
        const int down = t / kernel_w * dilation, right = t % kernel_w * dilation;
        tap_at[t] = down * s.row + (right % stride_w * s.columns + right / stride_w) * 8;
        tap_weight[t] = t * weights;
    }
}

/* statistics [N][2][M] (if has_statistics). NDRange: (N) */
TILE_KERNEL void TILE_NAME(convolution_forward)(OPERAND(x), const int C, const int x_used, const int H,
                                                const int W, SLICE(weight), WINDOW, const int first,
                                                const int last, OUT_VIEW(y), const int M, const int OH,
                                                const int OW, OUT_SLICE(statistics), const int has_statistics,
                                                SHAPE)
{
    const int n = get_global_id(0);
    float stage[STAGE];
    int tap_at[TAPS], tap_weight[TAPS];
    const stage_shape s = stage_make(stage_rows, stage_phases, stage_columns, row_step);
    find_taps(s, kernel_h, kernel_w, stride_w, dilation, C * M, tap_at, tap_weight);
    for (int oh = 0; oh < OH; oh += rows)
        for (int ow = 0; ow < OW; ow += columns) {
            stage_operand(stage, s, BLOCK(x, n, 0, H * W), x_transform + x_transform_at, x_normalise, x_relu,
                          C, H, W, oh * stride_h - pad_top, ow * stride_w - pad_left, stride_w);
            const int forth = rows < OH ? rows * stride_h * W : columns * stride_w;
            const source next = {BLOCK(x, n, 0, H * W) + (oh * stride_h * W + ow * stride_w + forth) * 8,
                                 stride_w * 8, stride_h * W * 8, H * W * 8};
            for (int m = first / 8 * 8, wide; m < last; m += wide * 8) {
                wide = m < first ? 1 : wide_next((last - m + 7) / 8);
                __global float *sums = has_statistics ? statistics + statistics_at + (ulong)n * 2 * M + m : 0;
                WIDE_CALL(wide, forward_, stage, s, stride_h / row_step, x_used, weight + weight_at + m, M,
                          tap_at, tap_weight, kernel_h * kernel_w,
                          BLOCK(y, n, m / 8, OH * OW) + (oh * OW + ow) * 8, OH * OW, OW, min(rows, OH - oh),
                          min(columns, OW - ow), first - m, sums, oh == 0 && ow == 0, next);
            }
        }
}

INLINE int divide_down(const int a, const int b)
{
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}

/* The taps that reach an input pixel, whose position from the stage's corner is (top, left) upstream pixels
 * scaled by the strides; those for which it falls between two upstream pixels do not. Returns how many. */
INLINE int find_upstream_taps(const stage_shape s, const int kernel_h, const int kernel_w, const int stride_h,
                              const int stride_w, const int dilation, const int weights, const int top,
                              const int left, int *tap_at, int *tap_weight)
{
    int taps = 0;
    for (int ky = 0; ky < kernel_h; ++ky) {
        const int down = top - ky * dilation;
        if (down % stride_h)
            continue;
        for (int kx = 0; kx < kernel_w; ++kx) {
            const int right = left - kx * dilation;
            if (right % stride_w)
                continue;
            tap_at[taps] = down / stride_h * s.row + right / stride_w * 8;
            tap_weight[taps++] = (ky * kernel_w + kx) * weights;
        }
    }
    return taps;
}

/* transposed [kh][kw][M][C]; pieces are of x. NDRange: (N) */
TILE_KERNEL void TILE_NAME(convolution_input_gradient)(OPERAND(x), const int C, const int H, const int W,
                                                       SLICE(transposed), WINDOW, const int first,
                                                       const int last, UPSTREAM(dy), const int M,
                                                       const int dy_used, const int OH, const int OW,
                                                       DOWNSTREAM(dx), SHAPE)
{
    const int n = get_global_id(0);
    float stage[STAGE];
    int tap_at[TAPS], tap_weight[TAPS];
    const stage_shape s = stage_make(stage_rows, stage_phases, stage_columns, row_step);
    const int first_block = first / 8, last_block = (last + 7) / 8;
    const int depth = min(last_block * 8, dy_used) - first_block * 8;
    const int strided = stride_h > 1 || stride_w > 1;
    int taps = 0;
    for (int h0 = 0; h0 < H; h0 += rows)
        for (int w0 = 0; w0 < W; w0 += columns) {
            const int oh = divide_down(h0 + pad_top - (kernel_h - 1) * dilation, stride_h);
            const int ow = divide_down(w0 + pad_left - (kernel_w - 1) * dilation, stride_w);
            stage_upstream(stage, s, BLOCK(dy, n, 0, OH * OW), BLOCK(dy_raw, n, 0, OH * OW),
                           dy_coefficients + dy_coefficients_at, M, OH, OW, oh, ow, first_block, last_block);
            for (int r = 0; r < min(rows, H - h0); ++r)
                for (int p = 0; p < min(stride_w, W - w0); ++p) {
                    if (strided || r == 0)
                        taps = find_upstream_taps(s, kernel_h, kernel_w, stride_h, stride_w, dilation, C * M,
                                                  h0 + r + pad_top - oh * stride_h,
                                                  w0 + p + pad_left - ow * stride_w, tap_at, tap_weight);
                    const int count = (min(columns, W - w0) - p + stride_w - 1) / stride_w;
                    const int pixel = (h0 + r) * W + w0 + p;
                    for (int c = 0, wide; c < C && !(taps == 0 && dx_accumulate); c += wide * 8) {
                        wide = wide_next((C - c) / 8);
                        if (taps == 0) {
                            WIDE_CALL(wide, nothing_, BLOCK(dx, n, c / 8, H * W) + pixel * 8, H * W,
                                      stride_w * 8, count);
                            continue;
                        }
                        WIDE_CALL(wide, downstream_, stage + (strided ? 0 : r * s.row), s.plane, depth,
                                  transposed + transposed_at + (ulong)first_block * 8 * C + c, C, tap_at,
                                  tap_weight, taps, BLOCK(dx, n, c / 8, H * W) + pixel * 8,
                                  BLOCK(x, n, c / 8, H * W) + pixel * 8, H * W, stride_w * 8, count,
                                  x_transform + x_transform_at + c, x_normalise, x_relu, dx_accumulate);
                    }
                }
        }
}

/* Rows `first` on of the weights' matrix [taps][used]: where they lie in the stage, and which rows of
 * [taps][C] they are; past the end, the last one again. */
INLINE void find_weight_rows(const stage_shape s, const int first, const int rows, const int used,
                             const int C, const int *tap_at, int *row, int *to_row)
{
    for (int i = 0; i < OUTER_CHANNELS; ++i) {
        const int k = min(first + i, rows - 1), tap = k / used, c = k % used;
        row[i] = tap_at[tap] + c / 8 * s.plane + c % 8;
        to_row[i] = tap * C + c;
    }
}

/* partial [chunks][..][kh][kw][C][M], `partial_stride` floats a chunk: the sum over the chunk's images, which
 * are chunk * N / chunks up to the next chunk's. The stage of x is followed by one of the upstream gradient,
 * `rows` x `columns` pixels. NDRange: (chunks) */
TILE_KERNEL void TILE_NAME(convolution_weight_gradient)(OPERAND(x), const int C, const int x_used,
                                                        const int H, const int W, WINDOW, const int first,
                                                        const int last, UPSTREAM(dy), const int M,
                                                        const int OH, const int OW, const int N,
                                                        const int chunks, OUT_SLICE(partial),
                                                        const ulong partial_stride, SHAPE)
{
    const int chunk = get_global_id(0), first_image = chunk * N / chunks;
    float stage[STAGE];
    int tap_at[TAPS], tap_weight[TAPS];
    const stage_shape s = stage_make(stage_rows, stage_phases, stage_columns, row_step);
    const stage_shape g = stage_make(rows, 1, columns, 1);
    float *upstream_stage = stage + C / 8 * s.plane;
    __global float *sums = partial + partial_at + chunk * partial_stride;
    const int weight_rows = kernel_h * kernel_w * x_used;
    find_taps(s, kernel_h, kernel_w, stride_w, dilation, C * M, tap_at, tap_weight);
    for (int n = first_image; n < (chunk + 1) * N / chunks; ++n)
        for (int oh = 0; oh < OH; oh += rows)
            for (int ow = 0; ow < OW; ow += columns) {
                stage_operand(stage, s, BLOCK(x, n, 0, H * W), x_transform + x_transform_at, x_normalise,
                              x_relu, C, H, W, oh * stride_h - pad_top, ow * stride_w - pad_left, stride_w);
                stage_upstream(upstream_stage, g, BLOCK(dy, n, 0, OH * OW), BLOCK(dy_raw, n, 0, OH * OW),
                               dy_coefficients + dy_coefficients_at, M, OH, OW, oh, ow, first / 8,
                               (last + 7) / 8);
                const int fresh = n == first_image && oh == 0 && ow == 0;
                for (int k = 0; k < weight_rows; k += OUTER_CHANNELS) {
                    int row[OUTER_CHANNELS], to_row[OUTER_CHANNELS];
                    find_weight_rows(s, k, weight_rows, x_used, C, tap_at, row, to_row);
                    for (int m = first / 8 * 8, wide; m < last; m += wide * 8) {
                        wide = wide_next((last - m + 7) / 8);
                        WIDE_CALL(wide, outer_rows_, sums + m, M, fresh, stage, row, to_row, weight_rows - k,
                                  stride_h / row_step * s.row,
                                  upstream_stage + (m - first / 8 * 8) / 8 * g.plane, g.row, g.plane,
                                  min(rows, OH - oh), min(columns, OW - ow));
                    }
                }
            }
}

/* All ones in the lanes of weights m ... m + 7 of a tap that count: in a factorized reduction (split > 0) tap
 * 0 serves m < split, tap 1 the others. */
INLINE int8 weights_count(const int m, const int tap, const int split)
{
    const int8 below = (int8)(0, 1, 2, 3, 4, 5, 6, 7) + m < split;
    return split == 0 ? (int8)(-1) : tap == 0 ? below : ~below;
}

/* gradient [taps][C][M]: partial [chunks][taps][C][M] summed over chunks, in their order; 64 weights a
 * work-item. NDRange: (taps * C * M / 64) */
TILE_KERNEL void TILE_NAME(convolution_weight_sum)(SLICE(partial), const int chunks, const int count,
                                                   const int C, const int used, const int M, const int split,
                                                   OUT_SLICE(gradient))
{
    const int first = get_global_id(0) * 64;
    const __global float *from = partial + partial_at + first;
    float8 sum[8];
    _Pragma("unroll") for (int i = 0; i < 8; ++i) sum[i] = (float8)(0.0f);
    for (int chunk = 0; chunk < chunks; ++chunk, from += count)
        _Pragma("unroll") for (int i = 0; i < 8; ++i) sum[i] += get8(i, from);
    _Pragma("unroll") for (int i = 0; i < 8; ++i)
    {
        const int at = first + i * 8;
        const int8 counts = at / M % C < used ? weights_count(at % M, at / (C * M), split) : (int8)(0);
        put8(counts ? sum[i] : (float8)(0.0f), 0, gradient + gradient_at + at);
    }
}

/* transposed [taps][M][C] of weight [taps][C][M], 0 where a weight does not count. NDRange: (M / 8, taps) */
TILE_KERNEL void TILE_NAME(convolution_transpose)(SLICE(weight), const int C, const int M, const int split,
                                                  OUT_SLICE(transposed))
{
    const int m = get_global_id(0) * 8, tap = get_global_id(1);
    const __global float *from = weight + weight_at + (ulong)tap * C * M + m;
    __global float *to = transposed + transposed_at + ((ulong)tap * M + m) * C;
    const int8 counts = weights_count(m, tap, split);
    for (int c = 0; c < C; ++c) {
        const float8 v = counts ? get8(0, from + c * M) : (float8)(0.0f);
        to[c] = v.s0;
        to[C + c] = v.s1;
        to[2 * C + c] = v.s2;
        to[3 * C + c] = v.s3;
        to[4 * C + c] = v.s4;
        to[5 * C + c] = v.s5;
        to[6 * C + c] = v.s6;
        to[7 * C + c] = v.s7;
    }
}
