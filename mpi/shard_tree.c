#include "mpi/shard_tree.h"

/* Where the node's right child begins. */
static int middle(int first, int end)
{
    int left = 1;
    while (left < end - first - left)
        left *= 2;
    return first + left;
}

bool pnas_shard_tree_has(int shards, int first, int end)
{
    pnas_shard_node at = {0, shards};
    while (first >= at.first && end <= at.end && (first != at.first || end != at.end)) {
        if (at.end - at.first == 1)
            return false;
        int cut = middle(at.first, at.end);
        if (first < cut && end > cut)
            return false;
        at = first < cut ? (pnas_shard_node){at.first, cut} : (pnas_shard_node){cut, at.end};
    }
    return first == at.first && end == at.end;
}

int pnas_shard_tree_cover(int shards, int first, int end, pnas_shard_node out[PNAS_SHARD_NODES_MAX])
{
    int count = 0;
    for (int shard = first; shard < end; shard++) {
        out[count++] = (pnas_shard_node){shard, shard + 1};
        while (count > 1 && pnas_shard_tree_has(shards, out[count - 2].first, out[count - 1].end)) {
            out[count - 2].end = out[count - 1].end;
            count--;
        }
    }
    return count;
}
