/* A trained network on a device: images in, logits out. Local. */
#ifndef PNAS_CL_PREDICTOR_H
#define PNAS_CL_PREDICTOR_H

#include "cl/runtime/context.h"
#include "src/base/named_tensor.h"
#include "src/net/graph.h"
#include "src/net/image_set.h"

typedef struct {
    const pnas_graph *graph;         /* borrowed for the predictor's life */
    const pnas_named_tensor *tensor; /* [count], parameters and running statistics by layer path; borrowed for
                                        the call; others may be among them */
    size_t count;
    const float *mean, *deviation; /* [channels]: a pixel x is (x / 255 - mean) / deviation; for the call */
    double norm_epsilon;
    int batch; /* N: images that are computed together, 1 or more */
} pnas_predictor_options;

typedef struct pnas_predictor pnas_predictor;

/* `cl` is borrowed for the predictor's life. PNAS_ERROR_DATA if a tensor of the graph is missing or of another
 * size, PNAS_ERROR_TOO_LARGE or PNAS_ERROR_MEMORY if the device has not enough of it. */
pnas_status pnas_predictor_create(pnas_cl *cl, const pnas_predictor_options *options, pnas_predictor **out);

/* images: uint8 [count, H, W, C]; logits: [count, classes]. Any count; the last batch may be smaller. */
pnas_status pnas_predictor_run(pnas_predictor *predictor, const uint8_t *images, size_t count, float *logits);

void pnas_predictor_destroy(pnas_predictor **predictor);

#endif
