/* Private to cl: the kernel part of a surrogate (src/regression/kernel_model.h), which stands beside the networks of
 * all its members alike, as named tensors and over cells of several lengths. Local. */
#ifndef PNAS_CL_KERNEL_PART_H
#define PNAS_CL_KERNEL_PART_H

#include "src/base/named_tensor.h"
#include "src/regression/kernel_model.h"

/* Appends the model's tensors to *tensors [*count], which grows; nothing of a model without values. What is
 * there stays the caller's after a failure. */
pnas_status pnas_kernel_part_append(const pnas_kernel_model *model, pnas_named_tensor **tensors,
                                    size_t *count);

/* And back: a model without values if there are none of these tensors, PNAS_ERROR_DATA if there are some that
 * make none of `operators` operators (0: any number). *out is the caller's (pnas_kernel_free). */
pnas_status pnas_kernel_part_take(const pnas_named_tensor *tensors, size_t count, int operators,
                                  pnas_kernel_model *out);

/* The model's logits of cells of any lengths, out [count]. */
pnas_status pnas_kernel_part_logits(const pnas_kernel_model *model, const pnas_cell *cells, size_t count,
                                    double *out);

#endif
