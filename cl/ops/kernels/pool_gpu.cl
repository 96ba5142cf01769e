/* Max and average pooling for GPUs: V = 4, any window. As pool.cl, but that a work-item makes STRIP values of a column,
 * whose windows overlap, for a channel block; all columns of N images in one line (spread.h). positions_at is a
 * multiple of four. */
#define WIDTH 4
#include "view.h"

#include "job.h"
#include "spread.h"
#include "window.h"

#define STRIP 4                                 /* as in cl/ops/op_pool.c */
#define ROWS  ((STRIP - 1) * STRIDE_H + SPAN_H) /* that a strip of outputs reads */

/* The row of the window in which output q of a strip sees row i of ROWS; -1: in none. */
#define TAP_ROW(i, q)                                                                                        \
    ((i) < (q)*STRIDE_H || (i) >= (q)*STRIDE_H + SPAN_H || ((i) - (q)*STRIDE_H) % DILATION                   \
         ? -1                                                                                                \
         : ((i) - (q)*STRIDE_H) / DILATION)

typedef struct {
    int n, block, h, w;
} strip_place;

/* The strip of this item in N images of H x W; false behind the end. */
INLINE bool strip_at(const uint i, const int N, const int blocks, const int H, const int W,
                     strip_place *place)
{
    spread_place at;
    const bool inside = spread_at(i, N, blocks, (H + STRIP - 1) / STRIP * W, &at);
    place->n = at.n;
    place->block = at.block;
    place->h = at.pixel / W * STRIP;
    place->w = at.pixel % W;
    return inside;
}

/* Lane by lane: the first of the largest values, or the last that is not a number. */
INLINE void keep_largest(float *best, int *position, const float4 value, const int tap)
{
    const float values[V] = {value.x, value.y, value.z, value.w};
#pragma unroll
    for (int lane = 0; lane < V; ++lane)
        if (position[lane] < 0 || values[lane] > best[lane] || isnan(values[lane])) {
            best[lane] = values[lane];
            position[lane] = tap;
        }
}

typedef struct {
    JOB_HEAD;
    JOB_OPERAND(x);
    int C, H, W;
    JOB_WINDOW;
    JOB_VIEW(y);
    int OH, OW;
    ulong positions_at;
    int N;
} max_forward_job;

GROUP_KERNEL(SPREAD_GROUP)
max_pool_forward_gpu(JOB_OPERAND_BUFFERS(x), JOB_OUT_BUFFER(y), __global uchar *restrict positions,
                     JOBS(max_forward_job))
{
    const __global max_forward_job *job = JOB;
    const int C = job->C, H = job->H, W = job->W, OH = job->OH, OW = job->OW;
    strip_place at;
    if (!strip_at(SPREAD_ITEM, job->N, C / V, OH, OW, &at))
        return;
    const __global STORED *xb = JOB_BLOCK(x, at.n, at.block, H * W);
    const transform t = JOB_TRANSFORM(x, C, at.block * V);
    const int h0 = at.h * STRIDE_H - job->pad_top, w0 = at.w * STRIDE_W - job->pad_left;
    float best[STRIP][V];
    int position[STRIP][V];
#pragma unroll
    for (int q = 0; q < STRIP; ++q)
#pragma unroll
        for (int lane = 0; lane < V; ++lane) {
            best[q][lane] = 0.0f;
            position[q][lane] = -1;
        }
#if KERNEL_H * KERNEL_W <= 9
#pragma unroll
#else
#pragma unroll 1
#endif
    for (int i = 0; i < ROWS; ++i)
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int h = h0 + i, w = w0 + kx * DILATION;
            if (h < 0 || h >= H || w < 0 || w >= W)
                continue;
            const float4 value = transform_apply(t, READ(h * W + w, xb));
#pragma unroll
            for (int q = 0; q < STRIP; ++q)
                if (TAP_ROW(i, q) >= 0)
                    keep_largest(best[q], position[q], value, TAP_ROW(i, q) * KERNEL_W + kx);
        }
    __global STORED *yb = JOB_BLOCK(y, at.n, at.block, OH * OW);
    __global uchar4 *kept =
        (__global uchar4 *)(positions + job->positions_at) + ((ulong)at.n * (C / V) + at.block) * OH * OW;
#pragma unroll
    for (int q = 0; q < STRIP; ++q)
        if (at.h + q < OH) {
            WRITE(vload4(0, best[q]), (at.h + q) * OW + at.w, yb);
            kept[(at.h + q) * OW + at.w] = convert_uchar4(max(vload4(0, position[q]), (int4)(0)));
        }
}

