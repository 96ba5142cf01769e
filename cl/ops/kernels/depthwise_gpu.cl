/* Depthwise convolution for GPUs: V = 4, any window whose piece of an image fits into local memory.
 *
 * x [N][C/4][H*W][4], weight [kh][kw][C], y [N][C/4][OH*OW][4]. A group makes tile_h x tile_w outputs of one channel
 * block, of `images` neighbouring images where those are small: it copies what they read to local memory, transformed
 * and zero outside of the image, and then a work-item makes STRIP outputs of a column, so that neighbours read and
 * write neighbours. Groups: images fastest but for the tiles of an image, then blocks (cl/ops/depthwise_gpu.c). */
#define WIDTH 4
#include "view.h"

#include "job.h"
#include "window.h"

/* As in cl/ops/depthwise_gpu.c. */
#define GROUP      128
#define STRIP      4
#define TILE       1600 /* float4s of local memory */
#define SEGMENT    (STRIDE_W == 1 && DILATION == 1 ? 8 : 4)
#define TAPS_MOST  7 /* of a row that an item of the weight gradient sums */
#define CHUNKS     ((KERNEL_W + TAPS_MOST - 1) / TAPS_MOST)
#define CHUNK_TAPS ((KERNEL_W + CHUNKS - 1) / CHUNKS)

#define JOB_TILES  int N, tile_h, tile_w, tiles_h, tiles_w, images

/* Which outputs are a group's: from (h, w) of image n on. */
typedef struct {
    int block, n, images, h, w, part; /* part: which of the tiles of a block */
} tile_place;

INLINE tile_place tile_make(const int group, const int N, const int tile_h, const int tile_w,
                            const int tiles_h, const int tiles_w, const int images)
{
    const int chunks = (N + images - 1) / images, parts = chunks * tiles_h * tiles_w;
    tile_place at;
    at.block = group / parts;
    at.part = group % parts;
    at.w = at.part % tiles_w * tile_w;
    at.h = at.part / tiles_w % tiles_h * tile_h;
    at.n = at.part / (tiles_w * tiles_h) * images;
    at.images = min(images, N - at.n);
    return at;
}
#define JOB_TILE                                                                                             \
    tile_make(JOB_GROUP, job->N, job->tile_h, job->tile_w, job->tiles_h, job->tiles_w, job->images)

/* A walk of the group through images of rows x columns: item after item, without a division a step. */
typedef struct {
    int u, r, c;
} cell;

INLINE cell cell_first(const int i, const int rows, const int columns)
{
    cell k;
    k.c = i % columns;
    k.r = i / columns % rows;
    k.u = i / columns / rows;
    return k;
}

INLINE cell cell_next(cell k, const int rows, const int columns, const int step_r, const int step_c)
{
    k.c += step_c;
    k.r += step_r;
    if (k.c >= columns) {
        k.c -= columns;
        ++k.r;
    }
    while (k.r >= rows) {
        k.r -= rows;
        ++k.u;
    }
    return k;
}

/* Pixels from (h0, w0) on of a block of `images` images; x: the block of the first. */
INLINE void stage_operand(__local float4 *tile, const int images, const int rows, const int columns,
                          const __global STORED *x, const ulong stride, const transform t, const int H,
                          const int W, const int h0, const int w0)
{
    const int pitch = columns | 1, step_r = GROUP / columns, step_c = GROUP % columns;
    cell k = cell_first(get_local_id(0), rows, columns);
    for (; k.u < images; k = cell_next(k, rows, columns, step_r, step_c)) {
        const int h = h0 + k.r, w = w0 + k.c;
        float4 value = (float4)(0.0f);
        if (h >= 0 && h < H && w >= 0 && w < W)
            value = transform_apply(t, READ(h * W + w, x + (ulong)k.u * stride));
        tile[(k.u * rows + k.r) * pitch + k.c] = value;
    }
}

