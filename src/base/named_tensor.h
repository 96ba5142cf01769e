/* A tensor with a name: how weights travel between training and files. */
#ifndef PNAS_BASE_NAMED_TENSOR_H
#define PNAS_BASE_NAMED_TENSOR_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char name[120]; /* a path with '/' */
    int rank;       /* 1 .. 4 */
    size_t shape[4];
    float *data; /* row-major; ownership is said where it is used */
} pnas_named_tensor;

size_t pnas_named_tensor_values(const pnas_named_tensor *tensor); /* how many */

/* False if a value is infinite or no number; *at: the place of the first such one. */
bool pnas_named_tensor_is_finite(const pnas_named_tensor *tensor, size_t *at);

#endif
