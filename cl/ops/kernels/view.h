/* How the depthwise, pool, add, norm and head kernels see tensors (cl/ops/op.h has the contract).
 *
 * A kernel file defines WIDTH before it includes this: 1 where a work-item serves one channel, 4 or 8 where it
 * serves a whole block of V = 4 or 8. REAL is then float, float4 or float8, and every function here works on each.
 * Parameter macros stand for several kernel parameters; cl/ops/op_arguments.h has their other side.
 *
 * Stored tensors, those that the forward pass writes, are floats or, with HALF_STORAGE, halves that are
 * widened when read and rounded when written: READ and WRITE see them as REALs, GET and PUT as single values.
 * Everything else is float, seen by LOAD and STORE. */
#ifndef VIEW_H
#define VIEW_H

#define INLINE static inline __attribute__((always_inline))

#if WIDTH == 1
#define REAL            float
#define LOAD(p)         (*(p))
#define STORE(value, p) (*(p) = (value))
#elif WIDTH == 4
#define REAL            float4
#define LOAD(p)         (*(const __global float4 *)(p)) /* every block of four starts at a multiple of four floats */
#define STORE(value, p) (*(__global float4 *)(p) = (value))
#else
#define REAL            float8
#define LOAD(p)         get8(0, (p))
#define STORE(value, p) put8((value), 0, (p))

/* vload8 and vstore8 by another way: PoCL's vstore8 is made of pieces, which the compiler does not always
 * join. */
typedef float8 eight_floats __attribute__((aligned(4)));

INLINE float8 __attribute__((overloadable)) get8(const long i, const __global float *p)
{
    return *(const __global eight_floats *)(p + i * 8);
}

INLINE float8 __attribute__((overloadable)) get8(const long i, const float *p)
{
    return *(const eight_floats *)(p + i * 8);
}

INLINE void __attribute__((overloadable)) put8(const float8 value, const long i, __global float *p)
{
    *(__global eight_floats *)(p + i * 8) = value;
}

INLINE void __attribute__((overloadable)) put8(const float8 value, const long i, float *p)
{
    *(eight_floats *)(p + i * 8) = value;
}
#endif

/* READ and WRITE: the i-th REAL from p on. ROUNDED: a REAL as it is read back once written. */
#if HALF_STORAGE
#define STORED        half
#define GET(p)        vload_half(0, (p))
#define PUT(value, p) vstore_half((value), 0, (p))
#if WIDTH == 1
#define READ(i, p)         vload_half((i), (p))
#define WRITE(value, i, p) vstore_half((value), (i), (p))
#elif WIDTH == 4
/* As vload_half4 and vstore_half4, but that every block of four starts at a multiple of four halves: one access. */
INLINE float4 read_half4(const long i, const __global half *p)
{
    const ushort4 bits = ((const __global ushort4 *)p)[i];
    return vload_half4(0, (const half *)&bits);
}

INLINE void write_half4(const float4 value, const long i, __global half *p)
{
    ushort4 bits;
    vstore_half4(value, 0, (half *)&bits);
    ((__global ushort4 *)p)[i] = bits;
}
#define READ(i, p)         read_half4((i), (p))
#define WRITE(value, i, p) write_half4((value), (i), (p))
#else
#define READ(i, p)         vload_half8((i), (p))
#define WRITE(value, i, p) vstore_half8((value), (i), (p))
#endif
INLINE REAL ROUNDED(const REAL value)
{
    ushort bits[WIDTH];
#if WIDTH == 1
    vstore_half(value, 0, (half *)bits);
    return vload_half(0, (const half *)bits);
#elif WIDTH == 4
    vstore_half4(value, 0, (half *)bits);
    return vload_half4(0, (const half *)bits);
#else
    vstore_half8(value, 0, (half *)bits);
    return vload_half8(0, (const half *)bits);
#endif
}
#else
#define STORED        float
#define GET(p)        (*(p))
#define PUT(value, p) (*(p) = (value))
#if WIDTH == 1
#define READ(i, p)         ((p)[i])
#define WRITE(value, i, p) ((p)[i] = (value))
#elif WIDTH == 4
#define READ(i, p)         LOAD((p) + (i)*4)
#define WRITE(value, i, p) STORE((value), (p) + (i)*4)
#else
#define READ(i, p)         get8((i), (p))
#define WRITE(value, i, p) put8((value), (i), (p))
#endif
#define ROUNDED(value) (value)
#endif

#define TILE_KERNEL                                                                                          \
    __kernel __attribute__((reqd_work_group_size(1, 1, 1))) /* one work-item a large piece of work */

