/* A network in the formats of other programs. docs/networks.md. Local. */
#ifndef PNAS_IO_NETWORK_EXPORT_H
#define PNAS_IO_NETWORK_EXPORT_H

#include "io/net/network_weights.h"

typedef struct { /* borrowed */
    const pnas_network_file *file;
    const pnas_graph *graph;            /* of the file (io/net/network_graph.h) */
    const pnas_chosen_weights *weights; /* of the file */
    bool keep_norm;                     /* ONNX: batch normalisation stays a layer of its own */
    bool unit_pixels;                   /* ONNX: pixels are 0 to 1, not 0 to 255 */
} pnas_export_options;

/* ONNX, opset 17: "images" float [batch, C, H, W], pixels as they are, to "logits" [batch, classes]. The files
 * are written whole or not at all: PNAS_ERROR_FILE. PNAS_ERROR_USAGE where the build has no ONNX. */
pnas_status pnas_onnx_write(const char *path, const pnas_export_options *options);

/* safetensors: every tensor by its layer path, with the shapes of the network file, also those of an auxiliary
 * classifier; what the network is stands in the metadata. */
pnas_status pnas_safetensors_write(const char *path, const pnas_export_options *options);

#endif
