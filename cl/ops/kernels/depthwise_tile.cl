/* Depthwise convolution in register tiles of float8: V = 8.
 *
 * x [N][C/8][H*W][8], weight [kh][kw][C], y [N][C/8][OH*OW][8]. One work-item serves a channel block of an
 * image (weight gradient: of several). A tile is TILE neighbouring values of a row; each staged column is
 * used for all the taps that touch it. */
#define WIDTH 8
#include "view.h"

#define TILE 8
#include "stage.h"

INLINE void load_taps(float8 *tap, const __global float *weight, const int C)
{
#pragma unroll
    for (int kx = 0; kx < KERNEL_W; ++kx)
        tap[kx] = LOAD(weight + kx * C);
}

/* Adds one row of taps to a tile of outputs; `row` starts under its first output and tap 0. */
INLINE void forward_row(float8 *sum, const float8 *row, const __global float *weight, const int C)
{
    float8 tap[KERNEL_W];
    load_taps(tap, weight, C);
#pragma unroll
    for (int j = 0; j < TILE_COLUMNS; ++j) {
        const float8 x = row[j];
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int reach = j - kx * DILATION;
            if (reach >= 0 && reach % STRIDE_W == 0 && reach / STRIDE_W < TILE)
                sum[reach / STRIDE_W] = fma(x, tap[kx], sum[reach / STRIDE_W]);
        }
    }
}

/* One strip of an image's outputs; the edges of `ring` are clear. */
INLINE void forward_strip(float8 ring[SLOTS][STRIP_COLUMNS], const strip s, const __global STORED *x,
                          const transform t, const int H, const int W, const __global float *weight,
                          const int C, const int pad_top, __global STORED *y, const int left, const int OH,
                          const int OW)
{
    int staged = 0; /* the next row of x to make ready */
    for (int oh = 0; oh < OH; ++oh) {
        const int top = oh * STRIDE_H - pad_top;
        for (staged = max(staged, top); staged < min(H, top + ROWS); ++staged)
            stage_operand(ring[SLOT(staged)], x + (ulong)staged * W * 8, s, t);
        for (int at = 0; at < s.width; at += TILE) {
            float8 sum[TILE];
            clear(sum, TILE);
            for (int ky = 0; ky < KERNEL_H; ++ky) {
                const int h = top + ky * DILATION;
                if (h >= 0 && h < H)
                    forward_row(sum, ring[SLOT(h)] + at * STRIDE_W, weight + ky * KERNEL_W * C, C);
            }
#pragma unroll
            for (int i = 0; i < TILE; ++i)
                if (left + at + i < OW)
                    WRITE(sum[i], 0, y + (oh * OW + left + at + i) * 8);
        }
    }
}

/* A work-item has `images` images, so that small ones share what is done once. NDRange: (C/8, N / images). */
TILE_KERNEL void depthwise_forward_tile(OPERAND(x), const int C, const int H, const int W, SLICE(weight),
                                        WINDOW, OUT_VIEW(y), const int OH, const int OW, const int N,
                                        const int images)
{
    const int block = get_global_id(0), first = get_global_id(1) * images, last = min(N, first + images);
    const __global float *wb = weight + weight_at + block * 8;
    const transform t = TRANSFORM(x, C, block * 8);
    float8 ring[SLOTS][STRIP_COLUMNS];
    for (int left = 0; left < OW; left += STRIP) {
        const strip s = strip_under(left, OW, pad_left, W);
        for (int r = 0; r < SLOTS; ++r)
            stage_edges(ring[r], s);
        for (int n = first; n < last; ++n)
            forward_strip(ring, s, BLOCK(x, n, block, H * W), t, H, W, wb, C, pad_top,
                          BLOCK(y, n, block, OH * OW), left, OH, OW);
    }
}

/* Adds one row of taps to a tile of input gradients; `row` starts REACH columns left of the tile's own. */
INLINE void input_gradient_row(float8 *sum, const float8 *row, const __global float *weight, const int C)
{
    float8 tap[KERNEL_W];
    load_taps(tap, weight, C);
#pragma unroll
    for (int j = 0; j < TILE_COLUMNS_OVER; ++j) {
        const float8 d = row[j];
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int i = (j - REACH) * STRIDE_W + kx * DILATION;
            if (i >= 0 && i < TILE)
                sum[i] = fma(d, tap[kx], sum[i]);
        }
    }
}

