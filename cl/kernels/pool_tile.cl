/* Max and average pooling in register tiles of float8: V = 8. Shapes as in pool.cl.
 *
 * One work-item serves a channel block of an image. A tile is TILE neighbouring values of a row; each loaded
 * column is used for all the places of the window that it has. KERNEL_W, STRIDE_W, DILATION: constants, for
 * the unrolling; TILE a multiple of STRIDE_W. */
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
#define TILE 4
#endif
#define SPAN    ((TILE - 1) * STRIDE_W + (KERNEL_W - 1) * DILATION + 1) /* columns under a tile of outputs */
#define REACH   (((KERNEL_W - 1) * DILATION) / STRIDE_W) /* columns of dy left of a tile of inputs */
#define COLUMNS (REACH + (TILE - 1) / STRIDE_W + 1)

/* --- max --- */
/* Compares one row of the window with what a tile holds. A NaN wins and stays. */
INLINE void max_row(float8 *best, int8 *position, const __global float *row, const int ky, const int first,
                    const int W, const transform t, const int inner)
{
#pragma unroll
    for (int j = 0; j < SPAN; ++j) {
        if (!inner && (first + j < 0 || first + j >= W))
            continue;
        const float8 x = transform_apply(t, LOAD(row + (first + j) * 8));
        const int8 undefined = isnan(x);
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int reach = j - kx * DILATION, i = reach / STRIDE_W;
            if (reach < 0 || reach % STRIDE_W || i >= TILE)
                continue;
            const int8 larger = (x > best[i]) | undefined;
            best[i] = select(best[i], x, larger);
            position[i] = select(position[i], (int8)(ky * KERNEL_W + kx), larger);
        }
    }
}

TILE_KERNEL void max_pool_forward_tile(OPERAND(x), const int C, const int H, const int W, WINDOW, OUT_VIEW(y),
                                       const int OH, const int OW, __global uchar *restrict positions,
                                       const ulong positions_at)
{
    const int block = get_global_id(0), n = get_global_id(1);
    const __global float *xb = BLOCK(x, n, block, H * W);
    __global float *yb = BLOCK(y, n, block, OH * OW);
    __global uchar *pb = positions + positions_at + ((ulong)n * (C / 8) + block) * OH * OW * 8;
    const transform t = TRANSFORM(x, C, block * 8);
    for (int oh = 0; oh < OH; ++oh)
        for (int ow = 0; ow < OW; ow += TILE) {
            const int first = ow * STRIDE_W - pad_left;
            float8 best[TILE];
            int8 position[TILE];
#pragma unroll
            for (int i = 0; i < TILE; ++i) {
                best[i] = (float8)(-INFINITY);
                position[i] = (int8)(0);
            }
            for (int ky = 0; ky < kernel_h; ++ky) {
                const int h = oh * stride_h - pad_top + ky * DILATION;
                if (h < 0 || h >= H)
                    continue;
                if (first >= 0 && first + SPAN <= W)
                    max_row(best, position, xb + (ulong)h * W * 8, ky, first, W, t, 1);
                else
                    max_row(best, position, xb + (ulong)h * W * 8, ky, first, W, t, 0);
            }
#pragma unroll
            for (int i = 0; i < TILE; ++i)
                if (ow + i < OW) {
                    STORE(best[i], yb + (oh * OW + ow + i) * 8);
                    vstore8(convert_uchar8(position[i]), 0, pb + (oh * OW + ow + i) * 8);
                }
        }
}

INLINE void max_gradient_row(float8 *sum, const __global float *g, const __global float *raw,
                             const __global uchar *kept, const int ky, const int first, const int OW,
                             const upstream u, const int inner)
{
#pragma unroll
    for (int j = 0; j < COLUMNS; ++j) {
        if (!inner && (first + j < 0 || first + j >= OW))
            continue;
        const int at = (first + j) * 8;
        const float8 d = upstream_read(u, g + at, raw + at);
        const int8 position = convert_int8(vload8(0, kept + at)) - ky * KERNEL_W;
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int i = (j - REACH) * STRIDE_W + kx * DILATION;
            if (i >= 0 && i < TILE)
                sum[i] += select((float8)(0.0f), d, position == (int8)(kx));
        }
    }
}

TILE_KERNEL void max_pool_backward_tile(OPERAND(x), const int C, const int H, const int W, WINDOW,
                                        UPSTREAM(dy), const int OH, const int OW,
                                        const __global uchar *restrict positions, const ulong positions_at,
                                        DOWNSTREAM(dx))
{
    const int block = get_global_id(0), n = get_global_id(1);
    const __global float *gb = BLOCK(dy, n, block, OH * OW), *rb = BLOCK(dy_raw, n, block, OH * OW);
    const __global float *xb = BLOCK(x, n, block, H * W);
    const __global uchar *pb = positions + positions_at + ((ulong)n * (C / 8) + block) * OH * OW * 8;
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
                if (first >= 0 && first + COLUMNS <= OW)
                    max_gradient_row(sum, gb + row, rb + row, pb + row, ky, first, OW, u, 1);
                else
                    max_gradient_row(sum, gb + row, rb + row, pb + row, ky, first, OW, u, 0);
            }
