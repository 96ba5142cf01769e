/* Private to cl: what training has made of a child, between the device and named tensors of logical
 * shapes, which any device can take. Local. */
#ifndef PNAS_CL_CHILD_STATE_H
#define PNAS_CL_CHILD_STATE_H

#include "cl/train/child_layout.h"
#include "src/net/checkpoint.h"

/* Parameters and running statistics, named by path. *out is the caller's, data included. */
pnas_status pnas_child_weights_export(const pnas_child_plan *plan, pnas_named_tensor **out, size_t *count);
/* The moments of the optimizer, below first_moment/ and second_moment/. *out is the caller's, data included. */
pnas_status pnas_child_moments_export(const pnas_child_plan *plan, pnas_named_tensor **out, size_t *count);
void pnas_child_tensors_free(pnas_named_tensor **tensors, size_t count);

/* Fills in the tensors of `checkpoint`, whose position is that of the training stream: the above, the moments
 * of the optimizer below first_moment/ and second_moment/, `history` [epoch, metric] of the epochs done and
 * batch_metrics [batch, 2] of the epoch that runs. */
pnas_status pnas_child_state_export(const pnas_child_plan *plan, const float *history,
                                    pnas_checkpoint *checkpoint);

/* Puts the child where `checkpoint` was taken; `history` has room for all epochs. PNAS_ERROR_DATA if the
 * checkpoint is of another network or training; the child is then as it was. */
pnas_status pnas_child_state_import(pnas_child_plan *plan, const pnas_checkpoint *checkpoint, float *history);

/* Parameters and running statistics, and if wanted the moments, of tensors as the exports above give them, among
 * which may be others. PNAS_ERROR_DATA if one is missing; the child is then as it was. */
pnas_status pnas_child_tensors_import(pnas_child_plan *plan, const pnas_named_tensor *tensors, size_t count,
                                      bool moments);

#endif
