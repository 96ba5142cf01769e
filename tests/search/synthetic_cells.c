#include "tests/search/synthetic_cells.h"

#include "src/base/random.h"
#include "src/search/canonical.h"
#include "src/search/space_walk.h"

#include <stdlib.h>

pnas_space synthetic_space(int blocks)
{
    pnas_space space = {.blocks = blocks, .lookback = -2, .lookforward = -1};
    pnas_operator_set_paper(&space.operators);
    return space;
}

static double normal(uint64_t seed, uint64_t what, uint32_t number)
{
    pnas_stream stream = pnas_stream_make(seed, PNAS_STREAM_TEST, what, number);
    return pnas_stream_normal(&stream);
}

enum { WHAT_SIDE = 1, WHAT_PAIR, WHAT_NOISE, WHAT_CELLS, WHAT_OPERATOR, WHAT_INPUT };

static double side_effect(uint64_t seed, int input, int op)
{
    int kind = input < 0 ? input + 2 : 2;
    return SYNTHETIC_OPERATOR * normal(seed, WHAT_OPERATOR, (uint32_t)op) +
           SYNTHETIC_INPUT * normal(seed, WHAT_INPUT, (uint32_t)kind) +
           SYNTHETIC_SIDE * normal(seed, WHAT_SIDE, (uint32_t)(op * 3 + kind));
}

static double pair_effect(uint64_t seed, int a, int b)
{
    int low = a < b ? a : b, high = a < b ? b : a;
    return SYNTHETIC_PAIR * normal(seed, WHAT_PAIR, (uint32_t)(low * PNAS_OPERATORS_MAX + high));
}

double synthetic_accuracy(const pnas_cell *cell, uint64_t seed, double noise)
{
    double sum = 0;
    for (int i = 0; i < cell->blocks; ++i) {
        const pnas_block *block = &cell->block[i];
        sum += side_effect(seed, block->in1, block->op1) + side_effect(seed, block->in2, block->op2) +
               pair_effect(seed, block->op1, block->op2);
    }
    double value = 0.6 + 0.02 * (cell->blocks - 1) + sum / cell->blocks +
                   noise * normal(seed ^ pnas_cell_hash(cell), WHAT_NOISE, 0);
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

typedef struct {
    uint64_t seed;
    double noise;
    size_t count;
    pnas_table_entry *entry;
} table_maker;

static pnas_status add(void *payload, const pnas_cell *cell)
{
    table_maker *maker = payload;
    maker->entry[maker->count++] =
        (pnas_table_entry){.cell = *cell, .accuracy = synthetic_accuracy(cell, maker->seed, maker->noise)};
    return PNAS_OK;
}

static int8_t random_input(pnas_stream *stream, int block)
{
    return (int8_t)((int)pnas_stream_below(stream, (uint32_t)block + 2) - 2);
}

static void add_random(table_maker *maker, const pnas_space *space, int blocks, size_t more)
{
    pnas_stream stream = pnas_stream_make(maker->seed, PNAS_STREAM_TEST, WHAT_CELLS, (uint32_t)blocks);
    uint32_t operators = (uint32_t)space->operators.count;
    for (size_t first = maker->count; maker->count < first + more;) {
        pnas_cell drawn = {.blocks = blocks}, cell;
        for (int i = 0; i < blocks; ++i)
            drawn.block[i] =
                (pnas_block){random_input(&stream, i), (int8_t)pnas_stream_below(&stream, operators),
                             random_input(&stream, i), (int8_t)pnas_stream_below(&stream, operators)};
        pnas_cell_canonical(&drawn, &cell);
        bool known = false;
        for (size_t i = first; i < maker->count && !known; ++i)
            known = pnas_cell_compare(&maker->entry[i].cell, &cell) == 0;
        if (!known)
            add(maker, &cell);
    }
}

pnas_status synthetic_table(const pnas_space *space, size_t more, uint64_t seed, double noise,
                            pnas_cell_table **out)
{
    size_t sides = 2 * (size_t)space->operators.count, most = sides * sides + more * (size_t)space->blocks;
    table_maker maker = {.seed = seed, .noise = noise, .entry = calloc(most, sizeof *maker.entry)};
    PNAS_CHECK(maker.entry, PNAS_ERROR_MEMORY, "out of memory for a made-up table");
    pnas_status status = pnas_space_walk_unique(space, 1, add, &maker);
    for (int blocks = 2; blocks <= space->blocks && status == PNAS_OK; ++blocks)
        add_random(&maker, space, blocks, more);
    if (status == PNAS_OK)
        status = pnas_cell_table_create(space, maker.entry, maker.count, out, NULL);
    free(maker.entry);
    return status;
}
