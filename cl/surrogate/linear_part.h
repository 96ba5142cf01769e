/* Private to cl: the linear part of a surrogate's network (src/regression/linear_model.h) among its
 * parameters. Its share of the logit is zero while the network is fit:
 *
 *   logit = (1 - share) network + share (bias + the sum over blocks of both sides and the pair)
 *
 * Local. */
#ifndef PNAS_CL_LINEAR_PART_H
#define PNAS_CL_LINEAR_PART_H

#include "cl/ops/op.h"
#include "cl/surrogate/stored_tensor.h"

typedef struct {
    int inputs, operators; /* I, O; both 0 where there is no linear part */
    size_t at;             /* share, bias, [PNAS_LINEAR_SIDES ..) side [I][O], pair [O][O] */
} pnas_linear_part;

enum { PNAS_LINEAR_SIDES = 8, PNAS_LINEAR_TENSORS = 4 };

/* Reserves its place behind *count floats; `share` 0: there is no linear part. */
pnas_linear_part pnas_linear_part_make(double share, int inputs, int operators, size_t *count);

/* Floats from `at` on. */
size_t pnas_linear_part_size(const pnas_linear_part *part);

/* Returns how many there are: all or none. */
size_t pnas_linear_part_tensors(const pnas_linear_part *part, pnas_stored_tensor out[PNAS_LINEAR_TENSORS]);

#endif
