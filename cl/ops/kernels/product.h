/* Register tiles, WIDE vectors of 8 outputs wide: include this once for each WIDE, undefined in between. */
#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
#define WIDE_(name) JOIN(name, WIDE)

/* PIXELS x WIDE accumulators; 32 vector registers hold more than 16. The width of a stage is rounded up to 8
 * pixels, so PIXELS divides 8. */
#if defined(__AVX512VL__) || WIDE == 1
#define PIXELS 8
#else
#define PIXELS 4
#endif
#define EACH_PIXEL   _Pragma("unroll") for (int i = 0; i < PIXELS; ++i)
#define EACH_CHANNEL _Pragma("unroll") for (int i = 0; i < OUTER_CHANNELS; ++i)
#define EACH_VECTOR  _Pragma("unroll") for (int j = 0; j < WIDE; ++j)

/* sum[i][j] = over taps t and d < depth: stage[tap_at[t] + d / 8 * plane + i * 8 + d % 8] times the vector
 * weight[tap_weight[t] + d * width + j * 8]. Goes by twos: of an odd depth the next one is zero. Asks for
 * `next`, which is for as many pixels, a little at a time. */
INLINE void WIDE_(product_)(float8 sum[PIXELS][WIDE], const float *stage, const int plane, const int depth,
                            const __global float *weight, const int width, const int *tap_at,
                            const int *tap_weight, const int taps, const source next)
{
    EACH_PIXEL EACH_VECTOR sum[i][j] = (float8)(0.0f);
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
                    float8 row[WIDE];
                    EACH_VECTOR row[j] = get8(j, w);
                    EACH_PIXEL
                    {
                        const float8 value = (float8)(s[i * 8 + d + e]);
                        EACH_VECTOR sum[i][j] = fma(value, row[j], sum[i][j]);
                    }
                }
        }
    }
}

/* partial[i * width + j * 8] += over rows and columns: x[row * x_row + column * 8 + i] times the vector
 * dy[j * dy_plane + row * dy_row + column * 8]; `fresh`: = instead of +=. */
INLINE void WIDE_(outer_)(__global float *partial, const int width, const int fresh, const float *x,
                          const int x_row, const float *dy, const int dy_row, const int dy_plane,
                          const int rows, const int columns AHEAD_PARAMETER)
{
    float8 sum[OUTER_CHANNELS][WIDE];
    EACH_CHANNEL EACH_VECTOR sum[i][j] = fresh ? (float8)(0.0f) : get8(j, partial + i * width);
    for (int r = 0; r < rows; ++r, x += x_row, dy += dy_row)
        for (int p = 0; p < columns; ++p) {
            float8 g[WIDE];
            EACH_VECTOR g[j] = get8(p, dy + j * dy_plane);
            FETCH_AHEAD(p);
            EACH_CHANNEL
            {
                const float8 value = (float8)(x[p * 8 + i]);
                EACH_VECTOR sum[i][j] = fma(value, g[j], sum[i][j]);
            }
        }
    EACH_CHANNEL EACH_VECTOR put8(sum[i][j], j, partial + i * width);
}

/* The same for rows of their own each: row[i] of x, to_row[i] of partial, of which the first `count` are
 * written. */
INLINE void WIDE_(outer_rows_)(__global float *partial, const int width, const int fresh, const float *x,
                               const int *row, const int *to_row, const int count, const int x_row,
                               const float *dy, const int dy_row, const int dy_plane, const int rows,
                               const int columns)
{
    float8 sum[OUTER_CHANNELS][WIDE];
    const float *from[OUTER_CHANNELS];
    EACH_CHANNEL
    {
        EACH_VECTOR sum[i][j] = fresh || i >= count ? (float8)(0.0f) : get8(j, partial + to_row[i] * width);
        from[i] = x + row[i];
    }
    for (int r = 0; r < rows; ++r, dy += dy_row)
        for (int p = 0; p < columns; ++p) {
            float8 g[WIDE];
            EACH_VECTOR g[j] = get8(p, dy + j * dy_plane);
            EACH_CHANNEL
            {
                const float8 value = (float8)(from[i][r * x_row + p * 8]);
                EACH_VECTOR sum[i][j] = fma(value, g[j], sum[i][j]);
            }
        }
    EACH_CHANNEL if (i < count) EACH_VECTOR put8(sum[i][j], j, partial + to_row[i] * width);
}

