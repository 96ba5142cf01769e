/* The images that a work-item serves side by side, for kernels of one channel block: one in vectors of 8, two in
 * vectors of 16 (LANES), the lower half of which is the first image's. Included after view.h with WIDTH 8. */
#ifndef IMAGES_H
#define IMAGES_H

#ifndef LANES
#define LANES 8
#endif

#if LANES == 16
#include "pair.h"
#define IMAGES 2
typedef float16 lanes;
typedef transform_pair lanes_transform;
typedef upstream_pair lanes_upstream;
#define LANES_OF(v)           twice(v)
#define LANES_TRANSFORM_OF(t) transform_pair_make(t)
#define LANES_UPSTREAM_OF(u)  upstream_pair_make(u)
#define LANES_APPLY           transform_pair_apply
#define LANES_MASK            transform_pair_mask
#define COUNT(images)         (images).count
#else
#define IMAGES                1
typedef float8 lanes;
typedef transform lanes_transform;
typedef upstream lanes_upstream;
#define LANES_OF(v)           (v)
#define LANES_TRANSFORM_OF(t) (t)
#define LANES_UPSTREAM_OF(u)  (u)
#define LANES_APPLY           transform_apply
#define LANES_MASK            transform_mask
#define COUNT(images)         1
#endif

/* The same place in `count` images, at most IMAGES; what is read of others is zero, and nothing is written. */
typedef struct {
    const __global STORED *of[IMAGES];
    int count;
} stored_images;

typedef struct {
    const __global float *of[IMAGES];
    int count;
} float_images;

/* Sets `images` to channel block `block` of `images_count` images of a view (view.h), of which the second is image
 * n + apart. */
#define IMAGES_TAKE(images, name, n, apart, images_count, block, pixels)                                     \
    do {                                                                                                     \
        (images).count = (images_count);                                                                     \
        for (int side = 0; side < IMAGES; ++side)                                                            \
            (images).of[side] =                                                                              \
                BLOCK(name, (n) + (side < (images_count) ? side * (apart) : 0), block, pixels);              \
    } while (0)

INLINE lanes read_stored(const stored_images x, const int at)
{
#if LANES == 16
    return (float16)(READ(0, x.of[0] + at), x.count > 1 ? READ(0, x.of[1] + at) : (float8)(0.0f));
#else
    return READ(0, x.of[0] + at);
#endif
}

INLINE lanes read_floats(const float_images x, const int at)
{
#if LANES == 16
    return (float16)(LOAD(x.of[0] + at), x.count > 1 ? LOAD(x.of[1] + at) : (float8)(0.0f));
#else
    return LOAD(x.of[0] + at);
#endif
}

INLINE lanes read_upstream(const lanes_upstream u, const float_images g, const stored_images raw,
                           const int at)
{
#if !UPSTREAM_NORMALISED
    return read_floats(g, at);
#else
    const lanes v = fma(u.a, read_floats(g, at), fma(u.b, read_stored(raw, at), u.d));
#if LANES == 16
    return g.count > 1 ? v : (float16)(v.lo, (float8)(0.0f));
#else
    return v;
#endif
#endif
}

INLINE float8 lanes_of_image(const lanes v, const int side)
{
#if LANES == 16
    return side ? v.hi : v.lo;
#else
    return v;
#endif
}

#endif
