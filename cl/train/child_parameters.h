/* Private to cl: a child's parameters, their places in the flat buffers, padding and initial values.
 * Local. */
#ifndef PNAS_CL_CHILD_PARAMETERS_H
#define PNAS_CL_CHILD_PARAMETERS_H

#include "cl/train/child_layout.h"

/* Fills in parameter_at, norm_at and the sizes. */
pnas_status pnas_child_parameters_lay_out(pnas_child_plan *plan);
/* One parameter between its logical shape (host, row-major [kh, kw, C, M]) and the flat layout (host). */
void pnas_child_parameter_pack(const pnas_child_plan *plan, int parameter, const float *logical, float *flat);
void pnas_child_parameter_unpack(const pnas_child_plan *plan, int parameter, const float *flat,
                                 float *logical);
/* Seeded initial weights, zero moments, fresh running statistics, step 0. Weights: normal of the
 * variance gain / fan-in of their kind, cut at two deviations (He et al. 2015); gamma 1, beta and bias 0. */
pnas_status pnas_child_parameters_initialize(pnas_child_plan *plan, uint64_t seed, uint64_t hash);

#endif
