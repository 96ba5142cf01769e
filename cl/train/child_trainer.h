/* Training of children on one device: cell -> graph -> memory -> launches -> accuracy. Local to a rank. */
#ifndef PNAS_CL_CHILD_TRAINER_H
#define PNAS_CL_CHILD_TRAINER_H

#include "cl/runtime/context.h"
#include "cl/train/fault.h"
#include "cl/train/training_group.h"
#include "src/net/checkpoint.h"
#include "src/net/graph.h"
#include "src/net/image_set.h"
#include "src/net/training.h"
#include "src/search/evaluator.h"

typedef struct {
    pnas_operator_set operators;
    pnas_network_options network;
    pnas_training_options training;
    int rank, device; /* copied into results */
    pnas_fault fault; /* for tests */
    uint64_t memory;  /* bytes of the device that a child and the images may take; 0: all of it */
} pnas_trainer_options;

typedef struct pnas_trainer pnas_trainer;

/* Uploads the images once; `cl` and the pixels of `images` are borrowed for the trainer's life, the rest for this
 * call. */
pnas_status pnas_trainer_create(pnas_cl *cl, const pnas_trainer_options *options,
                                const pnas_image_set *images, pnas_trainer **out);

/* One that trains at the same time as `first`, which must outlive it, in a lane of its context: they share
 * the images. `cl` is borrowed for the trainer's life. */
pnas_status pnas_trainer_create_lane(const pnas_trainer *first, pnas_cl *cl, pnas_trainer **out);

/* Its children take their steps together with those of the group's other trainers from now on; `group` is borrowed for
 * the trainer's life, `member` counts from 0. */
void pnas_trainer_join_group(pnas_trainer *trainer, pnas_child_group *group, int member);

void pnas_trainer_destroy(pnas_trainer **trainer);

/* From now on a child that is stopped leaves a checkpoint in `store` (borrowed; NULL: none), and one that has
 * a checkpoint there goes on from it, to the same bits. */
void pnas_trainer_set_checkpoint_store(pnas_trainer *trainer, const pnas_checkpoint_store *store);

/* A pnas_evaluator's callback and payload: trains job->cell from its seeded initial weights or its
 * checkpoint, to its end or to the job's rung, where it leaves a checkpoint. result->train_seconds is all of its
 * training, without the building of kernels; result->start is put back by what was trained before. */
pnas_status pnas_trainer_evaluate(void *trainer, const pnas_job *job, pnas_tick tick, void *tick_payload,
                                  pnas_result *result);

/* The weights of the last child trained (its last epoch): parameters and running statistics, logical shapes,
 * named by path. *out is the caller's (pnas_trainer_free_weights). PNAS_ERROR_USAGE before any child. */
pnas_status pnas_trainer_weights(pnas_trainer *trainer, pnas_named_tensor **out, size_t *count);
void pnas_trainer_free_weights(pnas_named_tensor **tensors, size_t count);

/* Bytes of device memory that training this cell takes, images included. */
pnas_status pnas_trainer_memory(pnas_trainer *trainer, const pnas_cell *cell, uint64_t *bytes);
uint64_t pnas_trainer_image_bytes(const pnas_trainer *trainer); /* of these, what lanes share */

#endif
