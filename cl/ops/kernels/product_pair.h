/* The register tiles of product.h in vectors of sixteen. Of the WIDE vectors of 8 outputs two are one vector; where WIDE
 * is odd, the last one stands side by side with that of the next pixel (of an outer product: the next channel). Every
 * sum is in the order of product.h, so it has the same bits. Include this once for each WIDE from 2 on, undefined in
 * between. */
#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
#define WIDE_(name) JOIN(name, WIDE)

#define PIXELS      8 /* and the channels of an outer product */
#define PAIRS       (WIDE / 2)
#define LAST        (WIDE - 1)
#define EACH_PIXEL  _Pragma("unroll") for (int i = 0; i < PIXELS; ++i)
#define EACH_TWO    _Pragma("unroll") for (int i = 0; i < PIXELS; i += 2)
#define EACH_PAIR   _Pragma("unroll") for (int j = 0; j < PAIRS; ++j)
#define EACH_VECTOR _Pragma("unroll") for (int j = 0; j < WIDE; ++j)

typedef struct {
    float16 pair[PIXELS][PAIRS];
#if WIDE % 2
    float16 odd[PIXELS / 2]; /* of pixel 2 i and 2 i + 1 */
#endif
} WIDE_(tile_);

typedef struct {
    float16 pair[PAIRS];
#if WIDE % 2
    float16 odd; /* twice the same */
#endif
} WIDE_(row_);

INLINE void WIDE_(clear_)(WIDE_(tile_) * sum)
{
    EACH_PIXEL EACH_PAIR sum->pair[i][j] = (float16)(0.0f);
#if WIDE % 2
    EACH_TWO sum->odd[i / 2] = (float16)(0.0f);
#endif
}

/* sum[i] += value[i] times the row. */
INLINE void WIDE_(add_row_)(WIDE_(tile_) * sum, const float *value, const WIDE_(row_) row, const int16 lower)
{
    EACH_TWO
    {
        const float16 first = (float16)(value[i]), second = (float16)(value[i + 1]);
        EACH_PAIR sum->pair[i][j] = fma(first, row.pair[j], sum->pair[i][j]);
        EACH_PAIR sum->pair[i + 1][j] = fma(second, row.pair[j], sum->pair[i + 1][j]);
#if WIDE % 2
        sum->odd[i / 2] = fma(lower ? first : second, row.odd, sum->odd[i / 2]);
#endif
    }
}

/* Vector j of pixels i and i + 1, i even. */
INLINE float16 WIDE_(two_pixels_)(const WIDE_(tile_) * sum, const int i, const int j)
{
#if WIDE % 2
    if (j == LAST)
        return sum->odd[i / 2];
#endif
    const float16 a = sum->pair[i][j / 2], b = sum->pair[i + 1][j / 2];
    return j % 2 ? (float16)(a.hi, b.hi) : (float16)(a.lo, b.lo);
}

INLINE void WIDE_(product_)(WIDE_(tile_) * sum, const float *stage, const int plane, const int depth,
                            const __global float *weight, const int width, const int *tap_at,
                            const int *tap_weight, const int taps, const source next)
{
    const int16 lower = lower_half();
    WIDE_(clear_)(sum);
    for (int t = 0; t < taps; ++t) {
        const float *s = stage + tap_at[t];
        const __global float *w = weight + tap_weight[t];
        const __global STORED *ahead = next.from;
        for (int left = depth; left > 0; left -= 8, s += plane, ahead += next.plane) {
            for (int i = 0; t == 0 && i < PIXELS * next.pixel; i += 64 / sizeof(STORED))
                fetch_far_ahead(ahead + i);
            for (int d = 0; d < min(left, 8); d += 2)
                _Pragma("unroll") for (int e = 0; e < 2; ++e, w += width)
                {
                    WIDE_(row_) row;
                    float value[PIXELS];
                    EACH_PAIR row.pair[j] = get16(j, w);
#if WIDE % 2
                    row.odd = twice(get8(LAST, w));
#endif
                    EACH_PIXEL value[i] = s[i * 8 + d + e];
                    WIDE_(add_row_)(sum, value, row, lower);
                }
        }
    }
}

