/* Depthwise convolution in register tiles: V = 8, in vectors of LANES.
 *
 * x [N][C/8][H*W][8], weight [kh][kw][C], y [N][C/8][OH*OW][8]. One work-item serves a channel block of some images,
 * IMAGES at a time side by side. A tile is TILE neighbouring values of a row; each staged column is used for all the
 * taps that touch it. */
#ifndef LANES
#define LANES 8
#endif
#define WIDTH 8
#include "view.h"

#define TILE 8
#include "images.h"
#include "stage.h"

INLINE void load_taps(lanes *tap, const __global float *weight, const int C)
{
#pragma unroll
    for (int kx = 0; kx < KERNEL_W; ++kx)
        tap[kx] = LANES_OF(LOAD(weight + kx * C));
}

/* Adds one row of taps to a tile of outputs; `row` starts under its first output and tap 0. */
INLINE void forward_row(lanes *sum, const lanes *row, const __global float *weight, const int C)
{
    lanes tap[KERNEL_W];
    load_taps(tap, weight, C);
#pragma unroll
    for (int j = 0; j < TILE_COLUMNS; ++j) {
        const lanes x = row[j];
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int reach = j - kx * DILATION;
            if (reach >= 0 && reach % STRIDE_W == 0 && reach / STRIDE_W < TILE)
                sum[reach / STRIDE_W] = fma(x, tap[kx], sum[reach / STRIDE_W]);
        }
    }
}

/* One strip of the images' outputs; the edges of `ring` are clear. */
INLINE void forward_strip(lanes ring[SLOTS][STRIP_COLUMNS], const strip s, const stored_images x,
                          const lanes_transform t, const int H, const int W, const __global float *weight,
                          const int C, const int pad_top, __global STORED *const *y, const int left,
                          const int OH, const int OW)
{
    int staged = 0; /* the next row of x to make ready */
    for (int oh = 0; oh < OH; ++oh) {
        const int top = oh * STRIDE_H - pad_top;
        for (staged = max(staged, top); staged < min(H, top + ROWS); ++staged)
            stage_operand(ring[SLOT(staged)], x, staged * W * 8, s, t);
        for (int at = 0; at < s.width; at += TILE) {
            lanes sum[TILE];
            clear(sum, TILE);
            for (int ky = 0; ky < KERNEL_H; ++ky) {
                const int h = top + ky * DILATION;
                if (h >= 0 && h < H)
                    forward_row(sum, ring[SLOT(h)] + at * STRIDE_W, weight + ky * KERNEL_W * C, C);
            }
#pragma unroll
            for (int i = 0; i < TILE; ++i)
#pragma unroll
                for (int side = 0; side < IMAGES; ++side)
                    if (side < COUNT(x) && left + at + i < OW)
                        WRITE(lanes_of_image(sum[i], side), 0, y[side] + (oh * OW + left + at + i) * 8);
        }
    }
}

/* A work-item has `images` images, a multiple of IMAGES; of small ones many, which share what is done once. NDRange:
 * (C/8, N / images). */
TILE_KERNEL void TILE_NAME(depthwise_forward)(OPERAND(x), const int C, const int H, const int W,
                                              SLICE(weight), WINDOW, OUT_VIEW(y), const int OH, const int OW,
                                              const int N, const int images)
{
    const int block = get_global_id(0), first = get_global_id(1) * images, last = min(N, first + images);
    const __global float *wb = weight + weight_at + block * 8;
    const lanes_transform t = LANES_TRANSFORM_OF(TRANSFORM(x, C, block * 8));
    lanes ring[SLOTS][STRIP_COLUMNS];
    for (int left = 0; left < OW; left += STRIP) {
        const strip s = strip_under(left, OW, pad_left, W);
        for (int r = 0; r < SLOTS; ++r)
            stage_edges(ring[r], s);
        for (int n = first; n < last; n += IMAGES) {
            const int count = min(IMAGES, last - n);
            __global STORED *out[IMAGES];
            stored_images in;
            IMAGES_TAKE(in, x, n, 1, count, block, H * W);
            for (int side = 0; side < IMAGES; ++side)
                out[side] = BLOCK(y, n + side, block, OH * OW);
            forward_strip(ring, s, in, t, H, W, wb, C, pad_top, out, left, OH, OW);
        }
    }
}

