/* What the kernel part of a surrogate looks at (src/regression/kernel_model.h): x and f of a cell. Local. */
#ifndef PNAS_REGRESSION_KERNEL_FEATURES_H
#define PNAS_REGRESSION_KERNEL_FEATURES_H

#include "src/regression/kernel_model.h"

#define PNAS_FEATURE_OPERATOR 1.0                 /* of a share in x */
#define PNAS_FEATURE_SIDE     0.5                 /* of a side's, against an operator's */
#define PNAS_FEATURE_ROOT     0.5                 /* of the root of a share, against the share */
#define PNAS_FEATURE_BLOCKS   0.2                 /* of log b in x */
#define PNAS_FEATURE_RARE     0.70710678118654752 /* of sides and pairs in f, against operators and inputs */
#define PNAS_FEATURE_LENGTH   2.0                 /* of log b in f */

/* The sides of a cell, out [2b], block by block; returns 2b. */
int pnas_kernel_sides(int operators, const pnas_cell *cell, int *out);

/* How many numbers x and f have. */
size_t pnas_kernel_x_size(int operators);
size_t pnas_kernel_f_size(int operators);

/* x: shares of operators, their roots, shares of sides, their roots, log b. */
void pnas_kernel_x(int operators, const int *sides, int count, double *x);

/* f: operators, kinds of input, sides, pairs [O][O] (the smaller operator first), 2 log b. */
void pnas_kernel_f(int operators, const int *sides, int count, double *f);

#endif