/* Rows of outputs whose windows may hold rows h .. h + STRIP - 1 of x: from the first to the last. */
INLINE int2 rows_above(const int h, const int pad_top, const int OH)
{
    const int low = h + pad_top - (SPAN_H - 1), high = h + STRIP - 1 + pad_top;
    return (int2)(low > 0 ? (low + STRIDE_H - 1) / STRIDE_H : 0, min(high / STRIDE_H, OH - 1));
}

/* The output column that sees column w of x by tap kx; -1: none. */
INLINE int column_above(const int w, const int pad_left, const int kx, const int OW)
{
    const int left = w + pad_left - kx * DILATION;
    return left < 0 || left % STRIDE_W || left / STRIDE_W >= OW ? -1 : left / STRIDE_W;
}

/* The row of the window by which row `row` of x, counted from the first that output row `oh` sees, is seen;
 * -1: none. */
INLINE int tap_of_row(const int row)
{
    return row < 0 || row >= SPAN_H || row % DILATION ? -1 : row / DILATION;
}

/* The gradients of a strip of x; into, x: its block. */
INLINE void write_gradients(__global float *into, const float4 sum[STRIP], const __global STORED *x,
                            const transform t, const strip_place at, const int H, const int W,
                            const int masked, const int accumulate)
{
#pragma unroll
    for (int q = 0; q < STRIP; ++q)
        if (at.h + q < H) {
            const int i = ((at.h + q) * W + at.w) * V;
            downstream_write(into + i, sum[q], x + i, t, masked, accumulate);
        }
}

typedef struct {
    JOB_HEAD;
    JOB_OPERAND(x);
    int C, H, W;
    JOB_WINDOW;
    JOB_UPSTREAM(dy);
    int OH, OW;
    ulong positions_at;
    JOB_DOWNSTREAM(dx);
    int N;
} max_backward_job;

GROUP_KERNEL(SPREAD_GROUP)
max_pool_backward_gpu(JOB_OPERAND_BUFFERS(x), JOB_UPSTREAM_BUFFERS(dy),
                      const __global uchar *restrict positions, JOB_OUT_FLOATS(dx), JOBS(max_backward_job))
{
    const __global max_backward_job *job = JOB;
    const int C = job->C, H = job->H, W = job->W, OH = job->OH, OW = job->OW;
    strip_place at;
    if (!strip_at(SPREAD_ITEM, job->N, C / V, H, W, &at))
        return;
    const __global float *g = JOB_BLOCK(dy, at.n, at.block, OH * OW);
    const __global STORED *raw = JOB_BLOCK(dy_raw, at.n, at.block, OH * OW);
    const __global uchar4 *kept = (const __global uchar4 *)(positions + job->positions_at) +
                                  ((ulong)at.n * (C / V) + at.block) * OH * OW;
    const upstream u = JOB_UPSTREAM_AT(dy, C, at.block * V);
    const int2 rows = rows_above(at.h, job->pad_top, OH);
    float4 sum[STRIP];
#pragma unroll
    for (int q = 0; q < STRIP; ++q)
        sum[q] = (float4)(0.0f);
    for (int oh = rows.x; oh <= rows.y; ++oh)
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int ow = column_above(at.w, job->pad_left, kx, OW);
            if (ow < 0)
                continue;
            const int i = oh * OW + ow;
            const float4 value = upstream_read(u, g + i * V, raw + i * V);
            const int4 position = convert_int4(kept[i]);
#pragma unroll
            for (int q = 0; q < STRIP; ++q) {
                const int ky = tap_of_row(at.h + q + job->pad_top - oh * STRIDE_H);
                const int4 own = position == (int4)(ky * KERNEL_W + kx);
                if (ky >= 0)
                    sum[q] += own ? value : (float4)(0.0f);
            }
        }
    write_gradients(JOB_BLOCK(dx, at.n, at.block, H * W), sum, JOB_BLOCK(x, at.n, at.block, H * W),
                    JOB_TRANSFORM(x, C, at.block * V), at, H, W, job->x_relu, job->dx_accumulate);
}

/* How many of `count` taps from `first` lie inside [0, size). */
INLINE int taps_inside(const int first, const int count, const int size)
{
    const int low = first < 0 ? (DILATION - 1 - first) / DILATION : 0;
    const int high = first < size ? min((size - 1 - first) / DILATION, count - 1) : -1;
    return max(high - low + 1, 0);
}

