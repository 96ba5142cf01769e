/* Sums and copies in float8: V = 8. Views [N][C/8][H*W][8]. NDRange: (C/8, N), one work-item each. */
#define WIDTH 8
#include "view.h"

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
