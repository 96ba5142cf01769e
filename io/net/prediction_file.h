/* What a network makes of images, and as HDF5: docs/formats.md. Local. */
#ifndef PNAS_IO_PREDICTION_FILE_H
#define PNAS_IO_PREDICTION_FILE_H

#include "io/net/network_weights.h"

typedef struct {         /* all borrowed */
    const char *network; /* the path of its file */
    const pnas_network_file *file;
    const pnas_chosen_weights *weights;
    size_t count;
    const char *const *image;  /* [count]: the file or data set it came from */
    const int64_t *index;      /* [count]: its place there, from 0; -1: the file is this image */
    const float *logits;       /* [count, classes] */
    const double *probability; /* [count, classes] */
    const int32_t *best;       /* [count]: the class */
} pnas_predictions;

/* Written to a temporary file, synced, renamed, sealed. PNAS_ERROR_FILE. */
pnas_status pnas_prediction_file_write(const char *path, const pnas_predictions *predictions);

#endif
