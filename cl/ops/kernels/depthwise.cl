/* Depthwise convolution, plain: any V, any device, any kernel, stride and dilation.
 *
 * x [N][C/V][H*W][V], weight [kh][kw][C], y [N][C/V][OH*OW][V].
 * NDRange: (lanes and pixels of what is written, C/V, N); the first dimension may be rounded up. */
#define WIDTH 1
#include "view.h"

__kernel void depthwise_forward(OPERAND(x), const int C, const int H, const int W, SLICE(weight), WINDOW,
                                OUT_VIEW(y), const int OH, const int OW)
{
    const int i = get_global_id(0), block = get_global_id(1), n = get_global_id(2);
    const int lane = i % V, c = block * V + lane, oh = i / V / OW, ow = i / V % OW;
    if (oh >= OH)
        return;
    const __global STORED *xb = BLOCK(x, n, block, H * W) + lane;
    const transform t = TRANSFORM(x, C, c);
    float sum = 0.0f;
    for (int ky = 0; ky < kernel_h; ++ky) {
        const int h = oh * stride_h - pad_top + ky * dilation;
        if (h < 0 || h >= H)
            continue;
        for (int kx = 0; kx < kernel_w; ++kx) {
            const int w = ow * stride_w - pad_left + kx * dilation;
            if (w >= 0 && w < W)
                sum = fma(transform_apply(t, READ((h * W + w) * V, xb)),
                          weight[weight_at + (ky * kernel_w + kx) * C + c], sum);
        }
    }
    WRITE(sum, i, BLOCK(y, n, block, OH * OW));
}

__kernel void depthwise_input_gradient(OPERAND(x), const int C, const int H, const int W, SLICE(weight),
                                       WINDOW, UPSTREAM(dy), const int OH, const int OW, DOWNSTREAM(dx))
{
    const int i = get_global_id(0), block = get_global_id(1), n = get_global_id(2);
    const int lane = i % V, c = block * V + lane, h = i / V / W, w = i / V % W;
    if (h >= H)
        return;
    const __global float *g = BLOCK(dy, n, block, OH * OW) + lane;
    const __global STORED *raw = BLOCK(dy_raw, n, block, OH * OW) + lane;
    const upstream u = UPSTREAM_AT(dy, C, c);
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
            sum = fma(upstream_read(u, g + at, raw + at), weight[weight_at + (ky * kernel_w + kx) * C + c],
                      sum);
        }
    }
    downstream_write(BLOCK(dx, n, block, H * W) + i, sum, BLOCK(x, n, block, H * W) + i, TRANSFORM(x, C, c),
                     x_relu, dx_accumulate);
}

/* Partial sums of one image: partial [N][kh * kw][C]. NDRange: (C, kh * kw, N). */
__kernel void depthwise_weight_gradient(OPERAND(x), const int C, const int H, const int W, WINDOW,
                                        UPSTREAM(dy), const int OH, const int OW, OUT_SLICE(partial))
{
    const int c = get_global_id(0), tap = get_global_id(1), n = get_global_id(2);
    if (c >= C)
        return;
    const int ky = tap / kernel_w, kx = tap % kernel_w, block = c / V, lane = c % V;
    const __global STORED *xb = BLOCK(x, n, block, H * W) + lane;
    const __global float *g = BLOCK(dy, n, block, OH * OW) + lane;
    const __global STORED *raw = BLOCK(dy_raw, n, block, OH * OW) + lane;
    const transform t = TRANSFORM(x, C, c);
    const upstream u = UPSTREAM_AT(dy, C, c);
    float sum = 0.0f;
    for (int oh = 0; oh < OH; ++oh) {
        const int h = oh * stride_h - pad_top + ky * dilation;
        if (h < 0 || h >= H)
            continue;
        for (int ow = 0; ow < OW; ++ow) {
            const int w = ow * stride_w - pad_left + kx * dilation, at = (oh * OW + ow) * V;
            if (w >= 0 && w < W)
                sum = fma(transform_apply(t, READ((h * W + w) * V, xb)), upstream_read(u, g + at, raw + at),
                          sum);
        }
    }
    partial[partial_at + ((ulong)n * kernel_h * kernel_w + tap) * C + c] = sum;
}

/* out[i] = the sum over p of partial[p][i], in order. NDRange: (count). */
__kernel void depthwise_reduce(SLICE(partial), const int partials, const int count, OUT_SLICE(out))
{
    const int i = get_global_id(0);
    if (i >= count)
        return;
    float sum = 0.0f;
    for (int p = 0; p < partials; ++p)
        sum += partial[partial_at + (ulong)p * count + i];
    out[out_at + i] = sum;
}
