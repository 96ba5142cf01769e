#include "mpi/gradient_sum.h"

#include "mpi/collectives.h"
#include "mpi/communicator.h"
#include "mpi/shard_tree.h"
#include "src/base/clock.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Two naps for a long wait are enough; a short one ends soon after what it waits for. */
#define NAP_SHORTEST 20e-6

enum { PART_ALIGNMENT = 16 }; /* floats: no two ranks' parts share a cache line */

typedef struct {
    pnas_shard_node node;
    float *values; /* borrowed from the pool, or of a part */
} summand;

struct pnas_gradient_sum {
    MPI_Comm members; /* MPI_COMM_NULL: this rank has no part */
    int shards;
    size_t values;
    pnas_gradient_share share;
    int next;  /* this rank's next shard, counted from 0 */
    int count; /* nodes that this rank has */
    summand own[PNAS_SHARD_NODES_MAX];
    float *pool[PNAS_SHARD_NODES_MAX]; /* [values] each; pool[i] is that of own[i] */
    float *room;                       /* received nodes of this rank's part */
    float *total;                      /* [values] */
    summand *others;                   /* [nodes of all members] */
    MPI_Request *requests;
    int *part_at, *part_size; /* [members] */
};

/* --- who does what --- */

static int first_of(const pnas_gradient_sum *sum, int member)
{
    return (int)((int64_t)sum->shards * member / sum->share.members);
}

static int cover_of(const pnas_gradient_sum *sum, int member, pnas_shard_node out[PNAS_SHARD_NODES_MAX])
{
    return pnas_shard_tree_cover(sum->shards, first_of(sum, member), first_of(sum, member + 1), out);
}

static int nodes_in_all(const pnas_gradient_sum *sum)
{
    pnas_shard_node nodes[PNAS_SHARD_NODES_MAX];
    int all = 0;
    for (int member = 0; member < sum->share.members; member++)
        all += cover_of(sum, member, nodes);
    return all;
}

static void divide_values(pnas_gradient_sum *sum)
{
    size_t pieces = (sum->values + PART_ALIGNMENT - 1) / PART_ALIGNMENT, members = (size_t)sum->share.members;
    for (size_t i = 0; i < members; i++) {
        size_t begin = pieces * i / members * PART_ALIGNMENT,
               end = pieces * (i + 1) / members * PART_ALIGNMENT;
        begin = begin < sum->values ? begin : sum->values;
        end = end < sum->values ? end : sum->values;
        sum->part_at[i] = (int)begin;
        sum->part_size[i] = (int)(end - begin);
    }
}

static pnas_status allocate(pnas_gradient_sum *sum)
{
    size_t members = (size_t)sum->share.members, nodes = (size_t)nodes_in_all(sum);
    assert(nodes > 0); /* this rank's are among them */
    sum->part_at = calloc(members, sizeof *sum->part_at);
    sum->part_size = calloc(members, sizeof *sum->part_size);
    sum->others = calloc(nodes, sizeof *sum->others);
    sum->requests = calloc(nodes + members * PNAS_SHARD_NODES_MAX, sizeof *sum->requests);
    sum->total = malloc(sum->values * sizeof *sum->total);
    PNAS_CHECK(sum->part_at && sum->part_size && sum->others && sum->requests && sum->total,
               PNAS_ERROR_MEMORY, "no memory for the sum of %zu values", sum->values);
    divide_values(sum);
    size_t part = (size_t)sum->part_size[sum->share.member];
    sum->room = malloc((nodes * part + 1) * sizeof *sum->room);
    PNAS_CHECK(sum->room, PNAS_ERROR_MEMORY, "no memory for the sums of %zu ranks", members);
    return PNAS_OK;
}

