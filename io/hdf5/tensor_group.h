/* Named tensors as datasets of nested HDF5 groups: a '/' in a name is a step into a group. Local.
 * Errors as in io/hdf5/hdf5_util.h. */
#ifndef PNAS_IO_TENSOR_GROUP_H
#define PNAS_IO_TENSOR_GROUP_H

#include "io/hdf5/hdf5_util.h"
#include "src/base/named_tensor.h"

/* PNAS_ERROR_INTERNAL for a name or shape that cannot be one. */
pnas_status pnas_tensor_group_write(hid_t group, const pnas_named_tensor *tensors, size_t count);

/* All float32 datasets below `group`, by name; *out is the caller's (pnas_tensor_group_free). PNAS_ERROR_DATA
 * if a value is infinite or no number. */
pnas_status pnas_tensor_group_read(hid_t group, pnas_named_tensor **out, size_t *count);

void pnas_tensor_group_free(pnas_named_tensor **tensors, size_t count);

/* A copy of an array and its data; NULL without memory. */
pnas_named_tensor *pnas_tensor_group_copy(const pnas_named_tensor *tensors, size_t count);

#endif
