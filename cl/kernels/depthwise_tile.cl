/* Depthwise convolution in register tiles of float8: V = 8.
 *
 * x [N][C/8][H*W][8], weight [kh][kw][C], y [N][C/8][OH*OW][8]. One work-item serves a channel block of an
 * image (or of several, weight gradient). A tile is TILE neighbouring values of a row; each loaded column
 * is used for all the taps that touch it. Tiles that reach over an edge test each column, others do not.
 * KERNEL_W, STRIDE_W, DILATION: constants, for the unrolling; TILE a multiple of STRIDE_W. */
#define WIDTH 8
#include "view.h"

#ifndef KERNEL_W
#define KERNEL_W 3
#endif
#ifndef STRIDE_W
#define STRIDE_W 1
#endif
#ifndef DILATION
#define DILATION 1
#endif
#ifndef TILE
#define TILE 8
#endif

/* --- forward --- */
#define SPAN (((TILE)-1) * STRIDE_W + (KERNEL_W - 1) * DILATION + 1) /* columns under a tile of outputs */

/* Adds one row of taps to a tile; `first` is the column under its first output and tap 0. */
INLINE void forward_row(float8 *sum, const __global float *row, const __global float *weight, const int C,
                        const int first, const int W, const transform t, const int inner)
{
    float8 tap[KERNEL_W];
#pragma unroll
    for (int kx = 0; kx < KERNEL_W; ++kx)
        tap[kx] = LOAD(weight + kx * C);
#pragma unroll
    for (int j = 0; j < SPAN; ++j) {
        if (!inner && (first + j < 0 || first + j >= W))
            continue;
        const float8 x = transform_apply(t, LOAD(row + (first + j) * 8));
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int reach = j - kx * DILATION;
            if (reach >= 0 && reach % STRIDE_W == 0 && reach / STRIDE_W < TILE)
                sum[reach / STRIDE_W] = fma(x, tap[kx], sum[reach / STRIDE_W]);
        }
    }
}

TILE_KERNEL void depthwise_forward_tile(OPERAND(x), const int C, const int H, const int W, SLICE(weight),
                                        WINDOW, OUT_VIEW(y), const int OH, const int OW)
{
    const int block = get_global_id(0), n = get_global_id(1);
    const __global float *xb = BLOCK(x, n, block, H * W);
    const __global float *wb = weight + weight_at + block * 8;
    __global float *yb = BLOCK(y, n, block, OH * OW);
    const transform t = TRANSFORM(x, C, block * 8);
    for (int oh = 0; oh < OH; ++oh)
        for (int ow = 0; ow < OW; ow += TILE) {
            const int first = ow * STRIDE_W - pad_left;
            float8 sum[TILE];
#pragma unroll
            for (int i = 0; i < TILE; ++i)
                sum[i] = (float8)(0.0f);
            for (int ky = 0; ky < kernel_h; ++ky) {
                const int h = oh * stride_h - pad_top + ky * DILATION;
                if (h < 0 || h >= H)
                    continue;
                const __global float *row = xb + (ulong)h * W * 8, *taps = wb + ky * KERNEL_W * C;
                if (first >= 0 && first + SPAN <= W)
                    forward_row(sum, row, taps, C, first, W, t, 1);
                else
                    forward_row(sum, row, taps, C, first, W, t, 0);
            }
#pragma unroll
            for (int i = 0; i < TILE; ++i)
                if (ow + i < OW)
                    STORE(sum[i], yb + (oh * OW + ow + i) * 8);
        }
}

/* --- input gradient: a tile starts where w + pad_left is a multiple of the stride, so that which tap meets
 * which column is known when compiling --- */
#define REACH   (((KERNEL_W - 1) * DILATION) / STRIDE_W) /* columns of dy left of the tile's own */
#define COLUMNS (REACH + ((TILE)-1) / STRIDE_W + 1)

INLINE void input_gradient_row(float8 *sum, const __global float *g, const __global float *raw,
                               const __global float *weight, const int C, const int first, const int OW,
                               const upstream u, const int inner)
{
    float8 tap[KERNEL_W];
#pragma unroll
    for (int kx = 0; kx < KERNEL_W; ++kx)
        tap[kx] = LOAD(weight + kx * C);
#pragma unroll
    for (int j = 0; j < COLUMNS; ++j) {
        if (!inner && (first + j < 0 || first + j >= OW))
            continue;
        const float8 d = upstream_read(u, g + (first + j) * 8, raw + (first + j) * 8);
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int i = (j - REACH) * STRIDE_W + kx * DILATION;
            if (i >= 0 && i < TILE)
                sum[i] = fma(d, tap[kx], sum[i]);
        }
    }
}

