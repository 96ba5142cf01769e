/* The plain part of a surrogate: ridge regression on counts of what stands in a cell's blocks. On the host,
 * in double precision; the same arguments give the same bits. Local.
 *
 * Features of a cell: how often each operator, each kind of input (H(c-2), H(c-1), an earlier block), each
 * operator with its kind of input (a side), and each pair of operators (a block) stands in it. Earlier blocks
 * are one kind, as cells of the next level read blocks that those fit on do not have. What is fit is the
 * logit of the accuracy, by least squares with a penalty of lambda on the squares of the effects of operators
 * and kinds, and twice that on those of sides and pairs, which are many and seldom seen. Lambda, of a grid,
 * is the one of the smallest squared error of leaving out one cell (Golub, Heath and Wahba 1979 for its
 * closed form). */
#ifndef PNAS_REGRESSION_LINEAR_MODEL_H
#define PNAS_REGRESSION_LINEAR_MODEL_H

#include "src/search/cell.h"

typedef struct {           /* everything that a feature says, gathered by where it is looked up */
    int inputs, operators; /* I (from -2 on), O */
    double bias;
    double *side; /* [I][O] */
    double *pair; /* [O][O], symmetric */
    double lambda;
    double error; /* mean square of what the logit of a cell left out is missed by */
} pnas_linear_model;

/* Cells must have inputs and operators below I and O; `count` at least 1. *out is to be freed also after a
 * failure. */
pnas_status pnas_linear_fit(int inputs, int operators, const pnas_cell *cells, const double *accuracy,
                            size_t count, pnas_linear_model *out);
void pnas_linear_free(pnas_linear_model *model);

/* The logit of the accuracy: bias, and for each block both sides and the pair. */
double pnas_linear_logit(const pnas_linear_model *model, const pnas_cell *cell);

/* log(v / (1 - v)), v being `value` kept `margin` away from 0 and 1. */
double pnas_logit(double value, double margin);

#define PNAS_ACCURACY_MARGIN 1e-3 /* accuracies of 0 and 1 have no logit */

#endif