/* Channel i's outputs from p on; a row of odd channels has only half of the last vector. */
INLINE void WIDE_(get_weights_)(WIDE_(tile_) * sum, const int i, const __global float *p)
{
    EACH_PAIR sum->pair[i][j] = get16(j, p);
#if WIDE % 2
    if (i % 2)
        sum->odd[i / 2].hi = get8(LAST, p);
    else
        sum->odd[i / 2].lo = get8(LAST, p);
#endif
}

INLINE void WIDE_(put_weights_)(const WIDE_(tile_) * sum, const int i, __global float *p)
{
    EACH_PAIR put16(sum->pair[i][j], j, p);
#if WIDE % 2
    put8(i % 2 ? sum->odd[i / 2].hi : sum->odd[i / 2].lo, LAST, p);
#endif
}

/* A pixel of each plane. */
INLINE WIDE_(row_) WIDE_(pixel_)(const float *dy, const int plane)
{
    WIDE_(row_) row;
    EACH_PAIR row.pair[j] = (float16)(get8(0, dy + 2 * j * plane), get8(0, dy + (2 * j + 1) * plane));
#if WIDE % 2
    row.odd = twice(get8(0, dy + LAST * plane));
#endif
    return row;
}

INLINE void WIDE_(outer_)(__global float *partial, const int width, const int fresh, const float *x,
                          const int x_row, const float *dy, const int dy_row, const int dy_plane,
                          const int rows, const int columns AHEAD_PARAMETER)
{
    const int16 lower = lower_half();
    WIDE_(tile_) sum;
    WIDE_(clear_)(&sum);
    if (!fresh)
        EACH_PIXEL WIDE_(get_weights_)(&sum, i, partial + i * width);
    for (int r = 0; r < rows; ++r, x += x_row, dy += dy_row)
        for (int p = 0; p < columns; ++p) {
            FETCH_AHEAD(p);
            WIDE_(add_row_)(&sum, x + p * 8, WIDE_(pixel_)(dy + p * 8, dy_plane), lower);
        }
    EACH_PIXEL WIDE_(put_weights_)(&sum, i, partial + i * width);
}

INLINE void WIDE_(outer_rows_)(__global float *partial, const int width, const int fresh, const float *x,
                               const int *row, const int *to_row, const int count, const int x_row,
                               const float *dy, const int dy_row, const int dy_plane, const int rows,
                               const int columns)
{
    const int16 lower = lower_half();
    WIDE_(tile_) sum;
    const float *from[PIXELS];
    WIDE_(clear_)(&sum);
    EACH_PIXEL
    {
        if (!fresh && i < count)
            WIDE_(get_weights_)(&sum, i, partial + to_row[i] * width);
        from[i] = x + row[i];
    }
    for (int r = 0; r < rows; ++r, dy += dy_row)
        for (int p = 0; p < columns; ++p) {
            float value[PIXELS];
            EACH_PIXEL value[i] = from[i][r * x_row + p * 8];
            WIDE_(add_row_)(&sum, value, WIDE_(pixel_)(dy + p * 8, dy_plane), lower);
        }
    EACH_PIXEL if (i < count) WIDE_(put_weights_)(&sum, i, partial + to_row[i] * width);
}

