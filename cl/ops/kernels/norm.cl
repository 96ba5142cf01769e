/* Batch normalisation: from sums to scale and shift, and its backward (Ioffe and Szegedy 2015).
 *
 * Padded channels have gamma = beta = 0, so that scale, shift and all coefficients are exactly zero there. */
#define WIDTH 1
#include "view.h"

/* scale and shift of channel c from gamma, beta and two figures of what is normalised. */
INLINE void write_scale_shift(__global float *scale_shift, const int C, const int c, const float gamma,
                              const float beta, const float mean, const float inverse)
{
    const float scale = gamma * inverse;
    scale_shift[c] = scale;
    scale_shift[C + c] = fma(-mean, scale, beta);
}

/* statistics [N][tiles][2][C]: sum and sum of squares of each tile of an image. NDRange: (C). Tiles are combined one
 * after another by the formula of Chan, Golub and LeVeque (1979), which does not cancel as sums of squares do. */
__kernel void norm_forward(SLICE(statistics), const int N, const int pixels, const int tile, const int C,
                           SLICE(gamma), SLICE(beta), const float old_share, const float new_share,
                           const float epsilon, OUT_SLICE(running), OUT_SLICE(saved), OUT_SLICE(scale_shift))
{
    const int c = get_global_id(0);
    if (c >= C)
        return;
    const __global float *sums = statistics + statistics_at + c;
    const int tiles = (pixels + tile - 1) / tile;
    float mean = 0.0f, m2 = 0.0f, before = 0.0f;
    for (int i = 0; i < N * tiles; ++i) {
        const float sum = sums[(ulong)i * 2 * C], squares = sums[((ulong)i * 2 + 1) * C];
        const float here = (float)min(tile, pixels - i % tiles * tile);
        const float tile_mean = sum / here, tile_m2 = fma(-sum, tile_mean, squares);
        const float delta = tile_mean - mean, share = here / (before + here);
        mean = fma(delta, share, mean);
        m2 += (tile_m2 < 0.0f ? 0.0f : tile_m2) + delta * delta * (before * share);
        before += here;
    }
    const float count = (float)N * (float)pixels, inverse = 1.0f / sqrt(m2 / count + epsilon);
    __global float *past = running + running_at;
    past[c] = old_share * past[c] + new_share * mean;
    past[C + c] = old_share * past[C + c] + new_share * (m2 / fmax(count - 1.0f, 1.0f));
    saved[saved_at + c] = mean;
    saved[saved_at + C + c] = inverse;
    write_scale_shift(scale_shift + scale_shift_at, C, c, gamma[gamma_at + c], beta[beta_at + c], mean,
                      inverse);
}

/* NDRange: (C). */
__kernel void norm_running(const int C, SLICE(gamma), SLICE(beta), const float epsilon, SLICE(running),
                           OUT_SLICE(scale_shift))
{
    const int c = get_global_id(0);
    if (c >= C)
        return;
    write_scale_shift(scale_shift + scale_shift_at, C, c, gamma[gamma_at + c], beta[beta_at + c],
                      running[running_at + c], 1.0f / sqrt(running[running_at + C + c] + epsilon));
}

/* partial [N][2][C]: sums over an image of g and of g * normalised raw. NDRange: (C, N). */
__kernel void norm_backward_sums(GRADIENT(g), VIEW(raw), const int C, const int pixels, SLICE(saved),
                                 OUT_SLICE(partial))
{
    const int c = get_global_id(0), n = get_global_id(1);
    if (c >= C)
        return;
    const __global float *gb = BLOCK(g, n, c / V, pixels) + c % V;
    const __global STORED *rb = BLOCK(raw, n, c / V, pixels) + c % V;
    const float mean = saved[saved_at + c], inverse = saved[saved_at + C + c];
    float sum = 0.0f, product = 0.0f;
    for (int i = 0; i < pixels * V; i += V) {
        sum += gb[i];
        product = fma(gb[i], (READ(i, rb) - mean) * inverse, product);
    }
    partial[partial_at + (ulong)n * 2 * C + c] = sum;
    partial[partial_at + ((ulong)n * 2 + 1) * C + c] = product;
}

/* With m = N * pixels, x^ the normalised raw: d(raw) = gamma / deviation * (g - sum(g) / m - x^ sum(g x^) /
 * m) = A g + B raw + D; dgamma = sum(g x^), dbeta = sum(g). NDRange: (C). */
__kernel void norm_backward(SLICE(partial), const int N, const int pixels, const int C, SLICE(gamma),
                            SLICE(saved), OUT_SLICE(coefficients), OUT_SLICE(gamma_gradient),
                            OUT_SLICE(beta_gradient))
{
    const int c = get_global_id(0);
    if (c >= C)
        return;
    float sum = 0.0f, product = 0.0f;
    for (int n = 0; n < N; ++n) {
        sum += partial[partial_at + (ulong)n * 2 * C + c];
        product += partial[partial_at + ((ulong)n * 2 + 1) * C + c];
    }
    const float mean = saved[saved_at + c], inverse = saved[saved_at + C + c];
    const float count = (float)N * (float)pixels, a = gamma[gamma_at + c] * inverse;
    const float b = -a * inverse * (product / count);
    __global float *out = coefficients + coefficients_at;
    out[c] = a;
    out[C + c] = b;
    out[2 * C + c] = -fma(a, sum / count, b * mean);
    gamma_gradient[gamma_gradient_at + c] = product;
    beta_gradient[beta_gradient_at + c] = sum;
}
