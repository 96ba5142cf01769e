/* Private to cl: ops that the surrogate's networks share. All append launches; shapes row-major.
 * R rows (cells) of a batch, P units of the last layer. Local. */
#ifndef PNAS_CL_NETWORK_OPS_H
#define PNAS_CL_NETWORK_OPS_H

#include "cl/surrogate/linear_part.h"
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

typedef struct {
    cl_mem parameters;
    size_t weight, bias;            /* where [P] and [1] stand in them */
    const pnas_linear_part *linear; /* its share of the logit is taken from there */
    pnas_slice hidden;              /* [R][P] */
    cl_mem token;                   /* [T][R]: what the linear part reads */
    cl_mem beside;                  /* [R]: logits of the kernel part */
    float beside_share;             /* 0: they are not read */
    cl_mem output;                  /* [R] */
    int rows, units, tokens;        /* R, P, T */
} pnas_output_layer;

/* output = sigmoid((1 - beside_share) ((1 - share) (hidden weight + bias) + share linear part) +
 *                  beside_share beside) */
pnas_status pnas_network_output_append(pnas_cl *cl, pnas_launch_list *list, const pnas_output_layer *layer);

typedef struct {
    cl_mem output, target, valid; /* [R] */
    pnas_slice logit_gradient;    /* [R] */
    int rows;
} pnas_network_loss;

/* logit_gradient of the loss over the valid rows; its own value is not computed. Formulas:
 * kernels/surrogate.cl. */
pnas_status pnas_network_loss_append(pnas_cl *cl, pnas_launch_list *list, pnas_surrogate_loss kind,
                                     const pnas_network_loss *loss);

#endif
