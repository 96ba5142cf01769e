/* Statistics of a group's tile, or of its images: sum and sum of squares over their pixels, in an order that the tile's
 * size alone decides. An item sums a part of a column, which is an image's block of four channels; then the parts are
 * summed. */
#ifndef TILE_SUMS_GPU_H
#define TILE_SUMS_GPU_H

/* values[T4][SLOTS]: what was written, zeros where there is no pixel; lost. statistics: [N][tiles][2][M]. */
INLINE void tile_sums(__local REAL *values, const pixel_cut cut, const int index, const int m0, const int M,
                      __global float *statistics)
{
    const int l = get_local_id(0), columns = T4 * cut.images, parts = max(1, GROUP / columns);
    const int first = cut.tiles > 1 ? index : index * cut.images, end = cut.N * cut.tiles; /* of [N][tiles] */
    barrier(CLK_LOCAL_MEM_FENCE);
    float4 sum = 0.0f, squares = 0.0f;
    /* More columns than items only where an image has a few pixels; then items take several, one part each. */
    for (int start = 0; start < columns; start += GROUP) {
        const int column = start + l / parts, part = l % parts, block = column % T4;
        const int image = column / T4, channel = m0 + block * 4;
        sum = squares = 0.0f;
        if (column < columns)
            for (int i = part; i < cut.tile; i += parts) {
                const float4 v = ROUNDED(values[block * SLOTS + image * cut.tile + i]);
                sum += v;
                squares = fma(v, v, squares);
            }
        if (parts == 1 && column < columns && first + image < end && channel < M) {
            __global float *out = statistics + (ulong)(first + image) * 2 * M + channel;
            STORE(sum, out);
            STORE(squares, out + M);
        }
    }
    if (parts == 1)
        return;
    __local float *sums = (__local float *)values; /* [columns][parts][2][4] */
    barrier(CLK_LOCAL_MEM_FENCE);
    values[2 * l] = sum;
    values[2 * l + 1] = squares;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = l; i < columns * 8; i += GROUP) {
        const int column = i / 8, lane = i % 8, n = first + column / T4, channel = m0 + column % T4 * 4;
        float total = 0.0f;
        for (int part = 0; part < parts; ++part)
            total += sums[(column * parts + part) * 8 + lane];
        if (n < end && channel < M)
            statistics[((ulong)n * 2 + lane / 4) * M + channel + lane % 4] = total;
    }
}

#endif
