/* In which order the sums of shards are added: a binary tree over the shards, the same for every number of ranks. A
 * node of n > 1 shards has the largest power of two below n in its left child and the rest in its right one. Sums
 * are added left + right, so a rank may add up whatever whole nodes its shards make. Local. */
#ifndef PNAS_MPI_SHARD_TREE_H
#define PNAS_MPI_SHARD_TREE_H

#include <stdbool.h>

typedef struct {
    int first, end; /* shards first .. end - 1 */
} pnas_shard_node;

#define PNAS_SHARD_NODES_MAX 64 /* of a range of shards: twice the depth of a tree of 2^31 */

/* Whether shards first .. end - 1 are a node of the tree of `shards`. */
bool pnas_shard_tree_has(int shards, int first, int end);

/* The fewest nodes that hold shards first .. end - 1 and no other, from left to right; returns how many. */
int pnas_shard_tree_cover(int shards, int first, int end, pnas_shard_node out[PNAS_SHARD_NODES_MAX]);

#endif
