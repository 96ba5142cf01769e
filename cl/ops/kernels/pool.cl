/* Max and average pooling, plain: any V, any device, any window.
 *
 * x [N][C/V][H*W][V], y [N][C/V][OH*OW][V], positions (max) a byte a value of y: ky * kw + kx of the first
 * largest in row-major order. Values outside the image take no part. Gradients are gathered: a work-item
 * sums what reaches one input value. NDRange: (lanes and pixels of what is written, C/V, N). */
#define WIDTH 1
#include "view.h"

__kernel void max_pool_forward(OPERAND(x), const int C, const int H, const int W, WINDOW, OUT_VIEW(y),
                               const int OH, const int OW, __global uchar *restrict positions,
                               const ulong positions_at)
{
    const int i = get_global_id(0), block = get_global_id(1), n = get_global_id(2);
    const int lane = i % V, oh = i / V / OW, ow = i / V % OW;
    if (oh >= OH)
        return;
    const __global STORED *xb = BLOCK(x, n, block, H * W) + lane;
    const transform t = TRANSFORM(x, C, block * V + lane);
    float best = 0.0f;
    int position = -1;
    for (int ky = 0; ky < kernel_h; ++ky)
        for (int kx = 0; kx < kernel_w; ++kx) {
            const int h = oh * stride_h - pad_top + ky * dilation;
            const int w = ow * stride_w - pad_left + kx * dilation;
            if (h < 0 || h >= H || w < 0 || w >= W)
                continue;
            const float value = transform_apply(t, READ((h * W + w) * V, xb));
            if (position < 0 || value > best || isnan(value)) {
                best = value;
                position = ky * kernel_w + kx;
            }
        }
    WRITE(best, i, BLOCK(y, n, block, OH * OW));
    positions[positions_at + ((ulong)n * (C / V) + block) * OH * OW * V + i] = (uchar)max(position, 0);
}

__kernel void max_pool_backward(OPERAND(x), const int C, const int H, const int W, WINDOW, UPSTREAM(dy),
                                const int OH, const int OW, const __global uchar *restrict positions,
                                const ulong positions_at, DOWNSTREAM(dx))
{
    const int i = get_global_id(0), block = get_global_id(1), n = get_global_id(2);
    const int lane = i % V, h = i / V / W, w = i / V % W;
    if (h >= H)
        return;
    const __global float *g = BLOCK(dy, n, block, OH * OW) + lane;
    const __global STORED *raw = BLOCK(dy_raw, n, block, OH * OW) + lane;
    const __global uchar *kept = positions + positions_at + ((ulong)n * (C / V) + block) * OH * OW * V + lane;
    const upstream u = UPSTREAM_AT(dy, C, block * V + lane);
    float sum = 0.0f;
    for (int ky = 0; ky < kernel_h; ++ky) {
        const int top = h + pad_top - ky * dilation, oh = top / stride_h;
        if (top < 0 || top % stride_h || oh >= OH)
            continue;
        for (int kx = 0; kx < kernel_w; ++kx) {
            const int left = w + pad_left - kx * dilation, ow = left / stride_w;
            if (left < 0 || left % stride_w || ow >= OW)
                continue;
            const int at = (oh * OW + ow) * V;
            if (kept[at] == ky * kernel_w + kx)
                sum += upstream_read(u, g + at, raw + at);
        }
    }
    downstream_write(BLOCK(dx, n, block, H * W) + i, sum, BLOCK(x, n, block, H * W) + i,
                     TRANSFORM(x, C, block * V + lane), x_relu, dx_accumulate);
}

/* How many of `count` taps from `first` lie inside [0, size). */
INLINE int taps_inside(const int first, const int count, const int dilation, const int size)
{
    int inside = 0;
    for (int k = 0; k < count; ++k)
        inside += first + k * dilation >= 0 && first + k * dilation < size;
    return inside;
}

__kernel void average_pool_forward(OPERAND(x), const int C, const int H, const int W, WINDOW, OUT_VIEW(y),
                                   const int OH, const int OW)
{
    const int i = get_global_id(0), block = get_global_id(1), n = get_global_id(2);
    const int lane = i % V, oh = i / V / OW, ow = i / V % OW;
    if (oh >= OH)
        return;
    const __global STORED *xb = BLOCK(x, n, block, H * W) + lane;
    const transform t = TRANSFORM(x, C, block * V + lane);
    float sum = 0.0f;
    int inside = 0;
    for (int ky = 0; ky < kernel_h; ++ky)
        for (int kx = 0; kx < kernel_w; ++kx) {
            const int h = oh * stride_h - pad_top + ky * dilation;
            const int w = ow * stride_w - pad_left + kx * dilation;
            if (h < 0 || h >= H || w < 0 || w >= W)
                continue;
            sum += transform_apply(t, READ((h * W + w) * V, xb));
            ++inside;
        }
    WRITE(inside ? sum / (float)inside : 0.0f, i, BLOCK(y, n, block, OH * OW));
}

__kernel void average_pool_backward(OPERAND(x), const int C, const int H, const int W, WINDOW, UPSTREAM(dy),
                                    const int OH, const int OW, DOWNSTREAM(dx))
{
    const int i = get_global_id(0), block = get_global_id(1), n = get_global_id(2);
    const int lane = i % V, h = i / V / W, w = i / V % W;
    if (h >= H)
        return;
    const __global float *g = BLOCK(dy, n, block, OH * OW) + lane;
    const __global STORED *raw = BLOCK(dy_raw, n, block, OH * OW) + lane;
    const upstream u = UPSTREAM_AT(dy, C, block * V + lane);
    float sum = 0.0f;
    for (int ky = 0; ky < kernel_h; ++ky) {
        const int top = h + pad_top - ky * dilation, oh = top / stride_h;
        if (top < 0 || top % stride_h || oh >= OH)
            continue;
        const int rows = taps_inside(oh * stride_h - pad_top, kernel_h, dilation, H);
        for (int kx = 0; kx < kernel_w; ++kx) {
            const int left = w + pad_left - kx * dilation, ow = left / stride_w;
            if (left < 0 || left % stride_w || ow >= OW)
                continue;
            const int columns = taps_inside(ow * stride_w - pad_left, kernel_w, dilation, W);
            const int at = (oh * OW + ow) * V;
            sum += upstream_read(u, g + at, raw + at) / (float)(rows * columns);
        }
    }
    downstream_write(BLOCK(dx, n, block, H * W) + i, sum, BLOCK(x, n, block, H * W) + i,
                     TRANSFORM(x, C, block * V + lane), x_relu, dx_accumulate);
}
