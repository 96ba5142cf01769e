/* The canonical form is built place by place. Whatever stands at a place must be the smallest of the blocks
 * that can stand there (those whose inputs are placed), read with the places already given; so only ties
 * branch. Tied blocks apply the same operators to the same inputs and differ only in who reads them: where
 * nobody can tell them apart, one of them is tried for all. What is left to branch is bounded: with ten
 * blocks at most 7! orders, when three blocks tell six of seven equal ones apart. */
#include "src/search/canonical.h"

#include <assert.h>
#include <string.h>

typedef struct {
    int blocks;
    const pnas_block *block;
    uint32_t needs[PNAS_BLOCKS_MAX]; /* the blocks that a block reads, as bits */
    uint32_t placed;                 /* the blocks that have a place, as bits */
    int place[PNAS_BLOCKS_MAX];      /* of a placed block */
    uint32_t code[PNAS_BLOCKS_MAX];  /* by place: what this order gives */
    uint32_t best[PNAS_BLOCKS_MAX];  /* the smallest whole code so far */
    bool found;
} ordering;

/* One side of a block in 16 bits whose order is that of (input, operator). */
static uint32_t pack_side(const ordering *order, int input, int op)
{
    int placed_input = input < 0 ? input : order->place[input];
    return (uint32_t)(placed_input + 2) << 8 | (uint32_t)op;
}

/* A block as it reads with the places given so far: 32 bits whose order is that of the code. */
static uint32_t pack_block(const ordering *order, int index)
{
    const pnas_block *block = &order->block[index];
    uint32_t left = pack_side(order, block->in1, block->op1);
    uint32_t right = pack_side(order, block->in2, block->op2);
    return left <= right ? left << 16 | right : right << 16 | left;
}

static int compare_codes(const uint32_t *a, const uint32_t *b, int count)
{
    for (int i = 0; i < count; ++i)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

static int exchange(int input, int a, int b)
{
    return input == a ? b : input == b ? a : input;
}

/* Whether the cell stays the same when the tied blocks a and b change places. */
static bool interchangeable(const ordering *order, int a, int b)
{
    uint32_t either = 1u << a | 1u << b;
    for (int i = 0; i < order->blocks; ++i) {
        if (!(order->needs[i] & either))
            continue;
        const pnas_block *block = &order->block[i];
        int in1 = exchange(block->in1, a, b), in2 = exchange(block->in2, a, b);
        bool as_it_was = in1 == block->in1 && in2 == block->in2;
        bool sides_swapped = in1 == block->in2 && in2 == block->in1 && block->op1 == block->op2;
        if (!as_it_was && !sides_swapped)
            return false;
    }
    return true;
}

/* The blocks (as bits) that have the smallest code for the next place; *code is that code. */
static uint32_t smallest_blocks(const ordering *order, uint32_t *code)
{
    uint32_t smallest = UINT32_MAX, tied = 0;
    for (int i = 0; i < order->blocks; ++i) {
        if (order->placed >> i & 1 || (order->needs[i] & ~order->placed))
            continue;
        uint32_t candidate = pack_block(order, i);
        if (candidate < smallest) {
            smallest = candidate;
            tied = 0;
        }
        if (candidate == smallest)
            tied |= 1u << i;
    }
    assert(tied); /* a valid cell has no cycle */
    *code = smallest;
    return tied;
}

static bool tried_before(const ordering *order, uint32_t tied, int block)
{
    for (int i = 0; i < block; ++i)
        if ((tied >> i & 1) && interchangeable(order, i, block))
            return true;
    return false;
}

static void fill_place(ordering *order, int place)
{
    if (place == order->blocks) {
        if (!order->found || compare_codes(order->code, order->best, place) < 0)
            memcpy(order->best, order->code, sizeof order->best);
        order->found = true;
        return;
    }
    uint32_t tied = smallest_blocks(order, &order->code[place]);
    if (order->found && compare_codes(order->code, order->best, place + 1) > 0)
        return;
    for (int i = 0; i < order->blocks; ++i) {
        if (!(tied >> i & 1) || tried_before(order, tied, i))
            continue;
        order->placed |= 1u << i;
        order->place[i] = place;
        fill_place(order, place + 1);
        order->placed &= ~(1u << i);
    }
}

static uint32_t needed_blocks(const pnas_block *block)
{
    return (block->in1 >= 0 ? 1u << block->in1 : 0) | (block->in2 >= 0 ? 1u << block->in2 : 0);
}

void pnas_cell_canonical(const pnas_cell *cell, pnas_cell *out)
{
    assert(cell->blocks >= 1 && cell->blocks <= PNAS_BLOCKS_MAX);
    ordering order = {.blocks = cell->blocks, .block = cell->block};
    for (int i = 0; i < cell->blocks; ++i)
        order.needs[i] = needed_blocks(&cell->block[i]);
    fill_place(&order, 0);
    pnas_cell result = {.blocks = cell->blocks}; /* unused blocks are zero, so equal cells are equal bytes */
    for (int i = 0; i < cell->blocks; ++i) {
        uint32_t code = order.best[i];
        result.block[i] = (pnas_block){.in1 = (int8_t)((int)(code >> 24) - 2),
                                       .op1 = (int8_t)(code >> 16 & 0xff),
                                       .in2 = (int8_t)((int)(code >> 8 & 0xff) - 2),
                                       .op2 = (int8_t)(code & 0xff)};
    }
    *out = result;
}

uint64_t pnas_cell_hash(const pnas_cell *cell)
{
    pnas_cell canonical;
    pnas_cell_canonical(cell, &canonical);
    uint64_t hash = 0xcbf29ce484222325u;
    for (int i = 0; i < canonical.blocks; ++i) {
        const int8_t code[4] = {canonical.block[i].in1, canonical.block[i].op1, canonical.block[i].in2,
                                canonical.block[i].op2};
        for (int j = 0; j < 4; ++j)
            hash = (hash ^ (uint8_t)code[j]) * 0x100000001b3u;
    }
    return hash;
}