/* One strip of an image's input gradients; the edges of `ring` are clear. */
INLINE void input_gradient_strip(float8 ring[SLOTS][COLUMNS_OVER(STRIP)], const strip s,
                                 const __global float *g, const __global STORED *raw, const upstream u,
                                 const int OH, const int OW, const __global float *weight, const int C,
                                 const int pad_top, const int left, const __global STORED *x,
                                 const transform t, const int masked, const int H, const int W,
                                 __global float *into, const int accumulate)
{
    int staged = 0; /* the next row of dy to make ready */
    for (int h = 0; h < H; ++h) {
        const int bottom = (h + pad_top) / STRIDE_H, above = h + pad_top - (KERNEL_H - 1) * DILATION;
        for (staged = max(staged, above / STRIDE_H); staged <= min(OH - 1, bottom); ++staged)
            stage_upstream(ring[SLOT(staged)], g + (ulong)staged * OW * 8, raw + (ulong)staged * OW * 8, s,
                           u);
        for (int at = 0; at < s.width; at += TILE) {
            float8 sum[TILE];
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
TILE_KERNEL void depthwise_input_gradient_tile(OPERAND(x), const int C, const int H, const int W,
                                               SLICE(weight), WINDOW, UPSTREAM(dy), const int OH,
                                               const int OW, DOWNSTREAM(dx), const int N, const int images)
{
    const int block = get_global_id(0), first = get_global_id(1) * images, last = min(N, first + images);
    const __global float *wb = weight + weight_at + block * 8;
    const transform t = TRANSFORM(x, C, block * 8);
    const upstream u = UPSTREAM_AT(dy, C, block * 8);
    float8 ring[SLOTS][COLUMNS_OVER(STRIP)];
    for (int left = -(pad_left % STRIDE_W); left < W; left += STRIP) {
        const strip s = strip_over(left, W, pad_left, OW);
        for (int r = 0; r < SLOTS; ++r)
            stage_edges(ring[r], s);
        for (int n = first; n < last; ++n)
            input_gradient_strip(ring, s, BLOCK(dy, n, block, OH * OW), BLOCK(dy_raw, n, block, OH * OW), u,
                                 OH, OW, wb, C, pad_top, left, BLOCK(x, n, block, H * W), t, x_relu, H, W,
                                 BLOCK(dx, n, block, H * W), dx_accumulate);
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
INLINE void weight_gradient_rows(float8 sum[][KERNEL_W], float8 ring[SLOTS][STRIP_COLUMNS], const float8 *dy,
                                 const int top, const int width, const int rows)
{
    float8 part[GROUP][KERNEL_W];
    const float8 *x[GROUP];
#pragma unroll
    for (int r = 0; r < rows; ++r) {
        x[r] = ring[SLOT(top + r * DILATION)];
#pragma unroll
        for (int kx = 0; kx < KERNEL_W; ++kx)
            part[r][kx] = sum[r][kx];
    }
    for (int at = 0; at < width; at += DEPTH) {
        float8 d[DEPTH];
#pragma unroll
        for (int i = 0; i < DEPTH; ++i)
            d[i] = dy[at + i];
#pragma unroll
        for (int r = 0; r < rows; ++r)
#pragma unroll
            for (int j = 0; j < DEPTH_COLUMNS; ++j) {
                const float8 value = x[r][at * STRIDE_W + j];
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

/* Partial sums of `images` images: partial [ceil(N / images)][kh * kw][C]. NDRange: (C/8, partials). */
TILE_KERNEL void depthwise_weight_gradient_tile(OPERAND(x), const int C, const int H, const int W, WINDOW,
                                                UPSTREAM(dy), const int OH, const int OW, OUT_SLICE(partial),
                                                const int N, const int images)
{
    const int block = get_global_id(0), part = get_global_id(1);
    const transform t = TRANSFORM(x, C, block * 8);
    const upstream u = UPSTREAM_AT(dy, C, block * 8);
    float8 ring[SLOTS][STRIP_COLUMNS], d[STRIP], sum[KERNEL_H][KERNEL_W];
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
            const __global STORED *xb = BLOCK(x, n, block, H * W);
            const __global float *gb = BLOCK(dy, n, block, OH * OW);
            const __global STORED *rb = BLOCK(dy_raw, n, block, OH * OW);
            int staged = -pad_top; /* the next row of x to make ready; rows outside are zero */
            for (int oh = 0; oh < OH; ++oh) {
                const int top = oh * STRIDE_H - pad_top;
                for (staged = max(staged, top); staged < top + ROWS; ++staged)
                    if (staged >= 0 && staged < H)
                        stage_operand(ring[SLOT(staged)], xb + (ulong)staged * W * 8, s, t);
                    else
                        stage_nothing(ring[SLOT(staged)], s);
                const ulong row = ((ulong)oh * OW + left) * 8;
                for (int j = 0; j < columns; ++j)
                    d[j] = upstream_read(u, gb + row + j * 8, rb + row + j * 8);
                int ky = 0;
                for (; ky + GROUP <= KERNEL_H; ky += GROUP)
                    weight_gradient_rows(sum + ky, ring, d, top + ky * DILATION, s.width, GROUP);
#if KERNEL_H % GROUP
                weight_gradient_rows(sum + ky, ring, d, top + ky * DILATION, s.width, KERNEL_H % GROUP);
#endif
            }
        }
    }
    __global float *out = partial + partial_at + (ulong)part * KERNEL_H * KERNEL_W * C + block * 8;
    for (int tap = 0; tap < KERNEL_H * KERNEL_W; ++tap)
        STORE(sum[tap / KERNEL_W][tap % KERNEL_W], out + tap * C);
}
