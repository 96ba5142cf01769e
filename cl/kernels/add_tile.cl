/* Sums and copies in float8: V = 8. Views [N][C/8][H*W][8]. NDRange: (C/8, N), one work-item each. */
#define WIDTH 8
#include "view.h"

#include "segments.h"

TILE_KERNEL void add_forward_tile(OPERAND(a), OPERAND(b), const int two, const int C, const int pixels,
                                  OUT_VIEW(y))
{
    const int block = get_global_id(0), n = get_global_id(1);
    const __global float *ab = BLOCK(a, n, block, pixels), *bb = BLOCK(b, n, block, pixels);
    __global float *yb = BLOCK(y, n, block, pixels);
    const transform ta = TRANSFORM(a, C, block * 8), tb = TRANSFORM(b, C, block * 8);
    if (two)
        for (int i = 0; i < pixels * 8; i += 8)
            STORE(transform_apply(ta, LOAD(ab + i)) + transform_apply(tb, LOAD(bb + i)), yb + i);
    else
        for (int i = 0; i < pixels * 8; i += 8)
            STORE(transform_apply(ta, LOAD(ab + i)), yb + i);
}

TILE_KERNEL void add_backward_tile(OPERAND(x), VIEW(g), const int C, const int pixels, DOWNSTREAM(dx))
{
    const int block = get_global_id(0), n = get_global_id(1);
    const __global float *xb = BLOCK(x, n, block, pixels), *gb = BLOCK(g, n, block, pixels);
    __global float *db = BLOCK(dx, n, block, pixels);
    const transform t = TRANSFORM(x, C, block * 8);
    for (int i = 0; i < pixels * 8; i += 8)
        downstream_write(db + i, LOAD(gb + i), xb + i, t, x_relu, dx_accumulate);
}

/* Gathers the eight channels of a block; `use` is 0 for padding, whose source is any channel. */
TILE_KERNEL void regroup_tile(VIEW(from), const int from_segment, OUT_VIEW(to), const int to_segment,
                              const int logical, const int pixels, const int accumulate)
{
    const int block = get_global_id(0), n = get_global_id(1);
    const __global float *source[8];
    float use[8];
    for (int lane = 0; lane < 8; ++lane) {
        const int q = regroup_source(block * 8 + lane, from_segment, to_segment, logical), c = max(q, 0);
        source[lane] = BLOCK(from, n, c / 8, pixels) + c % 8;
        use[lane] = q < 0 ? 0.0f : 1.0f;
    }
    const int8 wanted = vload8(0, use) > 0.0f;
    __global float *out = BLOCK(to, n, block, pixels);
    for (int i = 0; i < pixels * 8; i += 8) {
        const float8 all = (float8)(source[0][i], source[1][i], source[2][i], source[3][i], source[4][i],
                                    source[5][i], source[6][i], source[7][i]);
        const float8 value = wanted ? all : (float8)(0.0f);
        STORE(accumulate ? LOAD(out + i) + value : value, out + i);
    }
}
