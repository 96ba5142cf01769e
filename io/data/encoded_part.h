/* A part of a data set whose images are encoded, by all cores. Errors name the image: "image 17: ...". Local. */
#ifndef PNAS_IO_ENCODED_PART_H
#define PNAS_IO_ENCODED_PART_H

#include "io/data/dataset.h"
#include "io/data/dataset_sum.h"
#include "io/data/image_file.h"

/* Where image i begins in part->encoded. */
uint64_t pnas_encoded_begin(const uint64_t *ends, size_t i);

/* That images of that shape can lie so in `total` bytes. PNAS_ERROR_DATA. */
pnas_status pnas_encoded_ends_check(const pnas_image_shape *shape, const uint64_t *ends, size_t count,
                                    uint64_t total);

/* part->encoded and part->ends of part->images, which stay. */
pnas_status pnas_encoded_part_make(const pnas_image_shape *shape, int quality, pnas_dataset_part *part);

/* out: [count, H, W, C]; NULL: only whether they can be decoded. PNAS_ERROR_DATA. */
pnas_status pnas_encoded_part_decode(const pnas_image_shape *shape, const pnas_dataset_part *part,
                                     uint8_t *out);

/* As pnas_dataset_sum_measure, of the decoded pixels. PNAS_ERROR_DATA. */
pnas_status pnas_encoded_part_measure(const pnas_image_shape *shape, const pnas_dataset_part *part,
                                      pnas_dataset_sum *sum);

#endif
