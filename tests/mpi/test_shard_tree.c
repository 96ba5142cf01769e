/* The order in which sums of shards are added. */
#include "mpi/shard_tree.h"

#include <criterion/criterion.h>

TestSuite(shard_tree, .timeout = 30);

Test(shard_tree, eight_shards_make_fifteen_nodes)
{
    int nodes = 0;
    for (int first = 0; first < 8; first++)
        for (int end = first + 1; end <= 8; end++)
            nodes += pnas_shard_tree_has(8, first, end);
    cr_expect_eq(nodes, 15);
    cr_expect(pnas_shard_tree_has(8, 4, 6));
    cr_expect_not(pnas_shard_tree_has(8, 3, 5));
    cr_expect_not(pnas_shard_tree_has(8, 0, 9));
}

Test(shard_tree, the_left_child_is_a_power_of_two)
{
    cr_expect(pnas_shard_tree_has(6, 0, 4));
    cr_expect(pnas_shard_tree_has(6, 4, 6));
    cr_expect(pnas_shard_tree_has(5, 4, 5));
    cr_expect_not(pnas_shard_tree_has(6, 2, 6));
}

/* Whatever the range: nodes of the tree, without gaps, and no two that would be one. */
Test(shard_tree, a_cover_is_whole_and_has_no_needless_nodes)
{
    for (int shards = 1; shards <= 33; shards++)
        for (int first = 0; first < shards; first++)
            for (int end = first + 1; end <= shards; end++) {
                pnas_shard_node node[PNAS_SHARD_NODES_MAX];
                int count = pnas_shard_tree_cover(shards, first, end, node);
                cr_assert_eq(node[0].first, first);
                cr_assert_eq(node[count - 1].end, end);
                for (int i = 0; i < count; i++) {
                    cr_assert(pnas_shard_tree_has(shards, node[i].first, node[i].end));
                    cr_assert(i == 0 || node[i].first == node[i - 1].end);
                    cr_assert(i == 0 || !pnas_shard_tree_has(shards, node[i - 1].first, node[i].end));
                }
            }
}

Test(shard_tree, two_ranks_of_eight_shards_have_one_node_each)
{
    pnas_shard_node node[PNAS_SHARD_NODES_MAX];
    cr_expect_eq(pnas_shard_tree_cover(8, 0, 4, node), 1);
    cr_expect_eq(pnas_shard_tree_cover(8, 4, 8, node), 1);
    cr_expect_eq(pnas_shard_tree_cover(8, 2, 5, node), 2);
}