INLINE void WIDE_(forward_)(const float *stage, const stage_shape s, const int stage_rows, const int depth,
                            const __global float *weight, const int M, const int *tap_at,
                            const int *tap_weight, const int taps, __global STORED *y, const int pixels,
                            const int OW, const int rows, const int columns, const int kept,
                            __global float *statistics, const int fresh, const source next)
{
    float8 total[WIDE], squares[WIDE];
    EACH_VECTOR total[j] = squares[j] = (float8)(0.0f);
    for (int r = 0; r < rows; ++r) {
        float8 row_total[WIDE], row_squares[WIDE];
        EACH_VECTOR row_total[j] = row_squares[j] = (float8)(0.0f);
        for (int p = 0; p < columns; p += PIXELS) {
            __global STORED *out = y + (r * OW + p) * 8;
            source ahead = next;
            ahead.from += r * next.row + p * next.pixel;
            WIDE_(tile_) sum;
            WIDE_(product_)
            (&sum, stage + r * stage_rows * s.row + p * 8, s.plane, depth, weight, M, tap_at, tap_weight,
             taps, ahead);
            EACH_PIXEL if (p + i < columns)
            {
                EACH_VECTOR
                {
                    const float16 two = WIDE_(two_pixels_)(&sum, i / 2 * 2, j);
                    const float8 value = i % 2 ? two.hi : two.lo;
                    const float8 written = ROUNDED(value);
                    WRITE(value, i, out + j * pixels * 8);
                    row_total[j] += written;
                    row_squares[j] = fma(written, written, row_squares[j]);
                }
            }
        }
        EACH_VECTOR total[j] += row_total[j];
        EACH_VECTOR squares[j] += row_squares[j];
    }
    if (!statistics)
        return;
    EACH_VECTOR put8(fresh ? total[j] : total[j] + get8(j, statistics), j, statistics);
    EACH_VECTOR put8(fresh ? squares[j] : squares[j] + get8(j, statistics + M), j, statistics + M);
}

INLINE void WIDE_(downstream_)(const float *stage, const int plane, const int depth,
                               const __global float *transposed, const int C, const int *tap_at,
                               const int *tap_weight, const int taps, __global float *into,
                               const __global STORED *x, const int pixels, const int step, const int count,
                               const __global float *scale_shift, const int normalise, const int relu,
                               const int accumulate)
{
    const int16 add = (int16)(accumulate ? -1 : 0);
#if HALF_STORAGE
    const __global float *old = into;
#else
    const __global float *old = accumulate ? into : x; /* the latter is at hand, and adds nothing */
#endif
    const source nothing = {0, 0, 0, 0};
    transform t[WIDE];
    EACH_VECTOR t[j] = transform_make(scale_shift, C, j * 8, normalise, relu);
    for (int p = 0; p < count; p += PIXELS) {
        for (int i = 0; i < PIXELS; i += 2)
            EACH_VECTOR fetch_to_write(into + (long)j * pixels * 8 + (p + i) * step);
        WIDE_(tile_) sum;
        WIDE_(product_)(&sum, stage + p * 8, plane, depth, transposed, C, tap_at, tap_weight, taps, nothing);
        EACH_TWO if (step == 8 && p + i + 1 < count)
        {
            EACH_VECTOR
            {
                const long at = (long)j * pixels * 8 + (p + i) * 8;
                const float16 before = as_float16(as_int16(get16(0, old + at)) & add);
                put16(before + transform_pair_mask(transform_pair_make(t[j]), READ16(x + at),
                                                   WIDE_(two_pixels_)(&sum, i, j)),
                      0, into + at);
            }
        }
        else _Pragma("unroll") for (int k = 0; k < 2; ++k) if (p + i + k < count)
        {
            EACH_VECTOR
            {
                const long at = (long)j * pixels * 8 + (p + i + k) * step;
                const float16 two = WIDE_(two_pixels_)(&sum, i, j);
                const float8 before = as_float8(as_int8(get8(0, old + at)) & add.lo);
                put8(before + transform_mask(t[j], READ(0, x + at), k ? two.hi : two.lo), 0, into + at);
            }
        }
    }
}

INLINE void WIDE_(nothing_)(__global float *into, const int pixels, const int step, const int count)
{
    for (int p = 0; p < count; ++p)
        EACH_VECTOR put8((float8)(0.0f), 0, into + (long)j * pixels * 8 + p * step);
}

#undef PIXELS
#undef PAIRS
#undef LAST
#undef EACH_PIXEL
#undef EACH_TWO
#undef EACH_PAIR
#undef EACH_VECTOR
#undef WIDE_
#undef JOIN
#undef JOIN_
