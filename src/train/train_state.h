/* Where a training stands, as all ranks know it. Local. */
#ifndef PNAS_TRAIN_STATE_H
#define PNAS_TRAIN_STATE_H

#include "cl/train/shard_trainer.h"
#include "io/net/network_file.h"
#include "mpi/layout.h"
#include "src/train/train_restart.h"
#include "src/train/train_run.h"

/* Columns of the history, in their order; those of validation and of the average only where there are such. */
typedef enum {
    PNAS_TRAIN_LOSS,
    PNAS_TRAIN_ACCURACY,
    PNAS_TRAIN_VALIDATION_LOSS,
    PNAS_TRAIN_VALIDATION_ACCURACY,
    PNAS_TRAIN_RATE,
    PNAS_TRAIN_AVERAGE_LOSS,
    PNAS_TRAIN_AVERAGE_ACCURACY,
    PNAS_TRAIN_COLUMNS
} pnas_train_column;

typedef struct {          /* zero to start with */
    pnas_checkpoint at;   /* without tensors; batch counts updates */
    float *history;       /* [epochs][PNAS_TRAIN_COLUMNS], owned; NaN: no such figure */
    float *batch_metrics; /* [updates][2], owned: loss and accuracy of each update of this epoch */
    pnas_network_divergence divergence;
    pnas_train_tensors before; /* this epoch's beginning, where a loss that is not finite may lead back to */
    bool complete;             /* the network file's training is over */
} pnas_train_state;

void pnas_train_state_clear(pnas_train_state *state);

/* Rank 0 alone. Reads the network file into *file (the caller's, pnas_network_file_clear) if there is one.
 * PNAS_ERROR_USAGE if it is of another training, with what differs. */
pnas_status pnas_train_file_open(const pnas_train_options *options, pnas_network_file *file, bool *there);

/* Rank 0 alone. The network as it is now: a checkpoint, or after the last epoch the result. */
pnas_status pnas_train_file_write(const pnas_train_options *options, pnas_shard_trainer *trainer,
                                  const pnas_train_state *state);

/* Puts every rank's `state` and trainer (NULL: it has none) where rank 0's `file` stands (NULL: none is there).
 * `state` has room for the history of all epochs, and the metrics of all updates. Collective, agreed. */
pnas_status pnas_train_state_share(const pnas_layout *layout, const pnas_network_file *file,
                                   pnas_shard_trainer *trainer, int epochs, int updates,
                                   pnas_train_state *state);

#endif
