/* What follows from the pixels and labels of a data set, made as they pass by: normalisation figures and SHA-256
 * (docs/formats.md). Not for callers. Local. */
#ifndef PNAS_IO_DATASET_SUM_H
#define PNAS_IO_DATASET_SUM_H

#include "io/data/dataset.h"
#include "io/file/sha256.h"

typedef struct { /* over the training pixels, by channel */
    uint64_t sum[PNAS_IMAGE_CHANNELS_MAX], squares[PNAS_IMAGE_CHANNELS_MAX];
    pnas_sha256 *sha;
} pnas_dataset_sum;

/* Of a data set whose shape, classes and counts are set. *out is freed by pnas_dataset_sum_end. */
pnas_status pnas_dataset_sum_begin(const pnas_dataset *dataset, pnas_dataset_sum *out);

/* Training pixels, in pieces of whole ones, in any order. */
void pnas_dataset_sum_measure(pnas_dataset_sum *sum, int channels, const uint8_t *pixels, size_t bytes);

/* Of the training part, then of the test part: the bytes of images, as they are stored, in any pieces; where images are
 * encoded their ends; and the labels. */
pnas_status pnas_dataset_sum_add(pnas_dataset_sum *sum, const uint8_t *bytes, size_t size);
pnas_status pnas_dataset_sum_ends(pnas_dataset_sum *sum, const pnas_dataset_part *part);
pnas_status pnas_dataset_sum_labels(pnas_dataset_sum *sum, const pnas_dataset_part *part);

/* `status` is how it went; if well, the figures are put into the data set. Returns it, or the end's own failure. */
pnas_status pnas_dataset_sum_end(pnas_dataset_sum *sum, pnas_status status, pnas_dataset *dataset);

#endif