#pragma unroll
            for (int i = 0; i < TILE; ++i)
                if (w + i >= 0 && w + i < W) {
                    const ulong at = ((ulong)h * W + w + i) * 8;
                    downstream_write(db + at, sum[i], xb + at, t, x_relu, dx_accumulate);
                }
        }
}

/* --- average --- */
/* How many of `count` taps from `first` lie inside [0, size). */
INLINE int taps_inside(const int first, const int count, const int dilation, const int size)
{
    if (first >= 0 && first + (count - 1) * dilation < size)
        return count;
    int inside = 0;
    for (int k = 0; k < count; ++k)
        inside += first + k * dilation >= 0 && first + k * dilation < size;
    return inside;
}

INLINE void average_row(float8 *sum, const __global float *row, const int first, const int W,
                        const transform t, const int inner)
{
#pragma unroll
    for (int j = 0; j < SPAN; ++j) {
        if (!inner && (first + j < 0 || first + j >= W))
            continue;
        const float8 x = transform_apply(t, LOAD(row + (first + j) * 8));
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int reach = j - kx * DILATION;
            if (reach >= 0 && reach % STRIDE_W == 0 && reach / STRIDE_W < TILE)
                sum[reach / STRIDE_W] += x;
        }
    }
}

TILE_KERNEL void average_pool_forward_tile(OPERAND(x), const int C, const int H, const int W, WINDOW,
                                           OUT_VIEW(y), const int OH, const int OW)
{
    const int block = get_global_id(0), n = get_global_id(1);
    const __global float *xb = BLOCK(x, n, block, H * W);
    __global float *yb = BLOCK(y, n, block, OH * OW);
    const transform t = TRANSFORM(x, C, block * 8);
    for (int oh = 0; oh < OH; ++oh) {
        const int rows = taps_inside(oh * stride_h - pad_top, kernel_h, DILATION, H);
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
                if (first >= 0 && first + SPAN <= W)
                    average_row(sum, xb + (ulong)h * W * 8, first, W, t, 1);
                else
                    average_row(sum, xb + (ulong)h * W * 8, first, W, t, 0);
            }
#pragma unroll
            for (int i = 0; i < TILE; ++i)
                if (ow + i < OW) {
                    const int inside = rows * taps_inside(first + i * STRIDE_W, KERNEL_W, DILATION, W);
                    STORE(sum[i] * (inside ? 1.0f / (float)inside : 0.0f), yb + (oh * OW + ow + i) * 8);
                }
        }
    }
}

INLINE void average_gradient_row(float8 *sum, const __global float *g, const __global float *raw,
                                 const int first, const int W, const int OW, const int rows,
                                 const int pad_left, const upstream u, const int inner)
{
#pragma unroll
    for (int j = 0; j < COLUMNS; ++j) {
        if (!inner && (first + j < 0 || first + j >= OW))
            continue;
        const int columns = taps_inside((first + j) * STRIDE_W - pad_left, KERNEL_W, DILATION, W);
        const float share = 1.0f / (float)(rows * max(columns, 1));
        const float8 d = upstream_read(u, g + (first + j) * 8, raw + (first + j) * 8) * share;
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int i = (j - REACH) * STRIDE_W + kx * DILATION;
            if (i >= 0 && i < TILE)
                sum[i] += d;
        }
    }
}

TILE_KERNEL void average_pool_backward_tile(OPERAND(x), const int C, const int H, const int W, WINDOW,
                                            UPSTREAM(dy), const int OH, const int OW, DOWNSTREAM(dx))
{
    const int block = get_global_id(0), n = get_global_id(1);
    const __global float *gb = BLOCK(dy, n, block, OH * OW), *rb = BLOCK(dy_raw, n, block, OH * OW);
    const __global float *xb = BLOCK(x, n, block, H * W);
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
                const int rows = taps_inside(oh * stride_h - pad_top, kernel_h, DILATION, H);
                const ulong row = (ulong)oh * OW * 8;
                if (first >= 0 && first + COLUMNS <= OW)
                    average_gradient_row(sum, gb + row, rb + row, first, W, OW, rows, pad_left, u, 1);
                else
                    average_gradient_row(sum, gb + row, rb + row, first, W, OW, rows, pad_left, u, 0);
            }
#pragma unroll
            for (int i = 0; i < TILE; ++i)
                if (w + i >= 0 && w + i < W) {
                    const ulong at = ((ulong)h * W + w + i) * 8;
                    downstream_write(db + at, sum[i], xb + at, t, x_relu, dx_accumulate);
                }
        }
}
