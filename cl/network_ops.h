/* Inside the cl room: ops that the surrogate's networks share. All append launches; shapes row-major.
 * R rows (cells) of a batch, P units of the last layer. */
#ifndef PNAS_CL_NETWORK_OPS_H
#define PNAS_CL_NETWORK_OPS_H

#include "cl/op.h"
#include "src/search/surrogate_options.h"

typedef struct { /* op(a) is [m][k], op(b) is [k][n], all dense */
    bool transpose_a, transpose_b;
    int m, n, k;
    pnas_slice a, b, c;
} pnas_dense_product;

/* c = op(a) op(b) */
pnas_status pnas_dense_product_append(pnas_cl *cl, pnas_launch_list *list, const pnas_dense_product *product);

/* sums [columns] of matrix [rows][columns] */
pnas_status pnas_column_sums_append(pnas_cl *cl, pnas_launch_list *list, pnas_slice matrix, int rows,
                                    int columns, pnas_slice sums);

/* output [R] = sigmoid(hidden [R][P] weight [P] + bias [1]) */
pnas_status pnas_network_output_append(pnas_cl *cl, pnas_launch_list *list, pnas_slice hidden,
                                       pnas_slice weight, pnas_slice bias, cl_mem output, int R, int P);

typedef struct {
    cl_mem output, target, valid; /* [R] */
    pnas_slice logit_gradient;    /* [R] */
    int rows;
} pnas_network_loss;

/* logit_gradient of the loss over the valid rows; its own value is not computed. Formulas:
 * kernels/surrogate.cl. */
pnas_status pnas_network_loss_append(pnas_cl *cl, pnas_launch_list *list, pnas_surrogate_loss kind,
                                     const pnas_network_loss *loss);

/* Room for `size` floats at a multiple of eight of *count, which grows by it. */
size_t pnas_network_reserve(size_t *count, size_t size);

#endif
