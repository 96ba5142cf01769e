/* *.weights.h5: one dataset a tensor, named by layer path; root attributes say what the network is.
 * Local. */
#ifndef PNAS_IO_WEIGHTS_FILE_H
#define PNAS_IO_WEIGHTS_FILE_H

#include "src/base/named_tensor.h"
#include "src/base/status.h"

typedef struct {
    const char *name, *value;
} pnas_weights_attribute;

/* Written to a temporary file, synced, renamed. */
pnas_status pnas_weights_write(const char *path, const pnas_weights_attribute *attributes,
                               size_t attribute_count, const pnas_named_tensor *tensors, size_t count);

#endif
