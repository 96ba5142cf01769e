/* The state of a training at the beginning of its epoch, to which a loss that is not finite leads back
 * (training.divergence_factor). In a checkpoint it stands among the tensors of the training. Local. */
#ifndef PNAS_TRAIN_RESTART_H
#define PNAS_TRAIN_RESTART_H

#include "cl/train/shard_trainer.h"

typedef struct { /* zero to start with; tensors are owned */
    size_t count, average_count;
    pnas_named_tensor *tensor;  /* weights, running statistics and moments */
    pnas_named_tensor *average; /* their moving average, if there is one */
} pnas_train_tensors;

void pnas_train_tensors_clear(pnas_train_tensors *tensors);

/* What the trainer holds now, with its moving average or without, in place of what *out has. */
pnas_status pnas_train_tensors_take(pnas_shard_trainer *trainer, bool average, pnas_train_tensors *out);

/* Names `tensors` for the checkpoint and adds them to list [*count], which has room; data is borrowed. */
pnas_status pnas_train_tensors_list(const pnas_train_tensors *tensors, pnas_named_tensor *list,
                                    size_t *count);

/* Copies of those that pnas_train_tensors_list put into list [count]. */
pnas_status pnas_train_tensors_find(const pnas_named_tensor *list, size_t count, pnas_train_tensors *out);

#endif