typedef struct {
    JOB_HEAD;
    JOB_OPERAND(x);
    int C, H, W;
    JOB_WINDOW;
    JOB_VIEW(y);
    int OH, OW, N;
} average_forward_job;

GROUP_KERNEL(SPREAD_GROUP)
average_pool_forward_gpu(JOB_OPERAND_BUFFERS(x), JOB_OUT_BUFFER(y), JOBS(average_forward_job))
{
    const __global average_forward_job *job = JOB;
    const int C = job->C, H = job->H, W = job->W, OH = job->OH, OW = job->OW;
    strip_place at;
    if (!strip_at(SPREAD_ITEM, job->N, C / V, OH, OW, &at))
        return;
    const __global STORED *xb = JOB_BLOCK(x, at.n, at.block, H * W);
    const transform t = JOB_TRANSFORM(x, C, at.block * V);
    const int h0 = at.h * STRIDE_H - job->pad_top, w0 = at.w * STRIDE_W - job->pad_left;
    float4 sum[STRIP];
#pragma unroll
    for (int q = 0; q < STRIP; ++q)
        sum[q] = (float4)(0.0f);
#if KERNEL_H * KERNEL_W <= 9
#pragma unroll
#else
#pragma unroll 1
#endif
    for (int i = 0; i < ROWS; ++i) {
        float4 row = (float4)(0.0f);
        const int h = h0 + i;
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int w = w0 + kx * DILATION;
            if (h >= 0 && h < H && w >= 0 && w < W)
                row += transform_apply(t, READ(h * W + w, xb));
        }
#pragma unroll
        for (int q = 0; q < STRIP; ++q)
            if (TAP_ROW(i, q) >= 0)
                sum[q] += row;
    }
    const int columns = taps_inside(w0, KERNEL_W, W);
    __global STORED *yb = JOB_BLOCK(y, at.n, at.block, OH * OW);
#pragma unroll
    for (int q = 0; q < STRIP; ++q)
        if (at.h + q < OH) {
            const int inside = columns * taps_inside(h0 + q * STRIDE_H, KERNEL_H, H);
            WRITE(inside ? sum[q] / (float)inside : (float4)(0.0f), (at.h + q) * OW + at.w, yb);
        }
}

typedef struct {
    JOB_HEAD;
    JOB_OPERAND(x);
    int C, H, W;
    JOB_WINDOW;
    JOB_UPSTREAM(dy);
    int OH, OW;
    JOB_DOWNSTREAM(dx);
    int N;
} average_backward_job;

GROUP_KERNEL(SPREAD_GROUP)
average_pool_backward_gpu(JOB_OPERAND_BUFFERS(x), JOB_UPSTREAM_BUFFERS(dy), JOB_OUT_FLOATS(dx),
                          JOBS(average_backward_job))
{
    const __global average_backward_job *job = JOB;
    const int C = job->C, H = job->H, W = job->W, OH = job->OH, OW = job->OW;
    strip_place at;
    if (!strip_at(SPREAD_ITEM, job->N, C / V, H, W, &at))
        return;
    const __global float *g = JOB_BLOCK(dy, at.n, at.block, OH * OW);
    const __global STORED *raw = JOB_BLOCK(dy_raw, at.n, at.block, OH * OW);
    const upstream u = JOB_UPSTREAM_AT(dy, C, at.block * V);
    const int2 rows = rows_above(at.h, job->pad_top, OH);
    float4 sum[STRIP];
#pragma unroll
    for (int q = 0; q < STRIP; ++q)
        sum[q] = (float4)(0.0f);
    for (int oh = rows.x; oh <= rows.y; ++oh) {
        float4 row = (float4)(0.0f);
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int ow = column_above(at.w, job->pad_left, kx, OW), i = oh * OW + ow;
            if (ow >= 0)
                row += upstream_read(u, g + i * V, raw + i * V) /
                       (float)taps_inside(ow * STRIDE_W - job->pad_left, KERNEL_W, W);
        }
        row = row / (float)taps_inside(oh * STRIDE_H - job->pad_top, KERNEL_H, H);
#pragma unroll
        for (int q = 0; q < STRIP; ++q)
            if (tap_of_row(at.h + q + job->pad_top - oh * STRIDE_H) >= 0)
                sum[q] += row;
    }
    write_gradients(JOB_BLOCK(dx, at.n, at.block, H * W), sum, JOB_BLOCK(x, at.n, at.block, H * W),
                    JOB_TRANSFORM(x, C, at.block * V), at, H, W, job->x_relu, job->dx_accumulate);
}