TILE_KERNEL void depthwise_input_gradient_tile(OPERAND(x), const int C, const int H, const int W,
                                               SLICE(weight), WINDOW, UPSTREAM(dy), const int OH,
                                               const int OW, DOWNSTREAM(dx))
{
    const int block = get_global_id(0), n = get_global_id(1);
    const __global float *gb = BLOCK(dy, n, block, OH * OW), *rb = BLOCK(dy_raw, n, block, OH * OW);
    const __global float *wb = weight + weight_at + block * 8, *xb = BLOCK(x, n, block, H * W);
    __global float *db = BLOCK(dx, n, block, H * W);
    const transform t = TRANSFORM(x, C, block * 8);
    const upstream u = UPSTREAM_AT(dy, C, block * 8);
    for (int h = 0; h < H; ++h)
        for (int left = pad_left - pad_left % STRIDE_W; left - pad_left < W; left += TILE) {
            const int first = left / STRIDE_W - REACH, w = left - pad_left;
            float8 sum[TILE];
#pragma unroll
            for (int i = 0; i < TILE; ++i)
                sum[i] = (float8)(0.0f);
            for (int ky = 0; ky < kernel_h; ++ky) {
                const int top = h + pad_top - ky * DILATION, oh = top / stride_h;
                if (top < 0 || top % stride_h || oh >= OH)
                    continue;
                const ulong row = (ulong)oh * OW * 8;
                const __global float *taps = wb + ky * KERNEL_W * C;
                if (first >= 0 && first + COLUMNS <= OW)
                    input_gradient_row(sum, gb + row, rb + row, taps, C, first, OW, u, 1);
                else
                    input_gradient_row(sum, gb + row, rb + row, taps, C, first, OW, u, 0);
            }
#pragma unroll
            for (int i = 0; i < TILE; ++i)
                if (w + i >= 0 && w + i < W) {
                    const ulong at = ((ulong)h * W + w + i) * 8;
                    downstream_write(db + at, sum[i], xb + at, t, x_relu, dx_accumulate);
                }
        }
}

/* --- weight gradient: ROWS rows of taps at a time stay in registers over all pixels of the images --- */
#if KERNEL_W <= 3
#define ROWS 3
#elif KERNEL_W <= 5
#define ROWS 2
#else
#define ROWS 1
#endif
#define DEPTH      (KERNEL_W <= 5 ? 4 : 8) /* output columns at a time */
#define DEPTH_SPAN ((DEPTH - 1) * STRIDE_W + (KERNEL_W - 1) * DILATION + 1)

INLINE void weight_gradient_row(float8 *sum, const float8 *d, const __global float *row, const int first,
                                const int W, const transform t, const int inner)
{
#pragma unroll
    for (int j = 0; j < DEPTH_SPAN; ++j) {
        if (!inner && (first + j < 0 || first + j >= W))
            continue;
        const float8 x = transform_apply(t, LOAD(row + (first + j) * 8));
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int reach = j - kx * DILATION;
            if (reach >= 0 && reach % STRIDE_W == 0 && reach / STRIDE_W < DEPTH)
                sum[kx] = fma(x, d[reach / STRIDE_W], sum[kx]);
        }
    }
}

/* Partial sums of `images` images: partial [ceil(N / images)][kh * kw][C]. NDRange: (C/8, partials). */
TILE_KERNEL void depthwise_weight_gradient_tile(OPERAND(x), const int C, const int H, const int W, WINDOW,
                                                UPSTREAM(dy), const int OH, const int OW, OUT_SLICE(partial),
                                                const int N, const int images)
{
    const int block = get_global_id(0), part = get_global_id(1);
    const transform t = TRANSFORM(x, C, block * 8);
    const upstream u = UPSTREAM_AT(dy, C, block * 8);
    __global float *out = partial + partial_at + (ulong)part * kernel_h * KERNEL_W * C + block * 8;
    for (int ky = 0; ky < kernel_h; ky += ROWS) {
        float8 sum[ROWS][KERNEL_W];
#pragma unroll
        for (int r = 0; r < ROWS; ++r)
#pragma unroll
            for (int kx = 0; kx < KERNEL_W; ++kx)
                sum[r][kx] = (float8)(0.0f);
        for (int n = part * images; n < min(N, (part + 1) * images); ++n) {
            const __global float *xb = BLOCK(x, n, block, H * W);
            const __global float *gb = BLOCK(dy, n, block, OH * OW), *rb = BLOCK(dy_raw, n, block, OH * OW);
            for (int oh = 0; oh < OH; ++oh)
                for (int ow = 0; ow < OW; ow += DEPTH) {
                    const int first = ow * STRIDE_W - pad_left;
                    const ulong row = ((ulong)oh * OW + ow) * 8;
                    float8 d[DEPTH];
#pragma unroll
                    for (int i = 0; i < DEPTH; ++i)
                        d[i] = ow + i < OW ? upstream_read(u, gb + row + i * 8, rb + row + i * 8)
                                           : (float8)(0.0f);
#pragma unroll
                    for (int r = 0; r < ROWS; ++r) {
                        const int h = oh * stride_h - pad_top + (ky + r) * DILATION;
                        if (ky + r >= kernel_h || h < 0 || h >= H)
                            continue;
                        if (first >= 0 && first + DEPTH_SPAN <= W)
                            weight_gradient_row(sum[r], d, xb + (ulong)h * W * 8, first, W, t, 1);
                        else
                            weight_gradient_row(sum[r], d, xb + (ulong)h * W * 8, first, W, t, 0);
                    }
                }
        }
#pragma unroll
        for (int r = 0; r < ROWS; ++r)
#pragma unroll
            for (int kx = 0; kx < KERNEL_W; ++kx)
                if (ky + r < kernel_h)
                    STORE(sum[r][kx], out + ((ky + r) * KERNEL_W + kx) * C);
    }
}
