/* The HDF5 data set format (docs/formats.md) and its use by a run. Local; read by every rank on its own. */
#ifndef PNAS_IO_DATASET_H
#define PNAS_IO_DATASET_H

#include "src/base/status.h"
#include "src/net/image_set.h"

#include <stdio.h>

typedef struct { /* one part: arrays owned by the data set */
    size_t count;
    uint8_t *images;  /* [count, H, W, C] */
    uint16_t *labels; /* [count] */
} pnas_dataset_part;

typedef struct {
    char name[128], source[512], licence[128];
    char sha256[65]; /* over shape, images and labels of both parts, hexadecimal: docs/formats.md */
    int height, width, channels, classes;
    char **class_names;                                                      /* [classes] */
    float mean[PNAS_IMAGE_CHANNELS_MAX], deviation[PNAS_IMAGE_CHANNELS_MAX]; /* of train pixels / 255 */
    pnas_dataset_part train, test;                                           /* test.count may be 0 */
} pnas_dataset;

/* Finds "digits" (the embedded set: $PNAS_DATA, the installed or the source tree's data/digits.h5) or a path.
 */
pnas_status pnas_dataset_open(const char *name, pnas_dataset **out);
void pnas_dataset_destroy(pnas_dataset **dataset);

/* Fills in class names "0", "1", ... if NULL, normalisation figures and SHA-256 from the pixels. */
pnas_status pnas_dataset_complete(pnas_dataset *dataset);

/* Writes to a temporary file beside `path`, syncs, renames: never half a file. */
pnas_status pnas_dataset_write(const pnas_dataset *dataset, const char *path);

/* Recomputes everything that is stored and compares. PNAS_ERROR_DATA says what differs. */
pnas_status pnas_dataset_verify(const char *path);

/* What training needs: borrows the images of `dataset`; *out and its index lists are freed by
 * pnas_image_set_destroy. Validation is held out of the train part: `validation` below 1 is a share, else a
 * count; at most `limit` (0: all) of the rest are kept. Stratified by class and drawn from (seed, SPLIT), so
 * every rank and every child has the same split. Normalisation is that of the data set. */
pnas_status pnas_image_set_create(const pnas_dataset *dataset, double validation, size_t limit, uint64_t seed,
                                  pnas_image_set **out);
void pnas_image_set_destroy(pnas_image_set **set);

#endif