/* The same of upstream gradients, those of pixel (h, w) at (h step_h, w step_w) and zero between. */
INLINE void stage_upstream(__local float4 *tile, const int images, const int rows, const int columns,
                           const __global float *g, const ulong stride, const __global STORED *raw,
                           const ulong raw_stride, const upstream u, const int H, const int W, const int h0,
                           const int w0, const int step_h, const int step_w, const int inside_h,
                           const int inside_w)
{
    const int pitch = columns | 1, step_r = GROUP / columns, step_c = GROUP % columns;
    cell k = cell_first(get_local_id(0), rows, columns);
    for (; k.u < images; k = cell_next(k, rows, columns, step_r, step_c)) {
        const int h = h0 + k.r, w = w0 + k.c;
        float4 value = (float4)(0.0f);
        if (h >= 0 && h % step_h == 0 && h / step_h < H && w >= 0 && w % step_w == 0 && w / step_w < W &&
            k.r < inside_h && k.c < inside_w) {
            const int at = (h / step_h * W + w / step_w) * V;
            value = upstream_read(u, g + (ulong)k.u * stride + at, raw + (ulong)k.u * raw_stride + at);
        }
        tile[(k.u * rows + k.r) * pitch + k.c] = value;
    }
}

#define STRIP_STEP    STRIDE_H
#define STRIP_TAP(ky) (ky)
#define STRIP_KX(kx)  (kx)
#define STRIP_NAME    forward_strip
#include "depthwise_strip.h"

/* The input gradient's window is turned round. */
#define STRIP_STEP    1
#define STRIP_TAP(ky) (KERNEL_H - 1 - (ky))
#define STRIP_KX(kx)  (KERNEL_W - 1 - (kx))
#define STRIP_NAME    gradient_strip
#include "depthwise_strip.h"

/* An item's column and first row in the tile, and its image; u is too large where it has none. */
INLINE cell strip_of_item(const int tile_h, const int tile_w)
{
    cell k = cell_first(get_local_id(0), tile_h / STRIP, tile_w);
    k.r *= STRIP;
    return k;
}

typedef struct {
    JOB_HEAD;
    JOB_OPERAND(x);
    int C, H, W;
    JOB_SLICE(weight);
    JOB_WINDOW;
    JOB_VIEW(y);
    int OH, OW;
    JOB_TILES;
} forward_job;

GROUP_KERNEL(GROUP)
depthwise_forward_gpu(JOB_OPERAND_BUFFERS(x), JOB_FLOATS(weight), JOB_OUT_BUFFER(y), JOBS(forward_job))
{
    __local float4 tile[TILE];
    const __global forward_job *job = JOB;
    const tile_place at = JOB_TILE;
    const int H = job->H, W = job->W, OH = job->OH, OW = job->OW, C = job->C;
    const int rows = (job->tile_h - 1) * STRIDE_H + SPAN_H, columns = (job->tile_w - 1) * STRIDE_W + SPAN_W;
    stage_operand(tile, at.images, rows, columns, JOB_BLOCK(x, at.n, at.block, H * W), job->x_stride,
                  JOB_TRANSFORM(x, C, at.block * V), H, W, at.h * STRIDE_H - job->pad_top,
                  at.w * STRIDE_W - job->pad_left);
    barrier(CLK_LOCAL_MEM_FENCE);
    const cell k = strip_of_item(job->tile_h, job->tile_w);
    const int oh = at.h + k.r, ow = at.w + k.c;
    if (k.u >= at.images || oh >= OH || ow >= OW)
        return;
    float4 sum[STRIP];
    forward_strip(sum, tile + (k.u * rows + k.r * STRIDE_H) * (columns | 1) + k.c * STRIDE_W, columns | 1,
                  weight + job->weight_at + at.block * V, C);
    __global STORED *out = JOB_BLOCK(y, at.n + k.u, at.block, OH * OW);
#pragma unroll
    for (int q = 0; q < STRIP; ++q)
        if (oh + q < OH)
            WRITE(sum[q], (oh + q) * OW + ow, out);
}

typedef struct {
    JOB_HEAD;
    JOB_OPERAND(x);
    int C, H, W;
    JOB_SLICE(weight);
    JOB_WINDOW;
    JOB_UPSTREAM(dy);
    int OH, OW;
    JOB_DOWNSTREAM(dx);
    JOB_TILES;
} input_gradient_job;

