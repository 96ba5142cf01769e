/* Private to cl: which images a batch holds and how they are augmented, and running a stream of batches.
 * Local. */
#ifndef PNAS_CL_CHILD_EPOCH_H
#define PNAS_CL_CHILD_EPOCH_H

#include "cl/train/child_layout.h"
#include "src/search/evaluator.h"

typedef struct { /* the host's copy of what records need; arrays owned by whoever made it */
    size_t train_count, validation_count;
    uint32_t *train, *validation; /* image indices */
    uint16_t *labels;             /* [images] */
    int height, width;
    size_t window; /* of the shuffle (cl/train/image_order.h) */
} pnas_sample_set;

typedef struct {
    double loss;     /* mean over the images seen */
    double accuracy; /* 0 .. 1 */
} pnas_epoch_result;

/* Uploads the records of one training epoch: the training images in an order drawn from (seed, SHUFFLE, hash,
 * epoch), shifts, flips and cutouts from (seed, AUGMENT, hash, epoch), recipes from (seed, RESAMPLE, hash, epoch), what
 * is mixed from (seed, MIX, hash, epoch), and which paths are kept from (seed, DROP_PATH, hash, epoch). The images that
 * do not fill a last batch are left out of this epoch. */
pnas_status pnas_epoch_write_training(pnas_child_plan *plan, const pnas_sample_set *samples, uint64_t hash,
                                      int epoch);

/* Uploads the records of an evaluation, the same every time; a last batch is filled up with records that
 * count for nothing. */
pnas_status pnas_epoch_write_validation(pnas_child_plan *plan, const pnas_sample_set *samples);

/* Before the batches of an evaluation: which images a stream brings. */
pnas_status pnas_epoch_begin_validation(pnas_child_plan *plan, const pnas_sample_set *samples);

/* Before batch `batch` of a stream that covers `images`: its images are on the device before what is enqueued next. */
pnas_status pnas_epoch_bring_images(pnas_child_plan *plan, size_t images, int batch);

/* Runs `list`, the step or the evaluation of the plan, once for each batch of the stream from *batch on,
 * never more than two batches ahead of the device, with `tick` before each; *batch counts the batches queued,
 * so that a tick knows where it stands and whoever stopped it can go on. `images` is what the metrics cover.
 * PNAS_ERROR_DIVERGED if a loss is not finite. */
pnas_status pnas_epoch_run(pnas_child_plan *plan, pnas_launch_list *list, const pnas_batch_stream *stream,
                           size_t images, int *batch, pnas_tick tick, void *payload, pnas_epoch_result *out);

#endif
