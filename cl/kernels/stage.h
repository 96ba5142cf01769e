/* Rows of a tensor made ready in private memory: transformed once, zero where outside the image, so that the
 * kernels that slide a window over them neither test edges nor transform again. Tile kernels with a window
 * include this after view.h with WIDTH 8.
 *
 * Work goes in strips of STRIP values a row, in tiles of TILE. A ring holds the ROWS rows under one row of the
 * result; row r stands in slot r mod ROWS. KERNEL_H, KERNEL_W, STRIDE_W, DILATION are constants so that loops
 * over a row of taps unroll; TILE is a multiple of STRIDE_W. */
#ifndef STAGE_H
#define STAGE_H

#ifndef KERNEL_H
#define KERNEL_H 3
#endif
#ifndef KERNEL_W
#define KERNEL_W 3
#endif
#ifndef STRIDE_W
#define STRIDE_W 1
#endif
#ifndef DILATION
#define DILATION 1
#endif
#ifndef STRIP
#define STRIP 32
#endif
#define ROWS ((KERNEL_H - 1) * DILATION + 1)
/* Columns of the source under `count` neighbouring outputs; under a tile, under a strip. */
#define COLUMNS_UNDER(count) (((count)-1) * STRIDE_W + (KERNEL_W - 1) * DILATION + 1)
#define TILE_COLUMNS         COLUMNS_UNDER(TILE)
#define STRIP_COLUMNS        COLUMNS_UNDER(STRIP)
/* The other way: columns of the output that `count` neighbouring inputs have a part in, REACH of them to the
 * left of the first one's own. */
#define REACH               (((KERNEL_W - 1) * DILATION) / STRIDE_W)
#define COLUMNS_OVER(count) (REACH + ((count)-1) / STRIDE_W + 1)
#define TILE_COLUMNS_OVER   COLUMNS_OVER(TILE)

/* The slot of row r, which may lie above the image. */
INLINE int slot(const int r)
{
    return (r % ROWS + ROWS) % ROWS;
}

/* How much of a strip that starts at `first` is needed, in whole tiles. */
INLINE int strip_width(const int first, const int width)
{
    return min(STRIP, (width - first + TILE - 1) / TILE * TILE);
}

/* Columns [first, first + count) of a row of x, transformed; zero where the image has none. */
INLINE void stage_operand(float8 *out, const __global float *row, const int first, const int count,
                          const int W, const transform t)
{
    const int begin = clamp(-first, 0, count), end = clamp(W - first, begin, count);
    for (int j = 0; j < begin; ++j)
        out[j] = (float8)(0.0f);
    for (int j = begin; j < end; ++j)
        out[j] = transform_apply(t, LOAD(row + (first + j) * 8));
    for (int j = end; j < count; ++j)
        out[j] = (float8)(0.0f);
}

/* The same of an upstream gradient. */
INLINE void stage_upstream(float8 *out, const __global float *g, const __global float *raw, const int first,
                           const int count, const int OW, const upstream u)
{
    const int begin = clamp(-first, 0, count), end = clamp(OW - first, begin, count);
    for (int j = 0; j < begin; ++j)
        out[j] = (float8)(0.0f);
    for (int j = begin; j < end; ++j)
        out[j] = upstream_read(u, g + (first + j) * 8, raw + (first + j) * 8);
    for (int j = end; j < count; ++j)
        out[j] = (float8)(0.0f);
}

INLINE void clear(float8 *sum, const int count)
{
#pragma unroll
    for (int i = 0; i < count; ++i)
        sum[i] = (float8)(0.0f);
}

/* Writes a tile of input gradients at row h, from column w on, where the image has those columns. */
INLINE void downstream_tile(__global float *into, const float8 *sum, const __global float *x, const int h,
                            const int w, const int W, const transform t, const int masked,
                            const int accumulate)
{
#pragma unroll
    for (int i = 0; i < TILE; ++i)
        if (w + i >= 0 && w + i < W)
            downstream_write(into + (h * W + w + i) * 8, sum[i], x + (h * W + w + i) * 8, t, masked,
                             accumulate);
}

#endif