/* y of `rows` x `columns` pixels from a stage, with sums and sums of squares of what was written. The first
 * `kept` lanes stay as they are in y: only a tile one vector wide can keep some. y: these vectors' first
 * pixel; next: what the next piece reads, from its first pixel on, asked for meanwhile. */
INLINE void WIDE_(forward_)(const float *stage, const stage_shape s, const int stage_rows, const int depth,
                            const __global float *weight, const int M, const int *tap_at,
                            const int *tap_weight, const int taps, __global STORED *y, const int pixels,
                            const int OW, const int rows, const int columns, const int kept,
                            __global float *statistics, const int fresh, const source next)
{
#if WIDE == 1
    const int8 keep = (int8)(0, 1, 2, 3, 4, 5, 6, 7) < kept;
#endif
    float8 total[WIDE], squares[WIDE];
    EACH_VECTOR total[j] = squares[j] = (float8)(0.0f);
    for (int r = 0; r < rows; ++r) {
        float8 row_total[WIDE], row_squares[WIDE];
        EACH_VECTOR row_total[j] = row_squares[j] = (float8)(0.0f);
        for (int p = 0; p < columns; p += PIXELS) {
            __global STORED *out = y + (r * OW + p) * 8;
            source ahead = next;
            ahead.from += r * next.row + p * next.pixel;
            float8 sum[PIXELS][WIDE];
            WIDE_(product_)
            (sum, stage + r * stage_rows * s.row + p * 8, s.plane, depth, weight, M, tap_at, tap_weight, taps,
             ahead);
            EACH_PIXEL if (p + i < columns)
            {
#if WIDE == 1
                sum[i][0] = keep ? READ(i, out) : sum[i][0];
#endif
                EACH_VECTOR
                {
                    const float8 written = ROUNDED(sum[i][j]);
                    WRITE(sum[i][j], i, out + j * pixels * 8);
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

/* Input gradients of one row: pixels p < count at into + p * step floats, and x likewise (raw, for the
 * rectifier's mask). scale_shift: of the first channel here. No branches: the compiler would make a copy of
 * the whole tile for each way. */
INLINE void WIDE_(downstream_)(const float *stage, const int plane, const int depth,
                               const __global float *transposed, const int C, const int *tap_at,
                               const int *tap_weight, const int taps, __global float *into,
                               const __global STORED *x, const int pixels, const int step, const int count,
                               const __global float *scale_shift, const int normalise, const int relu,
                               const int accumulate)
{
    const int8 add = (int8)(accumulate ? -1 : 0);
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
        float8 sum[PIXELS][WIDE];
        WIDE_(product_)(sum, stage + p * 8, plane, depth, transposed, C, tap_at, tap_weight, taps, nothing);
        EACH_PIXEL if (p + i < count)
        {
            EACH_VECTOR
            {
                const long at = (long)j * pixels * 8 + (p + i) * step;
                const float8 before = as_float8(as_int8(get8(0, old + at)) & add);
                put8(before + transform_mask(t[j], READ(0, x + at), sum[i][j]), 0, into + at);
            }
        }
    }
}

/* The same where no tap reaches these pixels. */
INLINE void WIDE_(nothing_)(__global float *into, const int pixels, const int step, const int count)
{
    for (int p = 0; p < count; ++p)
        EACH_VECTOR put8((float8)(0.0f), 0, into + (long)j * pixels * 8 + p * step);
}

#undef PIXELS
#undef EACH_PIXEL
#undef EACH_CHANNEL
#undef EACH_VECTOR
#undef WIDE_
#undef JOIN
#undef JOIN_
