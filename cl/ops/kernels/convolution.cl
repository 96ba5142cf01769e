/* Dense convolution, plain: any V, any device, any kernel, stride and dilation.
 *
 * x [N][C/V][H*W][V], weight [kh][kw][C][M], y [N][M/V][OH*OW][V]. Only the outputs first <= m < last are
 * served: a factorized reduction is two launches of one tap each. Work-items are one output value each and
 * every dimension may be rounded up. */
#define WIDTH 1
#include "view.h"

/* NDRange: (OH * OW * V, M / V, N) */
__kernel void convolution_forward(OPERAND(x), const int C, const int H, const int W, SLICE(weight), WINDOW,
                                  const int first, const int last, OUT_VIEW(y), const int M, const int OH,
                                  const int OW)
{
    const int i = get_global_id(0), block = get_global_id(1), n = get_global_id(2);
    const int m = block * V + i % V, oh = i / V / OW, ow = i / V % OW;
    if (oh >= OH || m < first || m >= last)
        return;
    float sum = 0.0f;
    for (int ky = 0; ky < kernel_h; ++ky) {
        const int h = oh * stride_h - pad_top + ky * dilation;
        if (h < 0 || h >= H)
            continue;
        for (int kx = 0; kx < kernel_w; ++kx) {
            const int w = ow * stride_w - pad_left + kx * dilation;
            if (w < 0 || w >= W)
                continue;
            const __global float *row = weight + weight_at + (ulong)(ky * kernel_w + kx) * C * M + m;
            for (int c = 0; c < C; ++c) {
                const float value = READ((h * W + w) * V + c % V, BLOCK(x, n, c / V, H * W));
                sum = fma(transform_apply(TRANSFORM(x, C, c), value), row[(ulong)c * M], sum);
            }
        }
    }
    WRITE(sum, i, BLOCK(y, n, block, OH * OW));
}

/* transposed [kh][kw][M][C]. NDRange: (H * W * V, C / V, N) */
__kernel void convolution_input_gradient(OPERAND(x), const int C, const int H, const int W, SLICE(transposed),
                                         WINDOW, const int first, const int last, UPSTREAM(dy), const int M,
                                         const int OH, const int OW, DOWNSTREAM(dx))
{
    const int i = get_global_id(0), block = get_global_id(1), n = get_global_id(2);
    const int c = block * V + i % V, h = i / V / W, w = i / V % W;
    if (h >= H)
        return;
    float sum = 0.0f;
    for (int ky = 0; ky < kernel_h; ++ky) {
        const int top = h + pad_top - ky * dilation, oh = top / stride_h;
        if (top < 0 || top % stride_h || oh >= OH)
            continue;
        for (int kx = 0; kx < kernel_w; ++kx) {
            const int left = w + pad_left - kx * dilation, ow = left / stride_w;
            if (left < 0 || left % stride_w || ow >= OW)
                continue;
            const __global float *row = transposed + transposed_at + (ulong)(ky * kernel_w + kx) * M * C + c;
            for (int m = first; m < last; ++m) {
                const int at = (oh * OW + ow) * V + m % V;
                const float g = upstream_read(UPSTREAM_AT(dy, M, m), BLOCK(dy, n, m / V, OH * OW) + at,
                                              BLOCK(dy_raw, n, m / V, OH * OW) + at);
                sum = fma(g, row[(ulong)m * C], sum);
            }
        }
    }
    downstream_write(BLOCK(dx, n, block, H * W) + i, sum, BLOCK(x, n, block, H * W) + i, TRANSFORM(x, C, c),
                     x_relu, dx_accumulate);
}

/* partial [chunks][..][kh][kw][C][M], `partial_stride` floats a chunk: the sum over the chunk's images, which
 * are chunk * N / chunks up to the next chunk's. NDRange: (M, kh * kw * C, chunks) */
