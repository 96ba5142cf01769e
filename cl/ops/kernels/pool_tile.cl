/* Max and average pooling in register tiles of float8: V = 8. Shapes as in pool.cl.
 *
 * One work-item serves a channel block of an image. A tile is TILE neighbouring values of a row; each staged
 * column is used for all the places of the window that it has. */
#define WIDTH 8
#include "view.h"

#define TILE 8
#include "images.h"
#include "stage.h"

/* --- max: values are compared as integers of the same order, in which not-a-numbers are the largest, so that
 * they win and stay --- */
INLINE int8 flip_negative(const int8 bits)
{
    return bits ^ ((bits >> 31) & (int8)(0x7fffffff));
}

INLINE int8 to_order(const float8 x)
{
    const int8 bits = as_int8(x + 0.0f); /* no negative zero */
    return flip_negative(isnan(x) ? bits & (int8)(0x7fffffff) : bits);
}

/* Below every number: what lies outside of the image. */
#define OUTSIDE ((int8)(INT_MIN))

INLINE void stage_order_edges(int8 *out, const strip s)
{
    for (int j = 0; j < s.begin; ++j)
        out[j] = OUTSIDE;
    for (int j = s.end; j < s.count; ++j)
        out[j] = OUTSIDE;
}

INLINE void stage_order(int8 *out, const __global STORED *row, const strip s, const transform t)
{
    for (int j = s.begin; j < s.end; ++j)
        out[j] = to_order(transform_apply(t, READ(0, row + (s.first + j) * 8)));
}

/* A row of x, as wide as the window reaches, becomes for each output of the strip the largest value under it and
 * where in the row of the window that stands, -1 the last place: found once, compared in each of the rows of the
 * output over it. From the right, so that the first of equal values stays. */
INLINE void max_row(int8 *largest, int8 *place, const int8 *row, const int width)
{
    for (int at = 0; at < width; at += TILE) {
        int8 best[TILE], kx_of[TILE];
#pragma unroll
        for (int i = 0; i < TILE; ++i) {
            best[i] = row[(at + i) * STRIDE_W + (KERNEL_W - 1) * DILATION];
            kx_of[i] = (int8)(-1);
#pragma unroll
            for (int kx = KERNEL_W - 2; kx >= 0; --kx) {
                const int8 x = row[(at + i) * STRIDE_W + kx * DILATION];
                kx_of[i] = x >= best[i] ? (int8)(kx - KERNEL_W) : kx_of[i];
                best[i] = max(x, best[i]);
            }
            largest[at + i] = best[i];
            place[at + i] = kx_of[i];
        }
    }
}

TILE_KERNEL void max_pool_forward_tile(OPERAND(x), const int C, const int H, const int W, WINDOW, OUT_VIEW(y),
                                       const int OH, const int OW, __global uchar *restrict positions,
                                       const ulong positions_at)
{
    const int block = get_global_id(0), n = get_global_id(1);
    const __global STORED *xb = BLOCK(x, n, block, H * W);
    __global STORED *yb = BLOCK(y, n, block, OH * OW);
    __global uchar *pb = positions + positions_at + ((ulong)n * (C / 8) + block) * OH * OW * 8;
    const transform t = TRANSFORM(x, C, block * 8);
    int8 row[STRIP_COLUMNS], largest[SLOTS][STRIP], place[SLOTS][STRIP];
    for (int left = 0; left < OW; left += STRIP) {
        const strip s = strip_under(left, OW, pad_left, W);
        stage_order_edges(row, s);
        int staged = 0; /* the next row of x to make ready */
        for (int oh = 0; oh < OH; ++oh) {
            const int top = oh * STRIDE_H - pad_top;
            for (staged = max(staged, top); staged < min(H, top + ROWS); ++staged) {
                stage_order(row, xb + (ulong)staged * W * 8, s, t);
                max_row(largest[SLOT(staged)], place[SLOT(staged)], row, s.width);
            }
            for (int i = 0; i < min(s.width, OW - left); ++i) {
                int8 best = OUTSIDE, position = (int8)(0);
#pragma unroll
                for (int ky = 0; ky < KERNEL_H; ++ky) {
                    const int h = top + ky * DILATION;
                    if (h < 0 || h >= H)
                        continue;
                    const int8 value = largest[SLOT(h)][i];
                    position = value > best ? place[SLOT(h)][i] + (ky + 1) * KERNEL_W : position;
                    best = max(value, best);
                }
                const int out = (oh * OW + left + i) * 8;
                WRITE(as_float8(flip_negative(best)), 0, yb + out);
                vstore8(convert_uchar8(position), 0, pb + out);
            }
        }
    }
}

