/* Sums over shards have the same bits on every number of ranks; each test is run under mpirun by its own CTest
 * entry. */
#include "mpi/gradient_sum.h"
#include "mpi/shard_tree.h"

#include <criterion/criterion.h>
#include <mpi.h>
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

/* As a backward pass does: pieces one after another, with looks in between. */
static void add_shard(pnas_gradient_sum *sum, const float *values, float *room, const size_t *begin,
                      int pieces)
{
    bool under_way;
    for (int piece = 0; piece < pieces; piece++) {
        size_t end = piece ? begin[piece - 1] : VALUES;
        memcpy(room + begin[piece], values + begin[piece], (end - begin[piece]) * sizeof *room);
        cr_assert_eq(pnas_gradient_sum_add(sum, piece), PNAS_OK);
        for (int i = 0; i < piece; i++)
            cr_assert_eq(pnas_gradient_sum_progress(sum, &under_way), PNAS_OK);
    }
}

static void check_pieces(pnas_gradient_sum *sum, int shards, int round, const size_t *begin, int pieces)
{
    pnas_gradient_share share = pnas_gradient_sum_share(sum);
    float *total = NULL, values[VALUES];
    for (int shard = share.first; shard < share.first + share.shards; shard++) {
        float *room = pnas_gradient_sum_room(sum);
        cr_assert(room);
        for (int i = 0; i < VALUES; i++)
            values[i] = value_of(round, shard, i);
        add_shard(sum, values, room, begin, pieces);
    }
    cr_assert_eq(pnas_gradient_sum_finish(sum, &total), PNAS_OK, "%s", pnas_message());
    for (int i = 0; i < VALUES; i++)
        cr_assert_eq(total[i], expected(round, 0, shards, i), "%d shards, round %d, value %d", shards, round,
                     i);
    memset(total, 0, VALUES * sizeof *total);
}

static void check_round(pnas_gradient_sum *sum, int shards, int round)
{
    const size_t whole = 0, cut[] = {VALUES - 1, 600, 570, 3, 0};
    check_pieces(sum, shards, round, &whole, 1);
    cr_assert_eq(pnas_gradient_sum_cut(sum, cut, 5), PNAS_OK);
    check_pieces(sum, shards, round + 1, cut, 5);
    cr_assert_eq(pnas_gradient_sum_cut(sum, &whole, 1), PNAS_OK);
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

/* --- bytes: the calls of MPI that the sum makes, counted on their way to MPI (its profiling interface) --- */

static size_t sent, received; /* values */

int MPI_Isend(const void *data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm,
              MPI_Request *out)
{
    sent += (size_t)count;
    return PMPI_Isend(data, count, type, to, tag, comm, out);
}

int MPI_Irecv(void *data, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Request *out)
{
    received += (size_t)count;
    return PMPI_Irecv(data, count, type, from, tag, comm, out);
}

/* Each rank sends its part to each other one. */
int MPI_Iallgatherv(const void *data, int count, MPI_Datatype type, void *all, const int counts[],
                    const int at[], MPI_Datatype all_type, MPI_Comm comm, MPI_Request *out)
{
    int ranks, rank;
    MPI_Comm_size(comm, &ranks);
    MPI_Comm_rank(comm, &rank);
    sent += (size_t)(ranks - 1) * (size_t)count;
    for (int i = 0; i < ranks; i++)
        received += i == rank ? 0 : (size_t)counts[i];
    return PMPI_Iallgatherv(data, count, type, all, counts, at, all_type, comm, out);
}

static void check_bytes(const pnas_layout *layout, int shards, size_t values, const size_t *begin, int pieces)
{
    pnas_gradient_sum *sum = NULL;
    pnas_shard_node nodes[PNAS_SHARD_NODES_MAX];
    float *total;
    cr_assert_eq(pnas_gradient_sum_create(layout, true, shards, values, &sum), PNAS_OK);
    cr_assert_eq(pnas_gradient_sum_cut(sum, begin, pieces), PNAS_OK);
    pnas_gradient_share share = pnas_gradient_sum_share(sum);
    size_t n = (size_t)pnas_shard_tree_cover(shards, share.first, share.first + share.shards, nodes),
           P = (size_t)layout->ranks, of_others = 0;
    for (int member = 0; member < layout->ranks; member++)
        if (member != layout->rank)
            of_others += (size_t)pnas_shard_tree_cover(shards, shards * member / layout->ranks,
                                                       shards * (member + 1) / layout->ranks, nodes);
    sent = received = 0;
    for (int shard = 0; shard < share.shards; shard++) {
        memset(pnas_gradient_sum_room(sum), 0, values * sizeof(float));
        for (int piece = 0; piece < pieces; piece++)
            cr_assert_eq(pnas_gradient_sum_add(sum, piece), PNAS_OK);
    }
    cr_assert_eq(pnas_gradient_sum_finish(sum, &total), PNAS_OK);
    cr_assert_eq(sent, values * (n + 1) * (P - 1) / P, "%d shards: sent %zu values", shards, sent);
    cr_assert_eq(received, values / P * of_others + values * (P - 1) / P, "%d shards: received %zu values",
                 shards, received);
    cr_assert_eq(sent * sizeof(float), pnas_gradient_sum_bytes(sum));
    pnas_gradient_sum_destroy(&sum);
}

Test(gradient_sum, an_update_sends_the_bytes_that_its_header_states)
{
    pnas_layout layout = start();
    const size_t values = (size_t)layout.ranks * 160, whole = 0, cut[] = {values / 10 * 7, values / 5, 0};
    const int shards[] = {8, 12, 13};
    for (size_t k = 0; k < sizeof shards / sizeof *shards; k++) {
        check_bytes(&layout, shards[k], values, &whole, 1);
        check_bytes(&layout, shards[k], values, cut, 3);
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
