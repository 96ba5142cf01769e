/* Adds up what shards of a batch give, over the ranks that compute them, to the same bits whatever their number
 * (mpi/shard_tree.h). Each rank has a range of shards. It adds those that are whole nodes of the tree by itself.
 * Of what is left each rank then finishes one part of the values for all: it gets the others' nodes of that part,
 * and sends them the sum. With n nodes a rank, P ranks and V values, a rank sends 4 V (n + 1) (P - 1) / P bytes an
 * update; n is 1 where P divides the shards and both are powers of two, and no exchange of sums does with less.
 *
 * The values can be cut into pieces, which the backward pass of a rank's last shard finishes one after another.
 * The exchange of a piece begins when it is added, and goes on in each call. Bits do not depend on the pieces.
 *
 * Ranks beyond the number of shards, or that are not able to compute, have no part in it. */
#ifndef PNAS_MPI_GRADIENT_SUM_H
#define PNAS_MPI_GRADIENT_SUM_H

#include "mpi/layout.h"

#include <stddef.h>

typedef struct pnas_gradient_sum pnas_gradient_sum;

typedef struct {
    int members;       /* ranks that share the work */
    int member;        /* this rank among them; -1: it has no part */
    int first, shards; /* of this rank */
} pnas_gradient_share;

/* Collective over all ranks, agreed; `able`: this rank can compute. Ranks are taken in their order. */
pnas_status pnas_gradient_sum_create(const pnas_layout *layout, bool able, int shards, size_t values,
                                     pnas_gradient_sum **out);
void pnas_gradient_sum_destroy(pnas_gradient_sum **sum); /* collective over the members */

pnas_gradient_share pnas_gradient_sum_share(const pnas_gradient_sum *sum);

/* Cuts the values into pieces, the same on all members: piece i begins with value begin[i] and ends where piece
 * i - 1 begins, the first one with the last value; the last begins with value 0. Without this call the whole is one
 * piece. Not between the shards of an update. Local. */
pnas_status pnas_gradient_sum_cut(pnas_gradient_sum *sum, const size_t *begin, int pieces);

/* Room for the values of this rank's next shard, in the order of its shards; NULL without memory. Local. */
float *pnas_gradient_sum_room(pnas_gradient_sum *sum);
/* Its piece `index` is there: adds what can be added, and with the rank's last shard begins the exchange. Pieces
 * come in their order, all of a shard before the next shard. Local. */
pnas_status pnas_gradient_sum_add(pnas_gradient_sum *sum, int index);
/* Takes the exchange as far as it gets without waiting: MPI moves data only while it is called. *under_way: what has
 * begun is not complete yet. Local. */
pnas_status pnas_gradient_sum_progress(pnas_gradient_sum *sum, bool *under_way);

/* After all pieces of the last shard: *out [values] are the sums over all shards, the caller's to overwrite until
 * the next shard. Collective over the members. */
pnas_status pnas_gradient_sum_finish(pnas_gradient_sum *sum, float **out);

/* Bytes that this rank sends an update. Local. */
size_t pnas_gradient_sum_bytes(const pnas_gradient_sum *sum);

/* Adds values of which each is zero on all members but one, so that the order does not matter. Collective over
 * the members. */
pnas_status pnas_gradient_sum_collect(pnas_gradient_sum *sum, float *values, size_t count);

#endif
