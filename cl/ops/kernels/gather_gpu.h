/* The products of the GPU's convolutions: a work-group has SLOTS pixels, each work-item PX of them, PX * TILE
 * sums in registers. Channels that are summed over are walked block by block, tap by tap: STEP blocks at a
 * time the group puts its pixels' values, as they are stored, and the weights into local memory,
 * [STEP][SLOTS] and [STEP][4][TILE]. One value of a weight then serves PX products, one value of a pixel
 * TILE. An item reads the values that it wrote, so that only weights wait for others; values are in local
 * memory, and so are the sums at the end, to keep registers for sums.
 *
 * Pixels of small images share a group: slot s is pixel tile_first + s % tile of the group's image
 * s / tile. */
#ifndef GATHER_GPU_H
#define GATHER_GPU_H

#ifndef TILE
#define TILE 24 /* output channels of a group: 8, 12, 16 or 24 */
#endif
#define GROUP        64
#define PX           2
#define SLOTS        (GROUP * PX)
#define T4           (TILE / 4)
#define STEP         6 /* at least T4 */
#define STEP_VALUES  (STEP * SLOTS)
#define STEP_WEIGHTS (STEP * 4 * T4)

typedef struct { /* a window as records hold it: ARG_WINDOW and the split of a factorized reduction, or 0 */
    int kernel_h, kernel_w, stride_h, stride_w, dilation, pad_top, pad_left, split;
} conv_window;

