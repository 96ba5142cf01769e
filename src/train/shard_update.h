/* An update of a data-parallel training, over all ranks that have a part in it: each makes its shards, the sums go
 * round while the backward pass of its last shard is at work, and all make the same update. */
#ifndef PNAS_TRAIN_SHARD_UPDATE_H
#define PNAS_TRAIN_SHARD_UPDATE_H

#include "cl/train/shard_trainer.h"
#include "mpi/gradient_sum.h"

typedef struct {
    pnas_shard_trainer *trainer; /* borrowed; NULL: this rank has none */
    pnas_gradient_sum *sum;
    pnas_shard_counts counts;
    pnas_gradient_share share;
    int pieces;        /* in which the sums are exchanged */
    int added;         /* pieces of the shard at work that are in the sum */
    double waited;     /* seconds between this rank's last shards and the sums of all, since the start */
    bool stop, broken; /* some rank was asked to stop; some other one cannot go on, and will say why */
} pnas_shard_update;

/* Zero it before. Collective, agreed. */
pnas_status pnas_shard_update_create(const pnas_layout *layout, pnas_shard_trainer *trainer,
                                     pnas_shard_update *out);
void pnas_shard_update_clear(pnas_shard_update *update); /* collective over the members */

/* Makes update `index` of the epoch; *out is of its images, before the update. With `broken` set nothing was updated.
 * Collective over the members. */
pnas_status pnas_shard_update_run(pnas_shard_update *update, int epoch, int index, pnas_shard_figures *out);

/* Adds up `values` [count], of which each is zero on all members but one, and what the members have to tell. `mine`:
 * how this rank got on; PNAS_STOPPED: it was asked to stop. Returned is any other failure of this rank. values has
 * room for PNAS_SHARD_FLAGS more behind. Collective over the members. */
pnas_status pnas_shard_update_collect(pnas_shard_update *update, float *values, size_t count,
                                      pnas_status mine);

enum { PNAS_SHARD_FLAGS = 2 };

#endif
