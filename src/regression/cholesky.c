#include "src/regression/cholesky.h"

#include <math.h>

double pnas_dot(const double *a, const double *b, size_t count)
{
    double sum[4] = {0, 0, 0, 0};
    size_t i = 0;
    for (; i + 4 <= count; i += 4)
        for (size_t j = 0; j < 4; ++j)
            sum[j] += a[i + j] * b[i + j];
    for (; i < count; ++i)
        sum[0] += a[i] * b[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

void pnas_cholesky(double *matrix, size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        double *row = matrix + i * n;
        for (size_t j = 0; j <= i; ++j) {
            const double *other = matrix + j * n;
            double sum = row[j] - pnas_dot(row, other, j);
            row[j] = i == j ? sqrt(fmax(sum, 1e-12)) : sum / other[j];
        }
    }
}

void pnas_cholesky_solve_lower(const double *factor, size_t n, double *x)
{
    for (size_t i = 0; i < n; ++i)
        x[i] = (x[i] - pnas_dot(factor + i * n, x, i)) / factor[i * n + i];
}

void pnas_cholesky_solve_upper(const double *factor, size_t n, double *x)
{
    for (size_t i = n; i-- > 0;) {
        x[i] /= factor[i * n + i];
        for (size_t j = 0; j < i; ++j)
            x[j] -= factor[i * n + j] * x[i];
    }
}
