/* What the kernel part of a surrogate (src/regression/kernel_model.h) says of many cells of one length: the
 * covariance with a cell that was fit to is a product of a factor for each side and each operator by how
 * often they stand in the cell, in tables. In single precision, added up in double. A forest's share of the
 * logits is in them. Local. */
#ifndef PNAS_REGRESSION_KERNEL_VALUES_H
#define PNAS_REGRESSION_KERNEL_VALUES_H

#include "src/regression/kernel_model.h"

typedef struct pnas_kernel_values pnas_kernel_values;

/* For cells of so many blocks and `operators` operators, which are numbers operator_of[.] in the model (NULL:
 * the same). `model` is borrowed for its life. */
pnas_status pnas_kernel_values_create(const pnas_kernel_model *model, int blocks, int operators,
                                      const int *operator_of, pnas_kernel_values **out);
void pnas_kernel_values_destroy(pnas_kernel_values **values);

/* The logit of the accuracy. */
double pnas_kernel_values_of(pnas_kernel_values *values, const pnas_cell *cell);

/* The logits of all cells that begin with `prefix`, of one block less: out [3 operators][3 operators], by the
 * sides of the last block; symmetric. */
void pnas_kernel_values_after(pnas_kernel_values *values, const pnas_cell *prefix, float *out);

#endif
