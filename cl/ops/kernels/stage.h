/* Rows of a tensor made ready in private memory: transformed once, zero where outside the image, so that the kernels
 * that slide a window over them neither test edges nor transform again. Tile kernels with a window include this
 * after view.h with WIDTH 8 and images.h.
 *
 * Work goes in strips of STRIP values a row, in tiles of TILE. A ring holds the ROWS rows under one row of the
 * result; row r, which may lie above the image, stands in slot r & (SLOTS - 1). Sizes of the window are constants so
 * that loops over a row of taps unroll and nothing is divided; TILE is a multiple of STRIDE_W. */
#ifndef STAGE_H
#define STAGE_H

#include "window.h"

#ifndef STRIP
#define STRIP 32
#endif
#define ROWS SPAN_H
#if ROWS <= 2
#define SLOTS 2
#elif ROWS <= 4
#define SLOTS 4
#elif ROWS <= 8
#define SLOTS 8
#elif ROWS <= 16
#define SLOTS 16
#else
#define SLOTS 32 /* the table of routes admits no more */
#endif
#define SLOT(r)              ((r) & (SLOTS - 1))

/* Columns of the source under `count` neighbouring outputs; under a tile, under a strip. */
#define COLUMNS_UNDER(count) (((count)-1) * STRIDE_W + (KERNEL_W - 1) * DILATION + 1)
#define TILE_COLUMNS         COLUMNS_UNDER(TILE)
#define STRIP_COLUMNS        COLUMNS_UNDER(STRIP)
/* The other way: columns of the output that `count` neighbouring inputs have a part in, REACH of them to the
 * left of the first one's own. */
#define REACH                (((KERNEL_W - 1) * DILATION) / STRIDE_W)
#define COLUMNS_OVER(count)  (REACH + ((count)-1) / STRIDE_W + 1)
#define TILE_COLUMNS_OVER    COLUMNS_OVER(TILE)

typedef struct {
    int width; /* values of the result, in whole tiles */
    int first; /* the source's column that is staged as column 0 */
    int count; /* columns to stage, of which [begin, end) lie inside of the image */
    int begin, end;
} strip;

INLINE int whole_tiles(const int left, const int width)
{
    return min(STRIP, (width - left + TILE - 1) / TILE * TILE);
}

/* The strip of outputs from `left` on, OW wide, over an input W wide. */
INLINE strip strip_under(const int left, const int OW, const int pad_left, const int W)
{
    strip s;
    s.width = whole_tiles(left, OW);
    s.first = left * STRIDE_W - pad_left;
    s.count = COLUMNS_UNDER(s.width);
    s.begin = clamp(-s.first, 0, s.count);
    s.end = clamp(W - s.first, s.begin, s.count);
    return s;
}

/* The strip of inputs from `left` on, W wide, under an output OW wide; left + pad_left divides by STRIDE_W. */
INLINE strip strip_over(const int left, const int W, const int pad_left, const int OW)
{
    strip s;
    s.width = whole_tiles(left, W);
    s.first = (left + pad_left) / STRIDE_W - REACH;
    s.count = COLUMNS_OVER(s.width);
    s.begin = clamp(-s.first, 0, s.count);
    s.end = clamp(OW - s.first, s.begin, s.count);
    return s;
}

/* Columns outside of the image: the same for all rows of a strip, so cleared once. */
INLINE void stage_edges(lanes *out, const strip s)
{
    for (int j = 0; j < s.begin; ++j)
        out[j] = (lanes)(0.0f);
    for (int j = s.end; j < s.count; ++j)
        out[j] = (lanes)(0.0f);
}

/* A row outside of the image. */
INLINE void stage_nothing(lanes *out, const strip s)
{
    for (int j = s.begin; j < s.end; ++j)
        out[j] = (lanes)(0.0f);
}

/* A row of x, which starts at `row`, transformed. */
INLINE void stage_operand(lanes *out, const stored_images x, const int row, const strip s,
                          const lanes_transform t)
{
    for (int j = s.begin; j < s.end; ++j)
        out[j] = LANES_APPLY(t, read_stored(x, row + (s.first + j) * 8));
}

/* A row of an upstream gradient. */
INLINE void stage_upstream(lanes *out, const float_images g, const stored_images raw, const int row,
                           const strip s, const lanes_upstream u)
{
    for (int j = s.begin; j < s.end; ++j)
        out[j] = read_upstream(u, g, raw, row + (s.first + j) * 8);
}

INLINE void clear(lanes *sum, const int count)
{
#pragma unroll
    for (int i = 0; i < count; ++i)
        sum[i] = (lanes)(0.0f);
}

/* Writes a tile of input gradients at row h, from column w on, where the image has those columns; `into` has a place
 * for each image. */
INLINE void downstream_tile(__global float *const *into, const lanes *sum, const stored_images x, const int h,
                            const int w, const int W, const lanes_transform t, const int masked,
                            const int accumulate)
{
#pragma unroll
    for (int i = 0; i < TILE; ++i)
        if (w + i >= 0 && w + i < W) {
            const int at = (h * W + w + i) * 8;
            const lanes g = masked ? LANES_MASK(t, read_stored(x, at), sum[i]) : sum[i];
#pragma unroll
            for (int side = 0; side < IMAGES; ++side)
                if (side < COUNT(x)) {
                    const float8 value = lanes_of_image(g, side);
                    STORE(accumulate ? value + LOAD(into[side] + at) : value, into[side] + at);
                }
        }
}

#endif
