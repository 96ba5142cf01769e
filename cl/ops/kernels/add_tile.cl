/* Sums and copies in float8: V = 8. Views [N][C/8][H*W][8]. NDRange: (C/8, N), one work-item each, but of the sum (1,
 * N). */
#define WIDTH 8
#include "view.h"

#include "segments.h"

TILE_KERNEL void add_forward_tile(OPERAND(a), FACTORS(a), OPERAND(b), FACTORS(b), const int two, const int C,
                                  const int pixels, OUT_VIEW(y))
{
    const int n = get_global_id(1);
    const float of_a = FACTOR(a, n), of_b = FACTOR(b, n);
    for (int block = 0; block < C / 8; ++block) {
        const __global STORED *ab = BLOCK(a, n, block, pixels), *bb = BLOCK(b, n, block, pixels);
        __global STORED *yb = BLOCK(y, n, block, pixels);
        const transform ta = TRANSFORM(a, C, block * 8), tb = TRANSFORM(b, C, block * 8);
        if (two)
            for (int i = 0; i < pixels * 8; i += 8)
                WRITE(of_a * transform_apply(ta, READ(0, ab + i)) +
                          of_b * transform_apply(tb, READ(0, bb + i)),
                      0, yb + i);
        else
            for (int i = 0; i < pixels * 8; i += 8)
                WRITE(of_a * transform_apply(ta, READ(0, ab + i)), 0, yb + i);
    }
}

TILE_KERNEL void add_backward_tile(OPERAND(x), GRADIENT(g), FACTORS(g), const int C, const int pixels,
                                   DOWNSTREAM(dx))
{
    const int block = get_global_id(0), n = get_global_id(1);
    const __global STORED *xb = BLOCK(x, n, block, pixels);
    const __global float *gb = BLOCK(g, n, block, pixels);
    __global float *db = BLOCK(dx, n, block, pixels);
    const float factor = FACTOR(g, n);
    const transform t = TRANSFORM(x, C, block * 8);
    for (int i = 0; i < pixels * 8; i += 8)
        downstream_write(db + i, factor * LOAD(gb + i), xb + i, t, x_relu, dx_accumulate);
}

/* Gathers the eight channels of a block; `use` is 0 for padding, whose source is any channel. */
TILE_KERNEL void regroup_tile(VIEW(from), const int from_segment, OUT_VIEW(to), const int to_segment,
                              const int logical, const int pixels, const int accumulate)
{
    const int block = get_global_id(0), n = get_global_id(1);
    const __global STORED *source[8];
    float use[8];
    for (int lane = 0; lane < 8; ++lane) {
        const int q = regroup_source(block * 8 + lane, from_segment, to_segment, logical), c = max(q, 0);
        source[lane] = BLOCK(from, n, c / 8, pixels) + c % 8;
        use[lane] = q < 0 ? 0.0f : 1.0f;
    }
    const int8 wanted = vload8(0, use) > 0.0f;
    __global STORED *out = BLOCK(to, n, block, pixels);
    for (int i = 0; i < pixels * 8; i += 8) {
        const float8 all =
            (float8)(GET(source[0] + i), GET(source[1] + i), GET(source[2] + i), GET(source[3] + i),
                     GET(source[4] + i), GET(source[5] + i), GET(source[6] + i), GET(source[7] + i));
        const float8 value = wanted ? all : (float8)(0.0f);
        WRITE(accumulate ? READ(0, out + i) + value : value, 0, out + i);
    }
}
