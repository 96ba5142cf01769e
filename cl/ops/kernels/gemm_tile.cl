/* Matrix products for CPUs: C = alpha op(A) op(B) + beta C, row-major; op(A) is m x k, op(B) k x n, C m x n.
 * beta = 0 never reads C. Every sum has a fixed order that depends on the shape alone.
 *
 * gemm_tile_n, _t       NDRange (ceil(n / TILE_N), ceil(m / TILE_M), splits), work-groups of one: a work-item
 *                       computes TILE_M x TILE_N elements in register tiles of ROWS x 16, over depths
 *                       [s * split_depth, (s + 1) * split_depth) of split s, whose C stands c_split floats after
 *                       that of the split before. A is stored as m x k (_n) or k x m (_t). gemm_sum of gemm.cl
 *                       adds the splits. */

#ifndef TILE_M
#define TILE_M 96 /* rows of C a work-item; TILE_M x DEPTH of A should fit the second-level cache */
#endif
#ifndef TILE_N
#define TILE_N 64 /* columns of C a work-item, a multiple of 16 */
#endif
#ifndef DEPTH
#define DEPTH 256 /* depth of a packed panel of B: DEPTH x 16 floats of private memory */
#endif
#define ROWS 6 /* 6 x 2 accumulators, two columns of B and one broadcast fill sixteen vector registers */

/* Columns [0, columns) of a depth x 16 panel of op(B), the others zero. */
static inline void pack_plain(float8 *panel, const __global float *b, int ldb, int depth, int columns)
{
    if (columns >= 16) {
        for (int p = 0; p < depth; ++p) {
            panel[2 * p] = vload8(0, b + (size_t)p * ldb);
            panel[2 * p + 1] = vload8(1, b + (size_t)p * ldb);
        }
        return;
    }
    float *element = (float *)panel;
    for (int p = 0; p < depth; ++p)
        for (int j = 0; j < 16; ++j)
            element[16 * p + j] = j < columns ? b[(size_t)p * ldb + j] : 0;
}

/* The same where B is stored as n x k. */
static inline void pack_transposed(float8 *panel, const __global float *b, int ldb, int depth, int columns)
{
    float *element = (float *)panel;
    for (int j = 0; j < 16; ++j) {
        const __global float *row = b + (size_t)min(j, columns - 1) * ldb;
        for (int p = 0; p < depth; ++p)
            element[16 * p + j] = j < columns ? row[p] : 0;
    }
}

static inline void store(__global float *c, float8 value, int columns, float alpha, float beta)
{
    if (columns >= 8) {
        vstore8(beta == 0 ? alpha * value : fma((float8)alpha, value, beta * vload8(0, c)), 0, c);
        return;
    }
    float element[8];
    vstore8(value, 0, element);
    for (int j = 0; j < columns; ++j)
        c[j] = beta == 0 ? alpha * element[j] : fma(alpha, element[j], beta * c[j]);
}

/* ROWS x 16 of C from a packed panel; rows past the last are computed on the last and not stored. */
#define GEMM_ROWS(NAME, A_ROW, A_DEPTH)                                                                      \
    static inline void NAME(const __global float *a, int lda, const float8 *panel, int depth, int rows,      \
                            int columns, __global float *c, int ldc, float alpha, float beta)                \
    {                                                                                                        \
        float8 sum[ROWS][2];                                                                                 \
        size_t at[ROWS];                                                                                     \
        _Pragma("unroll") for (int i = 0; i < ROWS; ++i)                                                     \
        {                                                                                                    \
            at[i] = (size_t)min(i, rows - 1) * (A_ROW);                                                      \
            sum[i][0] = sum[i][1] = (float8)(0);                                                             \
        }                                                                                                    \
        for (int p = 0; p < depth; ++p) {                                                                    \
            float8 left = panel[2 * p], right = panel[2 * p + 1];                                            \
            _Pragma("unroll") for (int i = 0; i < ROWS; ++i)                                                 \
            {                                                                                                \
                float8 x = (float8)(a[at[i]]);                                                               \
                sum[i][0] = fma(x, left, sum[i][0]);                                                         \
                sum[i][1] = fma(x, right, sum[i][1]);                                                        \
            }                                                                                                \
            a += (A_DEPTH);                                                                                  \
        }                                                                                                    \
        _Pragma("unroll") for (int i = 0; i < ROWS; ++i)                                                     \
        {                                                                                                    \
            if (i < rows) {                                                                                  \
                store(c + (size_t)i * ldc, sum[i][0], columns, alpha, beta);                                 \
                if (columns > 8)                                                                             \
                    store(c + (size_t)i * ldc + 8, sum[i][1], columns - 8, alpha, beta);                     \
            }                                                                                                \
        }                                                                                                    \
    }
GEMM_ROWS(rows_n, lda, 1)
GEMM_ROWS(rows_t, 1, lda)

#define GEMM_TILE(NAME, MULTIPLY, A_ROW, A_DEPTH)                                                            \
    __kernel __attribute__((reqd_work_group_size(1, 1, 1))) void NAME(                                       \
        const __global float *restrict a, ulong a_offset, int lda, const __global float *restrict b,         \
        ulong b_offset, int ldb, int transpose_b, __global float *c, ulong c_offset, int ldc, ulong c_split, \
        int m, int n, int k, int split_depth, float alpha, float beta)                                       \
    {                                                                                                        \
        float8 panel[DEPTH * 2];                                                                             \
        int column_first = get_global_id(0) * TILE_N, row_first = get_global_id(1) * TILE_M;                 \
        int column_end = min(n, column_first + TILE_N), row_end = min(m, row_first + TILE_M);                \
        int start = get_global_id(2) * split_depth, end = min(k, start + split_depth);                       \
        a += a_offset, b += b_offset, c += c_offset + get_global_id(2) * c_split;                            \
        for (int p = start; p < end; p += DEPTH) {                                                           \
            int depth = min(DEPTH, end - p);                                                                 \
            float keep = p == start ? beta : 1;                                                              \
            for (int j = column_first; j < column_end; j += 16) {                                            \
                int columns = min(16, column_end - j);                                                       \
                if (transpose_b)                                                                             \
                    pack_transposed(panel, b + (size_t)j * ldb + p, ldb, depth, columns);                    \
                else                                                                                         \
                    pack_plain(panel, b + (size_t)p * ldb + j, ldb, depth, columns);                         \
                for (int i = row_first; i < row_end; i += ROWS)                                              \
                    MULTIPLY(a + (size_t)i * (A_ROW) + (size_t)p * (A_DEPTH), lda, panel, depth,             \
                             min(ROWS, row_end - i), columns, c + (size_t)i * ldc + j, ldc, alpha, keep);    \
            }                                                                                                \
        }                                                                                                    \
    }
GEMM_TILE(gemm_tile_n, rows_n, lda, 1)
GEMM_TILE(gemm_tile_t, rows_t, 1, lda)
