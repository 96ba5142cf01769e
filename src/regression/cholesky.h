/* Symmetric positive definite matrices as factor factor', the factor a lower triangle. Matrices are [n][n] by rows, of
 * which the upper triangle is not looked at. The same arguments give the same bits. Local. */
#ifndef PNAS_REGRESSION_CHOLESKY_H
#define PNAS_REGRESSION_CHOLESKY_H

#include <stddef.h>

double pnas_dot(const double *a, const double *b, size_t count);

/* The matrix becomes its factor, in place. Pivots that rounding makes smaller are taken as 1e-12. */
void pnas_cholesky(double *matrix, size_t n);

/* x = factor^-1 x; x = factor'^-1 x */
void pnas_cholesky_solve_lower(const double *factor, size_t n, double *x);
void pnas_cholesky_solve_upper(const double *factor, size_t n, double *x);

#endif