__kernel void convolution_weight_gradient(OPERAND(x), const int C, const int H, const int W, WINDOW,
                                          const int first, const int last, UPSTREAM(dy), const int M,
                                          const int OH, const int OW, const int N, const int chunks,
                                          OUT_SLICE(partial), const ulong partial_stride)
{
    const int m = get_global_id(0), tap = get_global_id(1) / C, c = get_global_id(1) % C;
    const int chunk = get_global_id(2);
    if (m < first || m >= last)
        return;
    const transform t = TRANSFORM(x, C, c);
    const upstream u = UPSTREAM_AT(dy, M, m);
    float sum = 0.0f;
    for (int n = chunk * N / chunks; n < (chunk + 1) * N / chunks; ++n) {
        const __global STORED *xb = BLOCK(x, n, c / V, H * W) + c % V;
        const __global float *g = BLOCK(dy, n, m / V, OH * OW) + m % V;
        const __global STORED *raw = BLOCK(dy_raw, n, m / V, OH * OW) + m % V;
        for (int oh = 0; oh < OH; ++oh) {
            const int h = oh * stride_h - pad_top + tap / kernel_w * dilation;
            float row = 0.0f;
            for (int ow = 0; ow < OW && h >= 0 && h < H; ++ow) {
                const int w = ow * stride_w - pad_left + tap % kernel_w * dilation, at = (oh * OW + ow) * V;
                if (w >= 0 && w < W)
                    row = fma(transform_apply(t, READ((h * W + w) * V, xb)),
                              upstream_read(u, g + at, raw + at), row);
            }
            sum += row;
        }
    }
    partial[partial_at + chunk * partial_stride + ((ulong)tap * C + c) * M + m] = sum;
}

/* Whether a weight counts: in a factorized reduction (split > 0) tap 0 serves m < split, tap 1 the others. */
INLINE int weight_counts(const int i, const int C, const int M, const int split)
{
    return split == 0 || (i % M < split) == (i / (C * M) == 0);
}

/* gradient [taps][C][M]: partial [chunks][taps][C][M] summed over chunks, in their order. NDRange: (count) */
__kernel void convolution_weight_sum(SLICE(partial), const int chunks, const int count, const int C,
                                     const int M, const int split, OUT_SLICE(gradient))
{
    const int i = get_global_id(0);
    if (i >= count)
        return;
    float sum = 0.0f;
    if (weight_counts(i, C, M, split))
        for (int chunk = 0; chunk < chunks; ++chunk)
            sum += partial[partial_at + (ulong)chunk * count + i];
    gradient[gradient_at + i] = sum;
}

/* transposed [taps][M][C] of weight [taps][C][M], 0 where a weight does not count. NDRange: (count) */
__kernel void convolution_transpose(SLICE(weight), const int count, const int C, const int M, const int split,
                                    OUT_SLICE(transposed))
{
    const int i = get_global_id(0);
    if (i >= count)
        return;
    const int tap = i / (C * M), c = i / M % C, m = i % M;
    transposed[transposed_at + (ulong)(tap * M + m) * C + c] =
        weight_counts(i, C, M, split) ? weight[weight_at + i] : 0.0f;
}

/* statistics [N][2][M]: sum and sum of squares over the pixels of an image, row by row. NDRange: (M, N) */
__kernel void convolution_statistics(VIEW(y), const int M, const int OH, const int OW, OUT_SLICE(statistics))
{
    const int m = get_global_id(0), n = get_global_id(1);
    if (m >= M)
        return;
    const __global STORED *yb = BLOCK(y, n, m / V, OH * OW) + m % V;
    float sum = 0.0f, squares = 0.0f;
    for (int oh = 0; oh < OH; ++oh) {
        float row = 0.0f, row_squares = 0.0f;
        for (int ow = 0; ow < OW; ++ow) {
            const float value = READ((oh * OW + ow) * V, yb);
            row += value;
            row_squares = fma(value, value, row_squares);
        }
        sum += row;
        squares += row_squares;
    }
    __global float *out = statistics + statistics_at + (ulong)n * 2 * M + m;
    out[0] = sum;
    out[M] = squares;
}
