/* Drawing a share of labelled images, the same of each class; and what a run trains on, drawn in that way.
 * Local. */
#ifndef PNAS_IO_IMAGE_SPLIT_H
#define PNAS_IO_IMAGE_SPLIT_H

#include "io/data/dataset.h"
#include "src/base/status.h"
#include "src/net/image_set.h"

#include <stddef.h>
#include <stdint.h>

/* A draw's place in the stream (seed, SPLIT, class, step); never renumbered */
typedef enum { PNAS_DRAW_VALIDATION = 0, PNAS_DRAW_LIMIT = 1, PNAS_DRAW_TEST = 2 } pnas_draw;

/* Draws `wanted` of the `count` images whose numbers stand in `from`, in ascending order; `labels` is indexed
 * by these numbers. A class gives wanted * n_c / count images, rounded by largest remainders (of equal ones
 * the lower class first). `drawn` [wanted] and `rest` [count - wanted] come out in ascending order. */
pnas_status pnas_split_draw(const uint16_t *labels, int classes, const uint32_t *from, size_t count,
                            size_t wanted, uint64_t seed, pnas_draw draw, uint32_t *drawn, uint32_t *rest);

/* What training needs: borrows the images of `dataset`; *out and its index lists are freed by
 * pnas_image_set_destroy. Validation is held out of the train part: `validation` below 1 is a share, else a
 * count; at most `limit` (0: all) of the rest are kept. Stratified by class and drawn from (seed, SPLIT), so
 * every rank and every child has the same split. A data set with images chosen to validate gives these alone,
 * whatever `validation` is, unless it is 0. Normalisation is that of the data set. */
pnas_status pnas_image_set_create(const pnas_dataset *dataset, double validation, size_t limit, uint64_t seed,
                                  pnas_image_set **out);
void pnas_image_set_destroy(pnas_image_set **set);

#endif
