/* Two vectors of eight side by side in one of sixteen, for processors whose registers hold as many. Included after
 * view.h with WIDTH 8. */
#ifndef PAIR_H
#define PAIR_H

typedef float16 sixteen_floats __attribute__((aligned(4)));

INLINE float16 __attribute__((overloadable)) get16(const long i, const __global float *p)
{
    return *(const __global sixteen_floats *)(p + i * 16);
}

INLINE float16 __attribute__((overloadable)) get16(const long i, const float *p)
{
    return *(const sixteen_floats *)(p + i * 16);
}

INLINE void __attribute__((overloadable)) put16(const float16 value, const long i, __global float *p)
{
    *(__global sixteen_floats *)(p + i * 16) = value;
}

INLINE void __attribute__((overloadable)) put16(const float16 value, const long i, float *p)
{
    *(sixteen_floats *)(p + i * 16) = value;
}

/* As READ and ROUNDED of view.h. */
#if HALF_STORAGE
#define READ16(p)        vload_half16(0, (p))
#define ROUNDED16(value) ((float16)(ROUNDED((value).lo), ROUNDED((value).hi)))
#else
#define READ16(p)        get16(0, (p))
#define ROUNDED16(value) (value)
#endif

/* The same in both halves. */
INLINE float16 twice(const float8 v)
{
    return (float16)(v, v);
}

/* All ones in the lower half. Not a constant, of which the compiler would make more work than a selection by a mask. */
INLINE int16 lower_half(void)
{
    volatile int eight = 8;
    return (int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) < eight;
}

typedef struct { /* a transform (view.h) of two values of one channel block */
    float16 scale, shift, low;
} transform_pair;

INLINE transform_pair transform_pair_make(const transform t)
{
    const transform_pair p = {twice(t.scale), twice(t.shift), twice(t.low)};
    return p;
}

INLINE float16 transform_pair_apply(const transform_pair t, const float16 x)
{
    const float16 z = fma(t.scale, x, t.shift);
    return t.low > z ? t.low : z;
}

INLINE float16 transform_pair_mask(const transform_pair t, const float16 x, const float16 g)
{
    const float16 z = fma(t.scale, x, t.shift);
    return z <= t.low ? (float16)(0.0f) : g;
}

typedef struct { /* an upstream of two values of one channel block */
    float16 a, b, d;
} upstream_pair;

INLINE upstream_pair upstream_pair_make(const upstream u)
{
    const upstream_pair p = {twice(u.a), twice(u.b), twice(u.d)};
    return p;
}

INLINE float16 upstream_pair_read(const upstream_pair u, const __global float *g, const __global STORED *raw)
{
#if UPSTREAM_NORMALISED
    return fma(u.a, get16(0, g), fma(u.b, READ16(raw), u.d));
#else
    return get16(0, g);
#endif
}

#endif
