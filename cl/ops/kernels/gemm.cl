/* Matrix product, plain: C = alpha op(A) op(B) + beta C; op(A) is m x k, op(B) k x n, C m x n, rows ldc apart.
 * Element (i, p) of op(A) stands at i * a_row + p * a_depth, (p, j) of op(B) at p * b_depth + j * b_column.
 * beta = 0 never reads C. One work-item an element, any device; the reference.
 * NDRange: (n, m), the first may be rounded up. */
__kernel void gemm_plain(const __global float *restrict a, ulong a_offset, int a_row, int a_depth,
                         const __global float *restrict b, ulong b_offset, int b_depth, int b_column,
                         __global float *c, ulong c_offset, int ldc, int m, int n, int k, float alpha,
                         float beta)
{
    int column = get_global_id(0), row = get_global_id(1);
    if (column >= n || row >= m)
        return;
    const __global float *x = a + a_offset + (size_t)row * a_row;
    const __global float *y = b + b_offset + (size_t)column * b_column;
    float sum = 0;
    for (int p = 0; p < k; ++p)
        sum = fma(x[(size_t)p * a_depth], y[(size_t)p * b_depth], sum);
    __global float *out = c + c_offset + (size_t)row * ldc + column;
    *out = beta == 0 ? alpha * sum : fma(alpha, sum, beta * *out);
}

/* C = alpha * (sum over parts of part[s][m][n], in their order) + beta C. NDRange: (m * n). */
__kernel void gemm_sum(const __global float *restrict part, __global float *restrict c, ulong c_offset,
                       int ldc, int m, int n, int splits, float alpha, float beta)
{
    size_t i = get_global_id(0), count = (size_t)m * n;
    if (i >= count)
        return;
    float sum = 0;
    for (int s = 0; s < splits; ++s)
        sum += part[s * count + i];
    __global float *out = c + c_offset + i / n * ldc + i % n;
    *out = beta == 0 ? alpha * sum : fma(alpha, sum, beta * *out);
}
