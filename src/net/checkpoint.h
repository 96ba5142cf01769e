/* Where a child's training stands, so that another process, on another rank, can go on in the middle of it
 * and reach the same bits: everything random is drawn by position, so the position and what training has
 * changed are all there is. */
#ifndef PNAS_NET_CHECKPOINT_H
#define PNAS_NET_CHECKPOINT_H

#include "src/base/named_tensor.h"
#include "src/search/cell.h"

typedef struct {       /* zero to start with */
    int epoch;         /* epochs done, their evaluation included */
    int batch;         /* training batches done of the epoch after these; all: its evaluation comes next */
    double best, last; /* validation accuracy over the epochs done */
    double seconds;    /* trained so far */
    size_t count;
    pnas_named_tensor *tensor; /* [count], owned: weights, running statistics, moments, history */
} pnas_checkpoint;

void pnas_checkpoint_clear(pnas_checkpoint *checkpoint); /* frees the tensors, zeroes the rest */

/* False if any value of a tensor is not finite: nobody should go on from there. */
bool pnas_checkpoint_is_finite(const pnas_checkpoint *checkpoint);

/* Where checkpoints are kept. A store tells a person itself what it cannot write or read, as a child can
 * always start from its beginning. */
typedef struct {
    /* Keeps `checkpoint` (borrowed) in place of an older one of the same cell. */
    void (*save)(void *payload, const pnas_cell *cell, const pnas_checkpoint *checkpoint);
    /* Whether there is one of this cell; it is then the caller's (pnas_checkpoint_clear). */
    bool (*load)(void *payload, const pnas_cell *cell, pnas_checkpoint *out);
    double seconds; /* of training between two; 0: only when training is stopped */
    void *payload;
} pnas_checkpoint_store;

#endif
