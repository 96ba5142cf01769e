/* Sums, copies and zeros, plain: any V, any device. Views [N][C/V][H*W][V].
 * NDRange: (lanes and pixels of what is written, C/V, N); the first dimension may be rounded up. */
#define WIDTH 1
#include "view.h"

#include "segments.h"

/* y = a + b, each times its factor, or a alone. */
__kernel void add_forward(OPERAND(a), FACTORS(a), OPERAND(b), FACTORS(b), const int two, const int C,
                          const int pixels, OUT_VIEW(y))
{
    const int i = get_global_id(0), block = get_global_id(1), n = get_global_id(2);
    const int c = block * V + i % V;
    if (i >= pixels * V)
        return;
    float sum = FACTOR(a, n) * transform_apply(TRANSFORM(a, C, c), READ(i, BLOCK(a, n, block, pixels)));
    if (two)
        sum += FACTOR(b, n) * transform_apply(TRANSFORM(b, C, c), READ(i, BLOCK(b, n, block, pixels)));
    WRITE(sum, i, BLOCK(y, n, block, pixels));
}

/* dx (+)= g times the image's factor where the rectifier of x let it through. */
__kernel void add_backward(OPERAND(x), GRADIENT(g), FACTORS(g), const int C, const int pixels, DOWNSTREAM(dx))
{
    const int i = get_global_id(0), block = get_global_id(1), n = get_global_id(2);
    const int c = block * V + i % V;
    if (i >= pixels * V)
        return;
    downstream_write(BLOCK(dx, n, block, pixels) + i, FACTOR(g, n) * BLOCK(g, n, block, pixels)[i],
                     BLOCK(x, n, block, pixels) + i, TRANSFORM(x, C, c), x_relu, dx_accumulate);
}

/* to (+)= from, channel by logical channel; padded channels of `to` are zero. */
__kernel void regroup(VIEW(from), const int from_segment, OUT_VIEW(to), const int to_segment,
                      const int logical, const int pixels, const int accumulate)
{
    const int i = get_global_id(0), block = get_global_id(1), n = get_global_id(2);
    if (i >= pixels * V)
        return;
    const int q = regroup_source(block * V + i % V, from_segment, to_segment, logical);
    __global STORED *out = BLOCK(to, n, block, pixels) + i;
    float value = 0.0f;
    if (q >= 0)
        value = READ(i / V * V + q % V, BLOCK(from, n, q / V, pixels));
    if (accumulate)
        value += GET(out);
    PUT(value, out);
}

/* factors [paths][N]: 0 where the path's bit of kept [period][N][words] is 0, else 1 / keep, which falls from 1
 * over cells and steps. NDRange: (N, paths). */
__kernel void drop_factors(const int N, const int paths, const int cells, const float drop, const int steps,
                           INT_SLICE(kept), INT_SLICE(state), const int period, OUT_SLICE(factors))
{
    const int n = get_global_id(0), p = get_global_id(1), words = (paths + 31) / 32;
    if (n >= N)
        return;
    const uint word = as_uint(kept[kept_at + ((ulong)(state[state_at] % period) * N + n) * words + p / 32]);
    const int cell = p / (paths / cells);
    const float done = (float)(cell + 1) / (float)cells * ((float)(state[state_at] + 1) / (float)steps);
    factors[factors_at + (ulong)p * N + n] = word >> (p % 32) & 1 ? 1.0f / (1.0f - drop * done) : 0.0f;
}

/* Each work-item clears `chunk` floats. NDRange: (ceil(count / chunk)). */
__kernel void zero(OUT_SLICE(out), const ulong count, const ulong chunk)
{
    const ulong first = get_global_id(0) * chunk;
    for (ulong i = first; i < min(count, first + chunk); ++i)
        out[out_at + i] = 0.0f;
}
