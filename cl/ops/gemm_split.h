/* Private to cl: products that are cut along their depth, as those of weight gradients are: little of C
 * from a great depth. Each piece gives a partial C in a buffer of the context (its queue keeps order, so
 * every list may use the same one), and these are added in a fixed order. Local. */
#ifndef PNAS_CL_GEMM_SPLIT_H
#define PNAS_CL_GEMM_SPLIT_H

#include "cl/ops/matrix_product.h"

/* How many pieces: by the shape alone, so that the bits do not depend on the device's size. */
int pnas_gemm_splits(const pnas_gemm *gemm);

/* The buffer for partial products, `splits` + 1 of m x n at most; borrowed from the context. */
pnas_status pnas_gemm_split_buffer(pnas_cl *cl, cl_mem *out);

/* Appends C = alpha * (sum of `parts` partial products [parts][m][n] in the buffer) + beta C. */
pnas_status pnas_gemm_append_sum(pnas_cl *cl, pnas_launch_list *list, const pnas_gemm *gemm, int parts);

#endif
