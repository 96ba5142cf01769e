/* Private to cl: the sums of a shard on the host, and how they are cut into pieces that the backward pass finishes one
 * after another. The sums are: mean loss and number right; what the device has behind the decayed weights, which is
 * gradients of normalisations and biases, and the batch statistics; last, gradients of the decayed weights. These come
 * in the order of layers, so the backward pass finishes them from the end. Local. */
#ifndef PNAS_CL_SHARD_PIECES_H
#define PNAS_CL_SHARD_PIECES_H

#include "cl/train/child_layout.h"

enum { PNAS_SHARD_METRICS = 2 };

typedef struct {
    size_t begin;    /* first value in the sums; it ends where the piece before it begins */
    size_t launches; /* of plan->step, after which it is there */
} pnas_shard_piece;

/* Values in front of the weights' gradients. */
size_t pnas_shard_head(const pnas_child_plan *plan);
size_t pnas_shard_values(const pnas_child_plan *plan);

/* As many pieces as can be of at least `smallest` values; the last one, which begins at 0, has what is left. The
 * plan is built. *out is the caller's (free). */
pnas_status pnas_shard_pieces_create(const pnas_child_plan *plan, size_t smallest, pnas_shard_piece **out,
                                     int *count);

/* Enqueues the launches of a training step that piece `index` waits for and those before did not, and the copy of
 * its values to sums [pnas_shard_values], which are there with *event (the caller's). The metrics are those of slot
 * `slot`. */
pnas_status pnas_shard_piece_enqueue(pnas_child_plan *plan, const pnas_shard_piece *pieces, int index,
                                     int slot, float *sums, cl_event *event);

#endif
