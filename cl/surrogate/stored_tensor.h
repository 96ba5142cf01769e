/* Private to cl: tensors of logical shape inside flat parameters with padding, by name. On the host.
 * Local. */
#ifndef PNAS_CL_STORED_TENSOR_H
#define PNAS_CL_STORED_TENSOR_H

#include "src/base/named_tensor.h"
#include "src/base/status.h"

typedef struct { /* [rows][groups * width]: `groups` runs of `width` floats a row, `stride` apart, from `at`
                  */
    const char *name;
    int rank; /* 1 ([groups * width]) or 2 */
    size_t rows, groups, width, stride, at;
} pnas_stored_tensor;

/* Room for `size` floats at a multiple of eight of *count, which grows by it. */
size_t pnas_stored_tensor_reserve(size_t *count, size_t size);

/* Copies of all; *out and its data are the caller's (pnas_named_tensors_free). */
pnas_status pnas_stored_tensors_name(const pnas_stored_tensor *from, size_t count, const float *parameters,
                                     pnas_named_tensor **out);
void pnas_named_tensors_free(pnas_named_tensor **tensors, size_t count);

/* Fills their places in `parameters`, found by name; what is between them is left as it is. PNAS_ERROR_DATA
 * if one is missing or has another shape. */
pnas_status pnas_stored_tensors_take(const pnas_stored_tensor *to, size_t count,
                                     const pnas_named_tensor *tensors, size_t tensor_count,
                                     float *parameters);

#endif