/* The forward pass of the upstream gradients, spread by the stride, with the window turned round. */
GROUP_KERNEL(GROUP)
depthwise_input_gradient_gpu(JOB_OPERAND_BUFFERS(x), JOB_FLOATS(weight), JOB_UPSTREAM_BUFFERS(dy),
                             JOB_OUT_FLOATS(dx), JOBS(input_gradient_job))
{
    __local float4 tile[TILE];
    const __global input_gradient_job *job = JOB;
    const tile_place at = JOB_TILE;
    const int H = job->H, W = job->W, OH = job->OH, OW = job->OW, C = job->C;
    const int rows = job->tile_h - 1 + SPAN_H, columns = job->tile_w - 1 + SPAN_W;
    stage_upstream(tile, at.images, rows, columns, JOB_BLOCK(dy, at.n, at.block, OH * OW), job->dy_stride,
                   JOB_BLOCK(dy_raw, at.n, at.block, OH * OW), job->dy_raw_stride,
                   JOB_UPSTREAM_AT(dy, C, at.block * V), OH, OW, at.h + job->pad_top - (SPAN_H - 1),
                   at.w + job->pad_left - (SPAN_W - 1), STRIDE_H, STRIDE_W, rows, columns);
    barrier(CLK_LOCAL_MEM_FENCE);
    const cell k = strip_of_item(job->tile_h, job->tile_w);
    const int h = at.h + k.r, w = at.w + k.c;
    if (k.u >= at.images || h >= H || w >= W)
        return;
    float4 sum[STRIP];
    gradient_strip(sum, tile + (k.u * rows + k.r) * (columns | 1) + k.c, columns | 1,
                   weight + job->weight_at + at.block * V, C);
    const __global STORED *xb = JOB_BLOCK(x, at.n + k.u, at.block, H * W);
    __global float *db = JOB_BLOCK(dx, at.n + k.u, at.block, H * W);
    const transform t = JOB_TRANSFORM(x, C, at.block * V);
#pragma unroll
    for (int q = 0; q < STRIP; ++q)
        if (h + q < H) {
            const int i = ((h + q) * W + w) * V;
            downstream_write(db + i, sum[q], xb + i, t, job->x_relu, job->dx_accumulate);
        }
}

typedef struct {
    JOB_HEAD;
    JOB_OPERAND(x);
    int C, H, W;
    JOB_WINDOW;
    JOB_UPSTREAM(dy);
    int OH, OW;
    JOB_SLICE(partial);
    JOB_TILES;
} weight_gradient_job;

/* What SEGMENT outputs of a row give to CHUNK_TAPS taps of a row of the window. */
INLINE void sum_segment(float4 *sum, const __local float4 *x, const __local float4 *g)
{
    float4 pixel[(SEGMENT - 1) * STRIDE_W + (CHUNK_TAPS - 1) * DILATION + 1];
#pragma unroll
    for (int i = 0; i < (SEGMENT - 1) * STRIDE_W + (CHUNK_TAPS - 1) * DILATION + 1; ++i)
        pixel[i] = x[i];
#pragma unroll
    for (int c = 0; c < SEGMENT; ++c) {
        const float4 gradient = g[c];
#pragma unroll
        for (int tap = 0; tap < CHUNK_TAPS; ++tap)
            sum[tap] = fma(pixel[c * STRIDE_W + tap * DILATION], gradient, sum[tap]);
    }
}

/* sums [taps][slots] of float4 to partial [taps][C], for a row of CHUNKS * CHUNK_TAPS taps only those that there are:
 * four items a tap sum every fourth slot, then one sums the four. */