/* Adds to a tile of input gradients where the positions of one row of the output point back at it. */
INLINE void max_gradient_row(float8 *sum, const float8 *d, const int8 *position, const int ky)
{
#pragma unroll
    for (int j = 0; j < TILE_COLUMNS_OVER; ++j) {
        const float8 value = d[j];
        const int8 kx_of = position[j] - ky * KERNEL_W;
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int i = (j - REACH) * STRIDE_W + kx * DILATION;
            if (i >= 0 && i < TILE)
                sum[i] += kx_of == (int8)(kx) ? value : (float8)(0.0f);
        }
    }
}

/* Positions in a row of the output. Outside of it they do not matter: gradients are zero there. */
INLINE void stage_positions(int8 *out, const __global uchar *row, const strip s)
{
    for (int j = s.begin; j < s.end; ++j)
        out[j] = convert_int8(vload8(s.first + j, row));
}

/* A tile starts where w + pad_left is a multiple of the stride, so that which place of the window meets which
 * column is known when compiling. The same holds for the average. */
TILE_KERNEL void max_pool_backward_tile(OPERAND(x), const int C, const int H, const int W, WINDOW,
                                        UPSTREAM(dy), const int OH, const int OW,
                                        const __global uchar *restrict positions, const ulong positions_at,
                                        DOWNSTREAM(dx))
{
    const int block = get_global_id(0), n = get_global_id(1);
    const float_images g = {{BLOCK(dy, n, block, OH * OW)}, 1};
    const stored_images raw = {{BLOCK(dy_raw, n, block, OH * OW)}, 1}, in = {{BLOCK(x, n, block, H * W)}, 1};
    const __global uchar *pb = positions + positions_at + ((ulong)n * (C / 8) + block) * OH * OW * 8;
    __global float *db = BLOCK(dx, n, block, H * W);
    const transform t = TRANSFORM(x, C, block * 8);
    const upstream u = UPSTREAM_AT(dy, C, block * 8);
    float8 ring[SLOTS][COLUMNS_OVER(STRIP)];
    int8 kept[SLOTS][COLUMNS_OVER(STRIP)];
    for (int left = -(pad_left % STRIDE_W); left < W; left += STRIP) {
        const strip s = strip_over(left, W, pad_left, OW);
        for (int r = 0; r < SLOTS; ++r)
            stage_edges(ring[r], s);
        int staged = 0; /* the next row of dy to make ready */
        for (int h = 0; h < H; ++h) {
            const int bottom = (h + pad_top) / STRIDE_H, above = h + pad_top - (KERNEL_H - 1) * DILATION;
            for (staged = max(staged, above / STRIDE_H); staged <= min(OH - 1, bottom); ++staged) {
                stage_upstream(ring[SLOT(staged)], g, raw, staged * OW * 8, s, u);
                stage_positions(kept[SLOT(staged)], pb + (ulong)staged * OW * 8, s);
            }
            for (int at = 0; at < s.width; at += TILE) {
                float8 sum[TILE];
                clear(sum, TILE);
                for (int ky = 0; ky < KERNEL_H; ++ky) {
                    const int top = h + pad_top - ky * DILATION, oh = top / STRIDE_H;
                    if (top >= 0 && top % STRIDE_H == 0 && oh < OH)
                        max_gradient_row(sum, ring[SLOT(oh)] + at / STRIDE_W, kept[SLOT(oh)] + at / STRIDE_W,
                                         ky);
                }
                downstream_tile(&db, sum, in, h, left + at, W, t, x_relu, dx_accumulate);
            }
        }
    }
}

/* --- average --- */
/* How many of `count` taps from `first` lie inside [0, size). */
INLINE int taps_inside(const int first, const int count, const int size)
{
    if (first >= 0 && first + (count - 1) * DILATION < size)
        return count;
    int inside = 0;
    for (int k = 0; k < count; ++k)
        inside += first + k * DILATION >= 0 && first + k * DILATION < size;
    return inside;
}

