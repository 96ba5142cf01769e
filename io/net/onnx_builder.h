/* An ONNX model being made: nodes, constants, what it is told of. Opset 17. Private to onnx_*.c. Local.
 *
 * A failure (no memory) is remembered and told by pnas_onnx_pack; until then every call goes on. Names are the
 * builder's: they live as long as it does. */
#ifndef PNAS_IO_ONNX_BUILDER_H
#define PNAS_IO_ONNX_BUILDER_H

#include "src/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PNAS_ONNX_RANK_MAX 4

typedef struct pnas_onnx pnas_onnx;

typedef struct {
    const char *name;
    size_t count; /* 0: the float; 1 with `whole`: a number; else a list */
    bool whole;
    int64_t ints[PNAS_ONNX_RANK_MAX];
    float real;
} pnas_onnx_attribute;

pnas_status pnas_onnx_create(pnas_onnx **out);
void pnas_onnx_destroy(pnas_onnx **onnx);

/* A text of the builder's, as of printf. */
const char *pnas_onnx_name(pnas_onnx *onnx, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A constant of floats, [dims]; `data` (malloc'ed, or NULL after a failure) becomes the builder's. Returns name. */
const char *pnas_onnx_floats(pnas_onnx *onnx, const char *name, int rank, const int64_t *dims, float *data);

/* A constant list of whole numbers, which are copied. Returns name. */
const char *pnas_onnx_ints(pnas_onnx *onnx, const char *name, int count, const int64_t *values);

/* Appends a node with one output, which has the node's name. Returns name. */
const char *pnas_onnx_node(pnas_onnx *onnx, const char *operator, const char * name,
                           const char *const *inputs, size_t input_count,
                           const pnas_onnx_attribute *attributes, size_t attribute_count);

/* The one input and the one output: floats of [batch, dims...]. */
void pnas_onnx_set_input(pnas_onnx *onnx, const char *name, int rank, const int64_t *dims);
void pnas_onnx_set_output(pnas_onnx *onnx, const char *name, int rank, const int64_t *dims);

void pnas_onnx_metadata(pnas_onnx *onnx, const char *key, const char *value);

/* The file's bytes; the caller's (free). */
pnas_status pnas_onnx_pack(pnas_onnx *onnx, const char *title, const char *version, unsigned char **out,
                           size_t *size);

#endif
