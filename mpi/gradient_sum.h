/* Adds up what shards of a batch give, over the ranks that compute them, to the same bits whatever their number
 * (mpi/shard_tree.h). Each rank has a range of shards. It adds those that are whole nodes of the tree by itself.
 * Of what is left each rank then finishes one part of the values for all: it gets the others' nodes of that part,
 * and sends them the sum. With n nodes a rank, P ranks and V values, a rank sends 4 V (n + 1) (P - 1) / P bytes an
 * update; n is 1 where P divides the shards and both are powers of two, and no exchange of sums does with less.
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

/* Room for the values of this rank's next shard, in the order of its shards; NULL without memory. Local. */
float *pnas_gradient_sum_room(pnas_gradient_sum *sum);
/* They are there: adds what can be added. Local. */
void pnas_gradient_sum_add(pnas_gradient_sum *sum);

/* After the last shard: *out [values] are the sums over all shards, the caller's to overwrite until the next
 * shard. Collective over the members. */
pnas_status pnas_gradient_sum_finish(pnas_gradient_sum *sum, float **out);

/* Adds values of which each is zero on all members but one, so that the order does not matter. Collective over
 * the members. */
pnas_status pnas_gradient_sum_collect(pnas_gradient_sum *sum, float *values, size_t count);

#endif
