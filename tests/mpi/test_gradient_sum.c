/* Sums over shards have the same bits on every number of ranks; each test is run under mpirun by its own CTest
 * entry. */
#include "mpi/gradient_sum.h"
#include "mpi/shard_tree.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 1003 }; /* no part of a rank is as large as another's */

static pnas_layout start(void)
{
    pnas_layout layout;
    cr_assert_eq(pnas_mpi_start(NULL, NULL, &layout), PNAS_OK, "%s", pnas_message());
    return layout;
}

/* Of many sizes, so that another order gives other bits. */
static float value_of(int round, int shard, int i)
{
    unsigned mixed = (unsigned)(round * 7919 + shard * 104729 + i * 1299709) * 2654435761u;
    return ((float)(mixed >> 8) / 16777216.0f - 0.5f) * (float)(1 << (mixed & 15));
}

/* The definition: left child plus right child. */
static float expected(int round, int first, int end, int i)
{
    if (end - first == 1)
        return value_of(round, first, i);
    int left = 1;
    while (2 * left < end - first)
        left *= 2;
    return expected(round, first, first + left, i) + expected(round, first + left, end, i);
}

static void check_round(pnas_gradient_sum *sum, int shards, int round)
{
    pnas_gradient_share share = pnas_gradient_sum_share(sum);
    float *total = NULL;
    for (int shard = share.first; shard < share.first + share.shards; shard++) {
        float *room = pnas_gradient_sum_room(sum);
        cr_assert(room);
        for (int i = 0; i < VALUES; i++)
            room[i] = value_of(round, shard, i);
        pnas_gradient_sum_add(sum);
    }
    cr_assert_eq(pnas_gradient_sum_finish(sum, &total), PNAS_OK, "%s", pnas_message());
    for (int i = 0; i < VALUES; i++)
        cr_assert_eq(total[i], expected(round, 0, shards, i), "%d shards, round %d, value %d", shards, round,
                     i);
    memset(total, 0, VALUES * sizeof *total);
}

Test(gradient_sum, the_sum_is_that_of_the_tree_on_any_number_of_ranks)
{
    pnas_layout layout = start();
    const int shards[] = {1, 2, 3, 6, 8, 13};
    for (size_t k = 0; k < sizeof shards / sizeof *shards; k++) {
        pnas_gradient_sum *sum = NULL;
        cr_assert_eq(pnas_gradient_sum_create(&layout, true, shards[k], VALUES, &sum), PNAS_OK);
        pnas_gradient_share share = pnas_gradient_sum_share(sum);
        cr_assert_eq(share.member >= 0, layout.rank < shards[k]);
        for (int round = 0; share.member >= 0 && round < 3; round++)
            check_round(sum, shards[k], round);
        pnas_gradient_sum_destroy(&sum);
    }
    pnas_mpi_end();
}

Test(gradient_sum, a_rank_that_is_not_able_has_no_part)
{
    pnas_layout layout = start();
    pnas_gradient_sum *sum = NULL;
    cr_assert_eq(pnas_gradient_sum_create(&layout, layout.rank != 1, 4, VALUES, &sum), PNAS_OK);
    pnas_gradient_share share = pnas_gradient_sum_share(sum);
    cr_assert_eq(share.member < 0, layout.rank == 1);
    if (share.member >= 0) {
        cr_assert_eq(share.members, layout.ranks - 1);
        check_round(sum, 4, 0);
    }
    pnas_gradient_sum_destroy(&sum);
    pnas_mpi_end();
}

Test(gradient_sum, collected_values_are_those_of_whoever_has_them)
{
    pnas_layout layout = start();
    pnas_gradient_sum *sum = NULL;
    float values[11] = {0};
    cr_assert_eq(pnas_gradient_sum_create(&layout, true, 4, VALUES, &sum), PNAS_OK);
    for (int i = layout.rank; i < 11; i += layout.ranks)
        values[i] = value_of(0, 0, i);
    cr_assert_eq(pnas_gradient_sum_collect(sum, values, 11), PNAS_OK);
    for (int i = 0; i < 11; i++)
        cr_assert_eq(values[i], value_of(0, 0, i));
    pnas_gradient_sum_destroy(&sum);
    pnas_mpi_end();
}