INLINE void average_row(float8 *sum, const float8 *row)
{
#pragma unroll
    for (int j = 0; j < TILE_COLUMNS; ++j) {
        const float8 x = row[j];
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
    const stored_images in = {{BLOCK(x, n, block, H * W)}, 1};
    __global STORED *yb = BLOCK(y, n, block, OH * OW);
    const transform t = TRANSFORM(x, C, block * 8);
    float8 ring[SLOTS][STRIP_COLUMNS];
    for (int left = 0; left < OW; left += STRIP) {
        const strip s = strip_under(left, OW, pad_left, W);
        for (int r = 0; r < SLOTS; ++r)
            stage_edges(ring[r], s);
        int staged = 0; /* the next row of x to make ready */
        for (int oh = 0; oh < OH; ++oh) {
            const int top = oh * STRIDE_H - pad_top, rows = taps_inside(top, KERNEL_H, H);
            for (staged = max(staged, top); staged < min(H, top + ROWS); ++staged)
                stage_operand(ring[SLOT(staged)], in, staged * W * 8, s, t);
            for (int at = 0; at < s.width; at += TILE) {
                float8 sum[TILE];
                clear(sum, TILE);
                for (int ky = 0; ky < KERNEL_H; ++ky) {
                    const int h = top + ky * DILATION;
                    if (h >= 0 && h < H)
                        average_row(sum, ring[SLOT(h)] + at * STRIDE_W);
                }
#pragma unroll
                for (int i = 0; i < TILE; ++i) {
                    const int ow = left + at + i;
                    const int inside = rows * taps_inside(ow * STRIDE_W - pad_left, KERNEL_W, W);
                    if (ow < OW)
                        WRITE(sum[i] * (1.0f / (float)max(inside, 1)), 0, yb + (oh * OW + ow) * 8);
                }
            }
        }
    }
}

INLINE void average_gradient_row(float8 *sum, const float8 *d)
{
#pragma unroll
    for (int j = 0; j < TILE_COLUMNS_OVER; ++j) {
        const float8 value = d[j];
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int i = (j - REACH) * STRIDE_W + kx * DILATION;
            if (i >= 0 && i < TILE)
                sum[i] += value;
        }
    }
}

TILE_KERNEL void average_pool_backward_tile(OPERAND(x), const int C, const int H, const int W, WINDOW,
                                            UPSTREAM(dy), const int OH, const int OW, DOWNSTREAM(dx))
{
    const int block = get_global_id(0), n = get_global_id(1);
    const float_images g = {{BLOCK(dy, n, block, OH * OW)}, 1};
    const stored_images raw = {{BLOCK(dy_raw, n, block, OH * OW)}, 1}, in = {{BLOCK(x, n, block, H * W)}, 1};
    __global float *db = BLOCK(dx, n, block, H * W);
    const transform t = TRANSFORM(x, C, block * 8);
    const upstream u = UPSTREAM_AT(dy, C, block * 8);
    float8 ring[SLOTS][COLUMNS_OVER(STRIP)];
    for (int left = -(pad_left % STRIDE_W); left < W; left += STRIP) {
        const strip s = strip_over(left, W, pad_left, OW);
        for (int r = 0; r < SLOTS; ++r)
            stage_edges(ring[r], s);
        int staged = 0; /* the next row of dy to make ready */
        for (int h = 0; h < H; ++h) {
            const int bottom = (h + pad_top) / STRIDE_H, above = h + pad_top - (KERNEL_H - 1) * DILATION;
            for (staged = max(staged, above / STRIDE_H); staged <= min(OH - 1, bottom); ++staged) {
                const int rows = taps_inside(staged * STRIDE_H - pad_top, KERNEL_H, H);
                float8 *out = ring[SLOT(staged)];
                stage_upstream(out, g, raw, staged * OW * 8, s, u);
                for (int j = s.begin; j < s.end; ++j) {
                    const int columns = taps_inside((s.first + j) * STRIDE_W - pad_left, KERNEL_W, W);
                    out[j] *= 1.0f / (float)max(rows * columns, 1);
                }
            }
            for (int at = 0; at < s.width; at += TILE) {
                float8 sum[TILE];
                clear(sum, TILE);
                for (int ky = 0; ky < KERNEL_H; ++ky) {
                    const int top = h + pad_top - ky * DILATION, oh = top / STRIDE_H;
                    if (top >= 0 && top % STRIDE_H == 0 && oh < OH)
                        average_gradient_row(sum, ring[SLOT(oh)] + at / STRIDE_W);
                }
                downstream_tile(&db, sum, in, h, left + at, W, t, x_relu, dx_accumulate);
            }
        }
    }
}
