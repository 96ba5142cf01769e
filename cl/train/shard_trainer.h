/* Training of one network in shards, the equal pieces of a batch. Each shard gives sums: what it makes of the
 * gradient, of the batch statistics and of the loss. Whoever has added up the sums of all shards of an update,
 * in an order that is always the same, gives them back to every rank, which then all make the same update. So a
 * rank that computes some shards ends with the same bits as one that computes all.
 *
 * An update takes training.accumulate batches of training.batch images, so accumulate * shards shards. A shard has
 * batch normalisation's statistics of its own, as everywhere with data parallelism; the running statistics take
 * the mean over the shards. Local to a rank. */
#ifndef PNAS_CL_SHARD_TRAINER_H
#define PNAS_CL_SHARD_TRAINER_H

#include "cl/runtime/context.h"
#include "src/net/checkpoint.h"
#include "src/net/graph.h"
#include "src/net/image_set.h"
#include "src/net/training.h"
#include "src/search/evaluator.h"

#include <stdbool.h>

typedef struct {
    pnas_cell cell;
    pnas_operator_set operators;
    pnas_network_options network;
    pnas_training_options training;
    uint64_t memory; /* bytes of the device that may be taken; 0: all of it */
} pnas_shard_trainer_options;

typedef struct {
    int shards;      /* an update */
    int updates;     /* an epoch; what does not fill a last one is left out */
    int images;      /* a shard */
    int evaluations; /* batches of `images` in an evaluation; 0: there are no validation images */
    size_t values;   /* of a shard's sums */
    int64_t parameters, multiply_adds;
} pnas_shard_counts;

typedef struct {
    double loss;     /* mean over the images */
    double accuracy; /* 0 .. 1 */
} pnas_shard_figures;

typedef struct pnas_shard_trainer pnas_shard_trainer;

/* From seeded initial weights, with the images uploaded and all kernels built. `cl` and the pixels of `images` are
 * borrowed for its life; the rest for this call, in which `tick` is polled while kernels are built. PNAS_ERROR_USAGE if
 * the batch cannot be cut, or has more images than there are. */
pnas_status pnas_shard_trainer_create(pnas_cl *cl, const pnas_shard_trainer_options *options,
                                      const pnas_image_set *images, pnas_tick tick, void *payload,
                                      pnas_shard_trainer **out);
void pnas_shard_trainer_destroy(pnas_shard_trainer **trainer);

pnas_shard_counts pnas_shard_trainer_counts(const pnas_shard_trainer *trainer);

/* Before the shards of an epoch: which image comes when. */
pnas_status pnas_shard_trainer_begin(pnas_shard_trainer *trainer, int epoch);

/* Cuts the sums of a shard into as many pieces of at least `smallest` values as can be; before this call there is one.
 * The backward pass finishes them in their order, from the last layer to the first. Piece i begins with value
 * (*begin)[i] and ends where the one before it begins, the first with the last value; the last begins at 0. *begin
 * [*count] is the caller's (free). */
pnas_status pnas_shard_trainer_cut(pnas_shard_trainer *trainer, size_t smallest, size_t **begin, int *count);

/* Is told that the first `there` pieces are in the sums: before each piece is waited for and after the last, and,
 * with *again left or set to true, now and then until the next one is there. */
typedef pnas_status (*pnas_shard_watch)(void *payload, int there, bool *again);

/* Forward and backward pass of one shard; sums [values]. watch: NULL for none. */
pnas_status pnas_shard_trainer_run(pnas_shard_trainer *trainer, int epoch, int update, int shard, float *sums,
                                   pnas_shard_watch watch, void *payload);

/* The update, of the sums over all shards, which are overwritten. *out is of the batch, before the update.
 * PNAS_ERROR_DIVERGED if the loss is not finite; nothing is updated then. */
pnas_status pnas_shard_trainer_update(pnas_shard_trainer *trainer, float *sums, pnas_shard_figures *out);

/* Seconds that shards and evaluations have waited for images so far; negative where all lie on the device. */
double pnas_shard_trainer_image_wait(const pnas_shard_trainer *trainer);

/* PNAS_ERROR_DIVERGED if a weight or a running statistic is not finite. */
pnas_status pnas_shard_trainer_check(pnas_shard_trainer *trainer);

/* From here on all rates are those of the schedule times `factor`. */
pnas_status pnas_shard_trainer_scale_rates(pnas_shard_trainer *trainer, double factor);

/* Evaluates `count` batches of validation images from batch `first` on with the weights, or with their moving
 * average; metrics [evaluations][2]: mean loss and number right, of these batches alone. `tick` is polled before
 * each. */
pnas_status pnas_shard_trainer_evaluate(pnas_shard_trainer *trainer, bool average, int first, int count,
                                        pnas_tick tick, void *payload, float *metrics);
/* Of the metrics of all batches. */
pnas_shard_figures pnas_shard_trainer_figures(const pnas_shard_trainer *trainer, const float *metrics);

/* Parameters and running statistics, or the moving average of both, named by path. *out is the caller's
 * (pnas_shard_tensors_free). */
pnas_status pnas_shard_trainer_weights(pnas_shard_trainer *trainer, bool average, pnas_named_tensor **out,
                                       size_t *count);
/* What goes on with them: the moments of the optimizer. */
pnas_status pnas_shard_trainer_moments(pnas_shard_trainer *trainer, pnas_named_tensor **out, size_t *count);
void pnas_shard_tensors_free(pnas_named_tensor **tensors, size_t count);

/* Puts the trainer behind `updates` updates: tensors [count], borrowed, are those of both calls above; average
 * [average_count] those of the moving average, if there is one. PNAS_ERROR_DATA if one is missing. */
pnas_status pnas_shard_trainer_resume(pnas_shard_trainer *trainer, int updates,
                                      const pnas_named_tensor *tensors, size_t count,
                                      const pnas_named_tensor *average, size_t average_count);

#endif