/* The group's record in local memory, so that what is read now and then is not in registers all the time. */
#define TAKE_JOB(type, name)                                                                                 \
    __local type name##_room;                                                                                \
    take_job((const __global int *)JOB, (__local int *)&name##_room, sizeof(type) / sizeof(int));            \
    const __local type *name = &name##_room

INLINE void take_job(const __global int *from, __local int *to, const int ints)
{
    for (int i = get_local_id(0); i < ints; i += GROUP)
        to[i] = from[i];
    barrier(CLK_LOCAL_MEM_FENCE);
}

typedef struct { /* how the pixels of N images are cut: tiles of an image, or images of a group */
    int N, tile, tiles, images;
} pixel_cut;

typedef struct {
    int image, pixel;
    int there; /* not behind the last pixel or image; the image is one that there is */
} place;

/* Most divisions are by what is larger: of one tap, one row, one tile. */
INLINE int quotient(const int a, const int b)
{
    return a < b ? 0 : (int)((uint)a / (uint)b);
}

/* Of the group's tile `index`; of item l's pixel q. */
INLINE place place_of(const pixel_cut cut, const int index, const int q, const int pixels)
{
    const int slot = q * GROUP + (int)get_local_id(0);
    const int within = cut.images > 1 ? quotient(slot, cut.tile) : slot >= cut.tile;
    const int image = cut.tiles > 1 ? quotient(index, cut.tiles) : index * cut.images;
    place p;
    p.image = min(image + within, cut.N - 1);
    p.pixel = (cut.tiles > 1 ? (index - image * cut.tiles) * cut.tile : 0) + slot - within * cut.tile;
    p.there = within < cut.images && image + within < cut.N && p.pixel < pixels;
    return p;
}

/* What an item must know of its pixels now and then is in local memory: image, row and column, and the pixel of what is
 * written, -1 for none. */
#define SPOT(q) spots[(q)*GROUP + get_local_id(0)]

/* --- the walk over taps and channel blocks --- */
typedef struct {
    int tap, block;              /* now; over at last_tap */
    int last_tap, first, blocks; /* taps; blocks of a tap: first <= block < blocks */
    int from[PX]; /* the block that the item's pixel reads; negative: none, so the value is 0 */
} walk;

typedef struct { /* the blocks of a step, for all items */
    int channel[STEP];
} step_blocks;

/* A tap reads what is at (row + down, column + right) of the source, from block w->first on. */
INLINE void walk_from(walk *w, const __local int4 *spots, const int down, const int right, const int H,
                      const int W)
{
#pragma unroll
    for (int q = 0; q < PX; ++q) {
        const int4 spot = SPOT(q);
        const int h = spot.y + down, v = spot.z + right;
        const int inside = spot.w >= 0 && h >= 0 && h < H && v >= 0 && v < W;
        w->from[q] = inside ? (w->first * H + h) * W + v : INT_MIN;
    }
}

/* Which outputs of a factorized reduction a tap serves: 1 or 0 for m .. m + 3. */
INLINE int4 tap_serves(const __local conv_window *window, const int tap, const int m)
{
    const int4 first = (int4)(m, m + 1, m + 2, m + 3) < (int4)(window->split);
    return tap ? ~first : first;
}

/* weights[4][TILE] of a block: rows are channels c .. c + 3 of [C][M], columns outputs m0 on. */
INLINE void stage_weights_forward(const __global float *weight, const __local conv_window *window,
                                  const int tap, const int C, const int M, const int c, const int m0,
                                  __local float4 *weights)
{
    const int i = get_local_id(0), m = m0 + i % T4 * 4;
    if (i >= 4 * T4)
        return;
    float4 w = 0.0f;
    if (m < M)
        w = LOAD(weight + (tap * C + c + i / T4) * M + m);
    weights[i] = window->split ? select((float4)(0.0f), w, tap_serves(window, tap, m)) : w;
}

/* The same turned round: rows are outputs m .. m + 3, columns channels c0 on. */
INLINE void stage_weights_backward(const __global float *weight, const __local conv_window *window,
                                   const int tap, const int C, const int M, const int m, const int c0,
                                   __local float *weights)
{
    const int i = get_local_id(0);
    if (i >= TILE)
        return;
    float4 w = 0.0f;
    if (c0 + i < C)
        w = LOAD(weight + (tap * C + c0 + i) * M + m);
    if (window->split)
        w = select((float4)(0.0f), w, tap_serves(window, tap, m));
    weights[i] = w.x;
    weights[TILE + i] = w.y;
    weights[2 * TILE + i] = w.z;
    weights[3 * TILE + i] = w.w;
}

/* sums += the products of a block's values and weights [4][TILE]. */
INLINE void multiply(const REAL v[PX], const __local float4 *weights, REAL sums[PX][T4])
{
#pragma unroll
    for (int m = 0; m < T4; ++m) {
        const float4 w0 = weights[m], w1 = weights[T4 + m], w2 = weights[2 * T4 + m],
                     w3 = weights[3 * T4 + m];
#pragma unroll
        for (int q = 0; q < PX; ++q) {
            sums[q][m] = fma((float4)(v[q].x), w0, sums[q][m]);
            sums[q][m] = fma((float4)(v[q].y), w1, sums[q][m]);
            sums[q][m] = fma((float4)(v[q].z), w2, sums[q][m]);
            sums[q][m] = fma((float4)(v[q].w), w3, sums[q][m]);
        }
    }
}

/* --- upstream gradients, normalised or not as the record says --- */
INLINE upstream upstream_of_block(const __global float *coefficients, const int M, const int m,
                                  const int normalise)
{
    upstream u;
    u.a = u.b = u.d = (REAL)(0.0f);
    if (normalise) {
        u.a = LOAD(coefficients + m);
        u.b = LOAD(coefficients + M + m);
        u.d = LOAD(coefficients + 2 * M + m);
    }
    return u;
}

/* From registers to values[T4][SLOTS], zeros where there is no pixel. */
INLINE void put_sums(const REAL sums[PX][T4], const __local int4 *spots, __local REAL *values)
{
#pragma unroll
    for (int m = 0; m < T4; ++m)
#pragma unroll
        for (int q = 0; q < PX; ++q)
            values[m * SLOTS + q * GROUP + get_local_id(0)] = SPOT(q).w >= 0 ? sums[q][m] : (REAL)(0.0f);
}

#endif
