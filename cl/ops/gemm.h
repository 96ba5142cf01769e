/* The one matrix product: C = alpha op(A) op(B) + beta C, row-major, with routes behind it (cl/ops/route.h).
 */
#ifndef PNAS_CL_GEMM_H
#define PNAS_CL_GEMM_H

#include "cl/ops/op.h"

typedef struct pnas_gemm {
    bool transpose_a, transpose_b;
    int m, n, k;       /* op(A) is m x k, op(B) is k x n, C is m x n */
    float alpha, beta; /* beta = 0: C need not be initialised */
    pnas_slice a, b, c;
    int lda, ldb, ldc; /* floats from one row to the next, as stored */
} pnas_gemm;

/* Appends the product to a list. Deterministic: a fixed order of summation for a shape, route and device. */
pnas_status pnas_gemm_append(pnas_cl *cl, pnas_launch_list *list, const pnas_gemm *gemm);

/* Compares CLBlast with the plain kernel if a product might be left to it and that was not done yet, so that
 * lanes made of this context need not. */
pnas_status pnas_gemm_prepare(pnas_cl *cl);

#endif
