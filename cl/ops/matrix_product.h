/* Private to cl: a matrix product as a value. Local. */
#ifndef PNAS_CL_MATRIX_PRODUCT_H
#define PNAS_CL_MATRIX_PRODUCT_H

#include "cl/ops/op.h"

/* C = alpha op(A) op(B) + beta C, row-major. */
typedef struct pnas_gemm {
    bool transpose_a, transpose_b;
    int m, n, k;       /* op(A) is m x k, op(B) is k x n, C is m x n */
    float alpha, beta; /* beta = 0: C need not be initialised */
    pnas_slice a, b, c;
    int lda, ldb, ldc; /* floats from one row to the next, as stored */
} pnas_gemm;

#endif