INLINE void sum_slots(__local float4 *sums, const int slots, __global float *partial, const int C)
{
    const int count = KERNEL_H * CHUNKS * CHUNK_TAPS;
    for (int i = get_local_id(0); i < count * 4; i += GROUP) {
        __local float4 *own = sums + i / 4 * slots;
        if (i % 4 >= slots)
            continue;
        float4 sum = own[i % 4];
        for (int slot = i % 4 + 4; slot < slots; slot += 4)
            sum += own[slot];
        own[i % 4] = sum;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = get_local_id(0); i < count; i += GROUP) {
        const int ky = i / (CHUNKS * CHUNK_TAPS), kx = i % (CHUNKS * CHUNK_TAPS);
        const __local float4 *own = sums + i * slots;
        float4 sum = own[0];
        for (int slot = 1; slot < min(slots, 4); ++slot)
            sum += own[slot];
        if (kx < KERNEL_W)
            STORE(sum, partial + (ulong)(ky * KERNEL_W + kx) * C);
    }
}

/* partial [parts][kh * kw][C]: what a group's outputs give to each weight of its block. An item has a part of a row of
 * the window and sums every so many segments of the tile. */
GROUP_KERNEL(GROUP)
depthwise_weight_gradient_gpu(JOB_OPERAND_BUFFERS(x), JOB_UPSTREAM_BUFFERS(dy), JOB_OUT_FLOATS(partial),
                              JOBS(weight_gradient_job))
{
    __local float4 tile[TILE];
    const __global weight_gradient_job *job = JOB;
    const tile_place at = JOB_TILE;
    const int H = job->H, W = job->W, OH = job->OH, OW = job->OW, C = job->C, tile_h = job->tile_h;
    const int segments = (job->tile_w + SEGMENT - 1) / SEGMENT, g_columns = segments * SEGMENT;
    const int rows = (tile_h - 1) * STRIDE_H + SPAN_H;
    const int columns = (g_columns - 1) * STRIDE_W + (CHUNKS * CHUNK_TAPS - 1) * DILATION + 1;
    __local float4 *gradient = tile + at.images * rows * (columns | 1);
    stage_operand(tile, at.images, rows, columns, JOB_BLOCK(x, at.n, at.block, H * W), job->x_stride,
                  JOB_TRANSFORM(x, C, at.block * V), H, W, at.h * STRIDE_H - job->pad_top,
                  at.w * STRIDE_W - job->pad_left);
    stage_upstream(gradient, at.images, tile_h, g_columns, JOB_BLOCK(dy, at.n, at.block, OH * OW),
                   job->dy_stride, JOB_BLOCK(dy_raw, at.n, at.block, OH * OW), job->dy_raw_stride,
                   JOB_UPSTREAM_AT(dy, C, at.block * V), OH, OW, at.h, at.w, 1, 1, tile_h, job->tile_w);
    barrier(CLK_LOCAL_MEM_FENCE);
    const int slots = GROUP / (KERNEL_H * CHUNKS), slot = get_local_id(0) % slots,
              row = get_local_id(0) / slots;
    const int ky = row / CHUNKS, kx = row % CHUNKS * CHUNK_TAPS, lines = at.images * tile_h;
    float4 sum[CHUNK_TAPS];
#pragma unroll
    for (int tap = 0; tap < CHUNK_TAPS; ++tap)
        sum[tap] = (float4)(0.0f);
    for (int i = slot; i < lines * segments && ky < KERNEL_H; i += slots) {
        const int line = i % lines, c = i / lines * SEGMENT, u = line / tile_h, r = line % tile_h;
        sum_segment(sum,
                    tile + (u * rows + r * STRIDE_H + ky * DILATION) * (columns | 1) + c * STRIDE_W +
                        kx * DILATION,
                    gradient + line * (g_columns | 1) + c);
    }
    barrier(CLK_LOCAL_MEM_FENCE); /* the tile's memory now takes the sums */
#pragma unroll
    for (int tap = 0; tap < CHUNK_TAPS; ++tap)
        if (ky < KERNEL_H)
            tile[(row * CHUNK_TAPS + tap) * slots + slot] = sum[tap];
    barrier(CLK_LOCAL_MEM_FENCE);
    sum_slots(tile, slots,
              partial + job->partial_at + (ulong)at.part * (KERNEL_H * KERNEL_W) * C + at.block * V, C);
}