/* Where a file serves the routes `tile` and `wide`: the one in vectors of LANES 8, the other of 16. */
#if LANES == 16
#define TILE_NAME(name) name##_wide
#else
#define TILE_NAME(name) name##_tile
#endif

#define SLICE(name)        const __global float *restrict name, const ulong name##_at
#define INT_SLICE(name)    const __global int *restrict name, const ulong name##_at
#define BYTE_SLICE(name)   const __global uchar *restrict name, const ulong name##_at
#define OUT_SLICE(name)    __global float *restrict name, const ulong name##_at
#define VIEW(name)         const __global STORED *restrict name, const ulong name##_at, const ulong name##_stride
#define OUT_VIEW(name)     __global STORED *restrict name, const ulong name##_at, const ulong name##_stride
#define GRADIENT(name)     SLICE(name), const ulong name##_stride
#define OUT_GRADIENT(name) OUT_SLICE(name), const ulong name##_stride
#define OPERAND(name)      VIEW(name), SLICE(name##_transform), const int name##_normalise, const int name##_relu
#define UPSTREAM(name)     GRADIENT(name), VIEW(name##_raw), SLICE(name##_coefficients)
#define DOWNSTREAM(name)   OUT_GRADIENT(name), const int name##_accumulate
#define WINDOW                                                                                               \
    const int kernel_h, const int kernel_w, const int stride_h, const int stride_w, const int dilation,      \
        const int pad_top, const int pad_left

/* Where channel block `block` of image n starts in a view of so many pixels an image. */
#define BLOCK(name, n, block, pixels)                                                                        \
    (name + name##_at + (ulong)(n)*name##_stride + (ulong)(block) * (pixels)*V)

/* One factor an image, or 1 where there are none. */
#define FACTORS(name)   SLICE(name##_factors), const int name##_scaled
#define FACTOR(name, n) (name##_scaled ? name##_factors[name##_factors_at + (n)] : 1.0f)

/* --- the pre-transform of an operand: relu(scale * x + shift) --- */
typedef struct {
    REAL scale, shift, low; /* low: 0 or minus infinity */
} transform;

INLINE transform transform_make(const __global float *scale_shift, const int channels, const int c,
                                const int normalise, const int relu)
{
    transform t;
    t.scale = (REAL)(1.0f);
    t.shift = (REAL)(0.0f);
    if (normalise) {
        t.scale = LOAD(scale_shift + c);
        t.shift = LOAD(scale_shift + channels + c);
    }
    t.low = (REAL)(relu ? 0.0f : -INFINITY);
    return t;
}
#define TRANSFORM(name, channels, c)                                                                         \
    transform_make(name##_transform + name##_transform_at, channels, c, name##_normalise, name##_relu)

/* Written so that a NaN stays one, which fmax() would not do. */
INLINE REAL transform_apply(const transform t, const REAL x)
{
    const REAL z = fma(t.scale, x, t.shift);
    return t.low > z ? t.low : z;
}

/* The gradient g where the rectifier let x through, else 0. */
INLINE REAL transform_mask(const transform t, const REAL x, const REAL g)
{
    const REAL z = fma(t.scale, x, t.shift);
    return z <= t.low ? (REAL)(0.0f) : g;
}

/* --- upstream gradients: A * g + B * raw + D where the output is normalised, else g --- */
#ifndef UPSTREAM_NORMALISED
#define UPSTREAM_NORMALISED 0
#endif

typedef struct {
    REAL a, b, d;
} upstream;

INLINE upstream upstream_make(const __global float *coefficients, const int channels, const int c)
{
    upstream u;
#if UPSTREAM_NORMALISED
    u.a = LOAD(coefficients + c);
    u.b = LOAD(coefficients + channels + c);
    u.d = LOAD(coefficients + 2 * channels + c);
#else
    u.a = u.b = u.d = (REAL)(0.0f);
#endif
    return u;
}
#define UPSTREAM_AT(name, channels, c)                                                                       \
    upstream_make(name##_coefficients + name##_coefficients_at, channels, c)

INLINE REAL upstream_read(const upstream u, const __global float *g, const __global STORED *raw)
{
#if UPSTREAM_NORMALISED
    return fma(u.a, LOAD(g), fma(u.b, READ(0, raw), u.d));
#else
    return LOAD(g);
#endif
}

/* --- input gradients: masked by the rectifier of x, and perhaps added to what is there --- */
INLINE void downstream_write(__global float *into, REAL g, const __global STORED *x, const transform t,
                             const int masked, const int accumulate)
{
    if (masked)
        g = transform_mask(t, READ(0, x), g);
    if (accumulate)
        g += LOAD(into);
    STORE(g, into);
}

#endif
