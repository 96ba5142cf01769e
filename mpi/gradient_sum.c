#include "mpi/gradient_sum.h"

#include "mpi/collectives.h"
#include "mpi/communicator.h"
#include "mpi/shard_tree.h"
#include "mpi/silence.h"
#include "mpi/waiting.h"
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

typedef struct { /* values that are exchanged together */
    size_t at, values;
    int next;  /* this rank's next shard, counted from 0 */
    int count; /* nodes that this rank has */
    summand own[PNAS_SHARD_NODES_MAX];
    int *part_at, *part_size; /* [members], within the piece */
    float *room;              /* received nodes of this rank's part */
    summand *others;          /* [nodes of all members] */
    int node_count, request_count;
    MPI_Request *requests, gather;
} piece;

struct pnas_gradient_sum {
    MPI_Comm members; /* MPI_COMM_NULL: this rank has no part */
    int shards;
    size_t values;
    pnas_gradient_share share;
    float *pool[PNAS_SHARD_NODES_MAX]; /* [values] each; pool[i] is that of a piece's own[i] */
    float *total;                      /* [values] */
    piece *piece;
    int pieces, begun, gathering,
        done; /* how many; whose nodes are sent; whose sums are; that are complete */
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

static void divide_values(const pnas_gradient_sum *sum, piece *of)
{
    size_t lines = (of->values + PART_ALIGNMENT - 1) / PART_ALIGNMENT, members = (size_t)sum->share.members;
    for (size_t i = 0; i < members; i++) {
        size_t begin = lines * i / members * PART_ALIGNMENT, end = lines * (i + 1) / members * PART_ALIGNMENT;
        begin = begin < of->values ? begin : of->values;
        end = end < of->values ? end : of->values;
        of->part_at[i] = (int)begin;
        of->part_size[i] = (int)(end - begin);
    }
}

static pnas_status make_piece(const pnas_gradient_sum *sum, size_t begin, size_t end, piece *out)
{
    size_t members = (size_t)sum->share.members, nodes = (size_t)nodes_in_all(sum);
    assert(nodes > 0); /* this rank's are among them */
    *out = (piece){.at = begin, .values = end - begin, .gather = MPI_REQUEST_NULL};
    out->part_at = calloc(members, sizeof *out->part_at);
    out->part_size = calloc(members, sizeof *out->part_size);
    out->others = calloc(nodes, sizeof *out->others);
    out->requests = calloc(nodes + members * PNAS_SHARD_NODES_MAX, sizeof *out->requests);
    PNAS_CHECK(out->part_at && out->part_size && out->others && out->requests, PNAS_ERROR_MEMORY,
               "no memory for the sums of %zu ranks", members);
    divide_values(sum, out);
    out->room = malloc((nodes * (size_t)out->part_size[sum->share.member] + 1) * sizeof *out->room);
    PNAS_CHECK(out->room, PNAS_ERROR_MEMORY, "no memory for the sums of %zu ranks", members);
    return PNAS_OK;
}

static void clear_pieces(pnas_gradient_sum *sum)
{
    for (int i = 0; i < sum->pieces; i++) {
        free(sum->piece[i].part_at);
        free(sum->piece[i].part_size);
        free(sum->piece[i].room);
        free(sum->piece[i].others);
        free(sum->piece[i].requests);
    }
    free(sum->piece);
    sum->piece = NULL;
    sum->pieces = 0;
}

pnas_status pnas_gradient_sum_cut(pnas_gradient_sum *sum, const size_t *begin, int pieces)
{
    clear_pieces(sum);
    if (sum->share.member < 0)
        return PNAS_OK;
    sum->piece = calloc((size_t)pieces, sizeof *sum->piece);
    PNAS_CHECK(sum->piece, PNAS_ERROR_MEMORY, "no memory for the sum of gradients");
    sum->pieces = pieces;
    for (int i = 0; i < pieces; i++)
        PNAS_TRY(make_piece(sum, begin[i], i ? begin[i - 1] : sum->values, &sum->piece[i]));
    return PNAS_OK;
}

static pnas_status allocate(pnas_gradient_sum *sum)
{
    const size_t whole = 0;
    sum->total = malloc(sum->values * sizeof *sum->total);
    PNAS_CHECK(sum->total, PNAS_ERROR_MEMORY, "no memory for the sum of %zu values", sum->values);
    return pnas_gradient_sum_cut(sum, &whole, 1);
}

/* The communicator of those that have a part, in the order of ranks. */
static pnas_status choose_members(const pnas_layout *layout, bool able, pnas_gradient_sum *sum)
{
    MPI_Comm all_able = MPI_COMM_NULL;
    int place = 0, count = 0;
    PNAS_TRY(pnas_mpi_meet());
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
    clear_pieces(sum);
    free(sum->total);
    free(sum);
    *sum_pointer = NULL;
}

pnas_gradient_share pnas_gradient_sum_share(const pnas_gradient_sum *sum)
{
    return sum->share;
}

size_t pnas_gradient_sum_bytes(const pnas_gradient_sum *sum)
{
    pnas_shard_node nodes[PNAS_SHARD_NODES_MAX];
    size_t values = 0;
    for (int i = 0; i < sum->pieces; i++) {
        size_t own = (size_t)sum->piece[i].part_size[sum->share.member];
        values += (size_t)cover_of(sum, sum->share.member, nodes) * (sum->piece[i].values - own) +
                  (size_t)(sum->share.members - 1) * own;
    }
    return values * sizeof(float);
}

/* --- this rank's shards --- */

float *pnas_gradient_sum_room(pnas_gradient_sum *sum)
{
    float **room = &sum->pool[sum->piece[0].count];
    if (!*room)
        *room = malloc(sum->values * sizeof **room);
    return *room;
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

/* --- all together --- */

/* Sends every member its part of this rank's nodes. A tag tells the piece and the node. */
static pnas_status send_nodes(const pnas_gradient_sum *sum, piece *of, int tag)
{
    for (int to = 0; to < sum->share.members; to++)
        for (int i = 0; to != sum->share.member && i < of->count; i++)
            PNAS_TRY(
                pnas_mpi_status(MPI_Isend(of->own[i].values + of->part_at[to], of->part_size[to], MPI_FLOAT,
                                          to, tag + i, sum->members, &of->requests[of->request_count++]),
                                "MPI_Isend"));
    return PNAS_OK;
}

/* All nodes of this rank's part, from left to right; those of others are on their way. */
static pnas_status receive_nodes(const pnas_gradient_sum *sum, piece *of, int tag)
{
    int part = of->part_size[sum->share.member];
    float *room = of->room;
    of->node_count = of->request_count = 0;
    for (int from = 0; from < sum->share.members; from++) {
        pnas_shard_node nodes[PNAS_SHARD_NODES_MAX];
        int theirs = cover_of(sum, from, nodes);
        for (int i = 0; i < theirs; i++) {
            summand *next = &of->others[of->node_count++];
            if (from == sum->share.member) {
                *next = (summand){nodes[i], of->own[i].values + of->part_at[from]};
                continue;
            }
            *next = (summand){nodes[i], room};
            room += part;
            PNAS_TRY(pnas_mpi_status(MPI_Irecv(next->values, part, MPI_FLOAT, from, tag + i, sum->members,
                                               &of->requests[of->request_count++]),
                                     "MPI_Irecv"));
        }
    }
    return PNAS_OK;
}

/* In place of the leftmost node's values, which are returned. */
static float *add_part(const pnas_gradient_sum *sum, const piece *of)
{
    size_t part = (size_t)of->part_size[sum->share.member];
    summand stack[PNAS_SHARD_NODES_MAX];
    int depth = 0;
    assert(of->node_count > 0);
    for (int i = 0; i < of->node_count; i++)
        depth = push(sum->shards, stack, depth, of->others[i], part);
    return stack[0].values;
}

static pnas_status begin_gather(const pnas_gradient_sum *sum, piece *of)
{
    return pnas_mpi_status(MPI_Iallgatherv(add_part(sum, of), of->part_size[sum->share.member], MPI_FLOAT,
                                           sum->total + of->at, of->part_size, of->part_at, MPI_FLOAT,
                                           sum->members, &of->gather),
                           "MPI_Iallgatherv");
}

/* The pieces go on in their order, so that their collective calls come in one order on all ranks, as MPI asks. */
pnas_status pnas_gradient_sum_progress(pnas_gradient_sum *sum, bool *under_way)
{
    int there = 1;
    while (there && sum->gathering < sum->begun) {
        piece *next = &sum->piece[sum->gathering];
        PNAS_TRY(
            pnas_mpi_status(MPI_Testall(next->request_count, next->requests, &there, MPI_STATUSES_IGNORE),
                            "sending gradients"));
        if (there) {
            PNAS_TRY(begin_gather(sum, next));
            sum->gathering++;
        }
    }
    for (there = 1; there && sum->done < sum->gathering; sum->done += there)
        PNAS_TRY(pnas_mpi_status(MPI_Test(&sum->piece[sum->done].gather, &there, MPI_STATUS_IGNORE),
                                 "MPI_Iallgatherv"));
    *under_way = sum->done < sum->begun;
    return PNAS_OK;
}

pnas_status pnas_gradient_sum_add(pnas_gradient_sum *sum, int index)
{
    piece *of = &sum->piece[index];
    int shard = sum->share.first + of->next++, tag = index * PNAS_SHARD_NODES_MAX;
    const summand next = {{shard, shard + 1}, sum->pool[of->count] + of->at};
    of->count = push(sum->shards, of->own, of->count, next, of->values);
    if (of->next < sum->share.shards || sum->share.members == 1)
        return PNAS_OK;
    assert(index == sum->begun);
    PNAS_TRY(receive_nodes(sum, of, tag));
    PNAS_TRY(send_nodes(sum, of, tag));
    sum->begun++;
    return PNAS_OK;
}

/* Naps longer and longer, up to the usual time between two looks. */
static void take_nap(double *nap)
{
    if (pnas_silence_look())
        pnas_silence_leave();
    pnas_clock_sleep(*nap);
    *nap = *nap < PNAS_MPI_POLL_SECONDS / 2 ? 2 * *nap : PNAS_MPI_POLL_SECONDS;
}

pnas_status pnas_gradient_sum_finish(pnas_gradient_sum *sum, float **out)
{
    double nap = NAP_SHORTEST;
    bool under_way = false;
    PNAS_TRY(pnas_gradient_sum_progress(sum, &under_way));
    while (under_way) {
        take_nap(&nap);
        PNAS_TRY(pnas_gradient_sum_progress(sum, &under_way));
    }
    *out = sum->share.members > 1 ? sum->total : sum->piece[0].own[0].values - sum->piece[0].at;
    for (int i = 0; i < sum->pieces; i++)
        sum->piece[i].next = sum->piece[i].count = 0;
    sum->begun = sum->gathering = sum->done = 0;
    return PNAS_OK;
}

pnas_status pnas_gradient_sum_collect(pnas_gradient_sum *sum, float *values, size_t count)
{
    MPI_Request request = MPI_REQUEST_NULL;
    int done = 0;
    if (sum->share.members == 1)
        return PNAS_OK;
    PNAS_CHECK(count <= INT_MAX, PNAS_ERROR_INTERNAL, "%zu values are too many", count);
    PNAS_TRY(pnas_mpi_status(
        MPI_Iallreduce(MPI_IN_PLACE, values, (int)count, MPI_FLOAT, MPI_SUM, sum->members, &request),
        "MPI_Iallreduce"));
    for (double nap = NAP_SHORTEST;; take_nap(&nap)) {
        PNAS_TRY(pnas_mpi_status(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Iallreduce"));
        if (done)
            return PNAS_OK;
    }
}
