/* The one matrix product: C = alpha op(A) op(B) + beta C, row-major, with routes behind it (cl/ops/route.h).
 * Local. */
#ifndef PNAS_CL_GEMM_H
#define PNAS_CL_GEMM_H

#include "cl/ops/matrix_product.h"

/* Appends the product to a list. Deterministic: a fixed order of summation for a shape, route and device. */
pnas_status pnas_gemm_append(pnas_cl *cl, pnas_launch_list *list, const pnas_gemm *gemm);

/* Compares CLBlast with the plain kernel if a product might be left to it and that was not done yet, so that
 * lanes made of this context need not. */
pnas_status pnas_gemm_prepare(pnas_cl *cl);

#endif