/* Adds one row of taps to a tile of input gradients; `row` starts REACH columns left of the tile's own. */
INLINE void input_gradient_row(lanes *sum, const lanes *row, const __global float *weight, const int C)
{
    lanes tap[KERNEL_W];
    load_taps(tap, weight, C);
#pragma unroll
    for (int j = 0; j < TILE_COLUMNS_OVER; ++j) {
        const lanes d = row[j];
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int i = (j - REACH) * STRIDE_W + kx * DILATION;
            if (i >= 0 && i < TILE)
                sum[i] = fma(d, tap[kx], sum[i]);
        }
    }
}

/* One strip of the images' input gradients; the edges of `ring` are clear. */
INLINE void input_gradient_strip(lanes ring[SLOTS][COLUMNS_OVER(STRIP)], const strip s, const float_images g,
                                 const stored_images raw, const lanes_upstream u, const int OH, const int OW,
                                 const __global float *weight, const int C, const int pad_top, const int left,
                                 const stored_images x, const lanes_transform t, const int masked,
                                 const int H, const int W, __global float *const *into, const int accumulate)
{
    int staged = 0; /* the next row of dy to make ready */
    for (int h = 0; h < H; ++h) {
        const int bottom = (h + pad_top) / STRIDE_H, above = h + pad_top - (KERNEL_H - 1) * DILATION;
        for (staged = max(staged, above / STRIDE_H); staged <= min(OH - 1, bottom); ++staged)
            stage_upstream(ring[SLOT(staged)], g, raw, staged * OW * 8, s, u);
        for (int at = 0; at < s.width; at += TILE) {
            lanes sum[TILE];
            clear(sum, TILE);
            for (int ky = 0; ky < KERNEL_H; ++ky) {
                const int top = h + pad_top - ky * DILATION, oh = top / STRIDE_H;
                if (top >= 0 && top % STRIDE_H == 0 && oh < OH)
                    input_gradient_row(sum, ring[SLOT(oh)] + at / STRIDE_W, weight + ky * KERNEL_W * C, C);
            }
            downstream_tile(into, sum, x, h, left + at, W, t, masked, accumulate);
        }
    }
}

/* A tile starts where w + pad_left is a multiple of the stride, so that which tap meets which column is known
 * when compiling. NDRange: (C/8, N / images) */
TILE_KERNEL void TILE_NAME(depthwise_input_gradient)(OPERAND(x), const int C, const int H, const int W,
                                                     SLICE(weight), WINDOW, UPSTREAM(dy), const int OH,
                                                     const int OW, DOWNSTREAM(dx), const int N,
                                                     const int images)
{
    const int block = get_global_id(0), first = get_global_id(1) * images, last = min(N, first + images);
    const __global float *wb = weight + weight_at + block * 8;
    const lanes_transform t = LANES_TRANSFORM_OF(TRANSFORM(x, C, block * 8));
    const lanes_upstream u = LANES_UPSTREAM_OF(UPSTREAM_AT(dy, C, block * 8));
    lanes ring[SLOTS][COLUMNS_OVER(STRIP)];
    for (int left = -(pad_left % STRIDE_W); left < W; left += STRIP) {
        const strip s = strip_over(left, W, pad_left, OW);
        for (int r = 0; r < SLOTS; ++r)
            stage_edges(ring[r], s);
        for (int n = first; n < last; n += IMAGES) {
            const int count = min(IMAGES, last - n);
            __global float *into[IMAGES];
            stored_images in, raw;
            float_images g;
            IMAGES_TAKE(in, x, n, 1, count, block, H * W);
            IMAGES_TAKE(g, dy, n, 1, count, block, OH * OW);
            IMAGES_TAKE(raw, dy_raw, n, 1, count, block, OH * OW);
            for (int side = 0; side < IMAGES; ++side)
                into[side] = BLOCK(dx, n + side, block, H * W);
            input_gradient_strip(ring, s, g, raw, u, OH, OW, wb, C, pad_top, left, in, t, x_relu, H, W, into,
                                 dx_accumulate);
        }
    }
}

/* --- weight gradient: GROUP rows of taps at a time, so that enough sums are under way to hide the latency of
 * a multiply-add, and few enough to stay in registers --- */
#if KERNEL_W <= 3
#define GROUP 3
#elif KERNEL_W <= 5
#define GROUP 2
#else
#define GROUP 1
#endif
#define DEPTH         (KERNEL_W <= 5 ? 4 : 8) /* columns of dy at a time; divides TILE */
#define DEPTH_COLUMNS COLUMNS_UNDER(DEPTH)

