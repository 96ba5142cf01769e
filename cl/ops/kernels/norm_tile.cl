/* The pass of batch normalisation's backward over whole tensors, in float8: V = 8. */
#define WIDTH 8
#include "view.h"

/* partial [N][2][C]: sums over an image of g and of g * normalised raw. NDRange: (C/8, N). Four sums at a
 * time hide the latency of an addition and shorten the chain of rounding errors. */
TILE_KERNEL void norm_backward_sums_tile(GRADIENT(g), VIEW(raw), const int C, const int pixels, SLICE(saved),
                                         OUT_SLICE(partial))
{
    const int block = get_global_id(0), n = get_global_id(1);
    const __global float *gb = BLOCK(g, n, block, pixels);
    const __global STORED *rb = BLOCK(raw, n, block, pixels);
    const float8 mean = LOAD(saved + saved_at + block * 8), inverse = LOAD(saved + saved_at + C + block * 8);
    float8 sum[4], product[4];
#pragma unroll
    for (int k = 0; k < 4; ++k)
        sum[k] = product[k] = (float8)(0.0f);
    int p = 0;
    for (; p + 4 <= pixels; p += 4)
#pragma unroll
        for (int k = 0; k < 4; ++k) {
            const float8 d = LOAD(gb + (p + k) * 8);
            sum[k] += d;
            product[k] = fma(d, READ(0, rb + (p + k) * 8) - mean, product[k]);
        }
    for (; p < pixels; ++p) {
        const float8 d = LOAD(gb + p * 8);
        sum[0] += d;
        product[0] = fma(d, READ(0, rb + p * 8) - mean, product[0]);
    }
    __global float *out = partial + partial_at + (ulong)n * 2 * C + block * 8;
    STORE((sum[0] + sum[1]) + (sum[2] + sum[3]), out);
    STORE(((product[0] + product[1]) + (product[2] + product[3])) * inverse, out + C);
}
