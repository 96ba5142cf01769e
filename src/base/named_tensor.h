/* A tensor with a name: how weights travel between training and files. */
#ifndef PNAS_BASE_NAMED_TENSOR_H
#define PNAS_BASE_NAMED_TENSOR_H

#include <stddef.h>

typedef struct {
    char name[120]; /* a path with '/' */
    int rank;       /* 1 .. 4 */
    size_t shape[4];
    float *data; /* row-major; ownership is said where it is used */
} pnas_named_tensor;

#endif