/* Adds to `rows` rows of taps what `width` columns of one row of dy and the rows of x under it give. */
INLINE void weight_gradient_rows(lanes sum[][KERNEL_W], lanes ring[SLOTS][STRIP_COLUMNS], const lanes *dy,
                                 const int top, const int width, const int rows)
{
    lanes part[GROUP][KERNEL_W];
    const lanes *x[GROUP];
#pragma unroll
    for (int r = 0; r < rows; ++r) {
        x[r] = ring[SLOT(top + r * DILATION)];
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx)
            part[r][kx] = sum[r][kx];
    }
    for (int at = 0; at < width; at += DEPTH) {
        lanes d[DEPTH];
#pragma unroll
        for (int i = 0; i < DEPTH; ++i)
            d[i] = dy[at + i];
#pragma unroll
        for (int r = 0; r < rows; ++r)
#pragma unroll
            for (int j = 0; j < DEPTH_COLUMNS; ++j) {
                const lanes value = x[r][at * STRIDE_W + j];
#pragma unroll
                for (int kx = 0; kx < KERNEL_W; ++kx) {
                    const int reach = j - kx * DILATION;
                    if (reach >= 0 && reach % STRIDE_W == 0 && reach / STRIDE_W < DEPTH)
                        part[r][kx] = fma(value, d[reach / STRIDE_W], part[r][kx]);
                }
            }
    }
#pragma unroll
    for (int r = 0; r < rows; ++r)
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx)
            sum[r][kx] = part[r][kx];
}

/* Partial sums of `images` images: partial [ceil(N / images)][kh * kw][C]. A work-item makes IMAGES of them, side by
 * side. NDRange: (C/8, partials / IMAGES). */
TILE_KERNEL void TILE_NAME(depthwise_weight_gradient)(OPERAND(x), const int C, const int H, const int W,
                                                      WINDOW, UPSTREAM(dy), const int OH, const int OW,
                                                      OUT_SLICE(partial), const int N, const int images)
{
    const int block = get_global_id(0), part = get_global_id(1) * IMAGES;
    const lanes_transform t = LANES_TRANSFORM_OF(TRANSFORM(x, C, block * 8));
    const lanes_upstream u = LANES_UPSTREAM_OF(UPSTREAM_AT(dy, C, block * 8));
    lanes ring[SLOTS][STRIP_COLUMNS], d[STRIP], sum[KERNEL_H][KERNEL_W];
#pragma unroll
    for (int k = 0; k < KERNEL_H; ++k)
        clear(sum[k], KERNEL_W);
    for (int left = 0; left < OW; left += STRIP) {
        const strip s = strip_under(left, OW, pad_left, W);
        const int columns = min(s.width, OW - left); /* of dy; the rest of the last tile stays zero */
        clear(d, STRIP);
        for (int r = 0; r < SLOTS; ++r)
            stage_edges(ring[r], s);
        for (int n = part * images; n < min(N, (part + 1) * images); ++n) {
            const int count = n + images < N ? IMAGES : 1;
            stored_images in, raw;
            float_images g;
            IMAGES_TAKE(in, x, n, images, count, block, H * W);
            IMAGES_TAKE(g, dy, n, images, count, block, OH * OW);
            IMAGES_TAKE(raw, dy_raw, n, images, count, block, OH * OW);
            int staged = -pad_top; /* the next row of x to make ready; rows outside are zero */
            for (int oh = 0; oh < OH; ++oh) {
                const int top = oh * STRIDE_H - pad_top;
                for (staged = max(staged, top); staged < top + ROWS; ++staged)
                    if (staged >= 0 && staged < H)
                        stage_operand(ring[SLOT(staged)], in, staged * W * 8, s, t);
                    else
                        stage_nothing(ring[SLOT(staged)], s);
                for (int j = 0; j < columns; ++j)
                    d[j] = read_upstream(u, g, raw, (oh * OW + left + j) * 8);
                int ky = 0;
                for (; ky + GROUP <= KERNEL_H; ky += GROUP)
                    weight_gradient_rows(sum + ky, ring, d, top + ky * DILATION, s.width, GROUP);
#if KERNEL_H % GROUP
                weight_gradient_rows(sum + ky, ring, d, top + ky * DILATION, s.width, KERNEL_H % GROUP);
#endif
            }
        }
    }
    for (int side = 0; side < IMAGES && (part + side) * images < N; ++side) {
        __global float *out =
            partial + partial_at + (ulong)(part + side) * KERNEL_H * KERNEL_W * C + block * 8;
        for (int tap = 0; tap < KERNEL_H * KERNEL_W; ++tap)
            STORE(lanes_of_image(sum[tap / KERNEL_W][tap % KERNEL_W], side), out + tap * C);
    }
}
