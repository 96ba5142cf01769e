/* STRIP outputs of a column of a depthwise convolution, for depthwise_gpu.cl: STRIP_NAME is made for STRIP_STEP rows of
 * the tile from one output to the next, and tap (ky, kx) of the tile has weight (STRIP_TAP(ky), STRIP_KX(kx)). `tile`
 * is at the corner of what the first output reads. Included once for each. */
INLINE void STRIP_NAME(float4 *sum, const __local float4 *tile, const int pitch, const __global float *weight,
                       const int C)
{
#pragma unroll
    for (int q = 0; q < STRIP; ++q)
        sum[q] = (float4)(0.0f);
#pragma unroll 1
    for (int kx = 0; kx < KERNEL_W; ++kx) {
        const __global float *taps = weight + STRIP_KX(kx) * C;
#if KERNEL_H <= 9
        float4 column[(STRIP - 1) * STRIP_STEP + SPAN_H];
#pragma unroll
        for (int i = 0; i < (STRIP - 1) * STRIP_STEP + SPAN_H; ++i)
            column[i] = tile[i * pitch + kx * DILATION];
#pragma unroll
        for (int ky = 0; ky < KERNEL_H; ++ky) {
            const float4 w = LOAD(taps + STRIP_TAP(ky) * (KERNEL_W * C));
#pragma unroll
            for (int q = 0; q < STRIP; ++q)
                sum[q] = fma(column[q * STRIP_STEP + ky * DILATION], w, sum[q]);
        }
#else
#pragma unroll 1
        for (int ky = 0; ky < KERNEL_H; ++ky) {
            const float4 w = LOAD(taps + STRIP_TAP(ky) * (KERNEL_W * C));
#pragma unroll
            for (int q = 0; q < STRIP; ++q)
                sum[q] = fma(tile[(q * STRIP_STEP + ky * DILATION) * pitch + kx * DILATION], w, sum[q]);
        }
#endif
    }
}
#undef STRIP_STEP
#undef STRIP_TAP
#undef STRIP_KX
#undef STRIP_NAME