/* The communicator of those that have a part, in the order of ranks. */
static pnas_status choose_members(const pnas_layout *layout, bool able, pnas_gradient_sum *sum)
{
    MPI_Comm all_able = MPI_COMM_NULL;
    int place = 0, count = 0;
    PNAS_TRY(
        pnas_mpi_status(MPI_Comm_split(pnas_mpi_ranks(), able ? 0 : MPI_UNDEFINED, layout->rank, &all_able),
                        "MPI_Comm_split"));
    if (able) {
        MPI_Comm_rank(all_able, &place);
        MPI_Comm_free(&all_able);
    }
    bool part = able && place < sum->shards;
    PNAS_TRY(pnas_mpi_status(
        MPI_Comm_split(pnas_mpi_ranks(), part ? 0 : MPI_UNDEFINED, layout->rank, &sum->members),
        "MPI_Comm_split"));
    sum->share.member = -1;
    if (!part)
        return PNAS_OK;
    PNAS_TRY(
        pnas_mpi_status(MPI_Comm_set_errhandler(sum->members, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler"));
    MPI_Comm_size(sum->members, &count);
    MPI_Comm_rank(sum->members, &sum->share.member);
    sum->share.members = count;
    sum->share.first = first_of(sum, sum->share.member);
    sum->share.shards = first_of(sum, sum->share.member + 1) - sum->share.first;
    return PNAS_OK;
}

pnas_status pnas_gradient_sum_create(const pnas_layout *layout, bool able, int shards, size_t values,
                                     pnas_gradient_sum **out)
{
    pnas_gradient_sum *sum = calloc(1, sizeof *sum);
    pnas_status status = PNAS_OK;
    if (!sum)
        status = pnas_fail(PNAS_ERROR_MEMORY, "no memory for the sum of gradients");
    else if (able && values > INT_MAX)
        status =
            pnas_fail(PNAS_ERROR_USAGE, "a network of %zu values is too large to be shared by ranks", values);
    status = pnas_mpi_agree(status);
    if (status != PNAS_OK || !sum) {
        free(sum);
        return status;
    }
    *sum = (pnas_gradient_sum){.members = MPI_COMM_NULL, .shards = shards, .values = values};
    status = choose_members(layout, able, sum);
    if (status == PNAS_OK && sum->share.member >= 0)
        status = allocate(sum);
    status = pnas_mpi_agree(status);
    *out = sum;
    if (status != PNAS_OK)
        pnas_gradient_sum_destroy(out);
    return status;
}

void pnas_gradient_sum_destroy(pnas_gradient_sum **sum_pointer)
{
    pnas_gradient_sum *sum = *sum_pointer;
    if (!sum)
        return;
    if (sum->members != MPI_COMM_NULL)
        MPI_Comm_free(&sum->members);
    for (int i = 0; i < PNAS_SHARD_NODES_MAX; i++)
        free(sum->pool[i]);
    free(sum->room);
    free(sum->total);
    free(sum->others);
    free(sum->requests);
    free(sum->part_at);
    free(sum->part_size);
    free(sum);
    *sum_pointer = NULL;
}

pnas_gradient_share pnas_gradient_sum_share(const pnas_gradient_sum *sum)
{
    return sum->share;
}

/* --- this rank's shards --- */

float *pnas_gradient_sum_room(pnas_gradient_sum *sum)
{
    if (!sum->pool[sum->count])
        sum->pool[sum->count] = malloc(sum->values * sizeof **sum->pool);
    return sum->pool[sum->count];
}

/* Puts `next` on the stack of nodes, and adds those that are children of one node, left + right. */
static int push(int shards, summand *stack, int count, summand next, size_t values)
{
    stack[count++] = next;
    while (count > 1 && pnas_shard_tree_has(shards, stack[count - 2].node.first, stack[count - 1].node.end)) {
        float *restrict left = stack[count - 2].values;
        const float *restrict right = stack[count - 1].values;
        for (size_t i = 0; i < values; i++)
            left[i] += right[i];
        stack[count - 2].node.end = stack[count - 1].node.end;
        count--;
    }
    return count;
}

void pnas_gradient_sum_add(pnas_gradient_sum *sum)
{
    int shard = sum->share.first + sum->next++;
    const summand next = {{shard, shard + 1}, sum->pool[sum->count]};
    sum->count = push(sum->shards, sum->own, sum->count, next, sum->values);
}

/* --- all together --- */

/* Completes requests, napping: longer and longer, up to the usual time between two looks. */
static pnas_status wait_all(int count, MPI_Request *requests, const char *what)
{
    for (double nap = NAP_SHORTEST;;
         nap = nap < PNAS_MPI_POLL_SECONDS / 2 ? 2 * nap : PNAS_MPI_POLL_SECONDS) {
        int done = 0;
        PNAS_TRY(pnas_mpi_status(MPI_Testall(count, requests, &done, MPI_STATUSES_IGNORE), what));
        if (done)
            return PNAS_OK;
        pnas_clock_sleep(nap);
    }
}

/* Sends every member its part of this rank's nodes. */
static pnas_status send_nodes(pnas_gradient_sum *sum, int *requests)
{
    for (int to = 0; to < sum->share.members; to++)
        for (int i = 0; to != sum->share.member && i < sum->count; i++)
            PNAS_TRY(pnas_mpi_status(MPI_Isend(sum->own[i].values + sum->part_at[to], sum->part_size[to],
                                               MPI_FLOAT, to, i, sum->members, &sum->requests[(*requests)++]),
                                     "MPI_Isend"));
    return PNAS_OK;
}

/* All nodes of this rank's part, from left to right; those of others are on their way. Returns how many. */
static pnas_status receive_nodes(pnas_gradient_sum *sum, int *requests, int *count)
{
    size_t part = (size_t)sum->part_size[sum->share.member];
    float *room = sum->room;
    *count = 0;
    for (int from = 0; from < sum->share.members; from++) {
        pnas_shard_node nodes[PNAS_SHARD_NODES_MAX];
        int theirs = cover_of(sum, from, nodes);
        for (int i = 0; i < theirs; i++) {
            summand *next = &sum->others[(*count)++];
            if (from == sum->share.member) {
                *next = (summand){nodes[i], sum->own[i].values + sum->part_at[from]};
                continue;
            }
            *next = (summand){nodes[i], room};
            room += part;
            PNAS_TRY(pnas_mpi_status(MPI_Irecv(next->values, (int)part, MPI_FLOAT, from, i, sum->members,
                                               &sum->requests[(*requests)++]),
                                     "MPI_Irecv"));
        }
    }
    return PNAS_OK;
}

/* In place of the leftmost node's values, which are returned. */
static float *add_part(pnas_gradient_sum *sum, int count)
{
    size_t part = (size_t)sum->part_size[sum->share.member];
    summand stack[PNAS_SHARD_NODES_MAX];
    int depth = 0;
    assert(count > 0);
    for (int i = 0; i < count; i++)
        depth = push(sum->shards, stack, depth, sum->others[i], part);
    return stack[0].values;
}

static pnas_status exchange(pnas_gradient_sum *sum)
{
    int requests = 0, nodes = 0;
    MPI_Request gather = MPI_REQUEST_NULL;
    PNAS_TRY(receive_nodes(sum, &requests, &nodes));
    PNAS_TRY(send_nodes(sum, &requests));
    PNAS_TRY(wait_all(requests, sum->requests, "sending gradients"));
    const float *mine = add_part(sum, nodes);
    PNAS_TRY(pnas_mpi_status(MPI_Iallgatherv(mine, sum->part_size[sum->share.member], MPI_FLOAT, sum->total,
                                             sum->part_size, sum->part_at, MPI_FLOAT, sum->members, &gather),
                             "MPI_Iallgatherv"));
    return wait_all(1, &gather, "MPI_Iallgatherv");
}

pnas_status pnas_gradient_sum_finish(pnas_gradient_sum *sum, float **out)
{
    if (sum->share.members > 1)
        PNAS_TRY(exchange(sum));
    *out = sum->share.members > 1 ? sum->total : sum->own[0].values;
    sum->next = sum->count = 0;
    return PNAS_OK;
}

pnas_status pnas_gradient_sum_collect(pnas_gradient_sum *sum, float *values, size_t count)
{
    MPI_Request request = MPI_REQUEST_NULL;
    if (sum->share.members == 1)
        return PNAS_OK;
    PNAS_CHECK(count <= INT_MAX, PNAS_ERROR_INTERNAL, "%zu values are too many", count);
    PNAS_TRY(pnas_mpi_status(
        MPI_Iallreduce(MPI_IN_PLACE, values, (int)count, MPI_FLOAT, MPI_SUM, sum->members, &request),
        "MPI_Iallreduce"));
    return wait_all(1, &request, "MPI_Iallreduce");
}
