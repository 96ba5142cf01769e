#include "src/search/first_cells.h"

#include "src/base/random.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 256 }; /* an int8, read as unsigned */

typedef struct { /* how often sides of blocks have each operator, input and pair of both */
    uint32_t op[PNAS_OPERATORS_MAX], input[INPUTS], pair[INPUTS][PNAS_OPERATORS_MAX];
} tally;

typedef struct {
    tally chosen;
    uint32_t operators, inputs, pairs; /* of how many that the cells have at all */
} design;

/* What one more adds to the sum of the squares of `kinds` frequencies, which is least where they are equal.
 * Squares count `kinds` times, so that operators, inputs and pairs weigh alike. */
static uint64_t add_one(uint32_t *frequency, uint32_t kinds)
{
    return (uint64_t)kinds * (2 * (uint64_t)(*frequency)++ + 1);
}

static uint64_t add_side(design *to, int8_t input, int8_t op)
{
    uint8_t i = (uint8_t)input;
    return add_one(&to->chosen.op[op], to->operators) + add_one(&to->chosen.input[i], to->inputs) +
           add_one(&to->chosen.pair[i][op], to->pairs);
}

static uint64_t add_cell(design *to, const pnas_cell *cell)
{
    const pnas_block *block = &cell->block[0];
    return add_side(to, block->in1, block->op1) + add_side(to, block->in2, block->op2);
}

static void remove_side(tally *from, int8_t input, int8_t op)
{
    uint8_t i = (uint8_t)input;
    --from->op[op];
    --from->input[i];
    --from->pair[i][op];
}

static uint64_t cost_of(design *with, const pnas_cell *cell)
{
    const pnas_block *block = &cell->block[0];
    uint64_t cost = add_cell(with, cell);
    remove_side(&with->chosen, block->in1, block->op1);
    remove_side(&with->chosen, block->in2, block->op2);
    return cost;
}

/* Counts what the cells have, then starts from nothing. */
static void begin(design *d, const pnas_cell *cell, size_t count)
{
    memset(d, 0, sizeof *d);
    for (size_t c = 0; c < count; ++c)
        add_cell(d, &cell[c]);
    for (int i = 0; i < INPUTS; ++i) {
        d->inputs += d->chosen.input[i] > 0;
        for (int o = 0; o < PNAS_OPERATORS_MAX; ++o)
            d->pairs += d->chosen.pair[i][o] > 0;
    }
    for (int o = 0; o < PNAS_OPERATORS_MAX; ++o)
        d->operators += d->chosen.op[o] > 0;
    memset(&d->chosen, 0, sizeof d->chosen);
}

/* The first of `order` that is not taken and costs least. */
static size_t choose(design *d, const pnas_cell *cell, const uint32_t *order, const bool *taken, size_t count)
{
    size_t best = count;
    uint64_t least = UINT64_MAX;
    for (size_t k = 0; k < count; ++k) {
        size_t c = order[k];
        uint64_t cost = taken[c] ? UINT64_MAX : cost_of(d, &cell[c]);
        if (cost < least) {
            least = cost;
            best = c;
        }
    }
    return best;
}

pnas_status pnas_first_cells_choose(pnas_cell *cell, size_t count, size_t wanted, uint64_t seed)
{
    assert(wanted <= count);
    if (wanted == count)
        return PNAS_OK;
    pnas_stream stream = pnas_stream_make(seed, PNAS_STREAM_FIRST_CELLS, 0, 0);
    design *d = malloc(sizeof *d);
    uint32_t *order = malloc((count + 1) * sizeof *order);
    bool *taken = calloc(count + 1, sizeof *taken);
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(d && order && taken, PNAS_ERROR_MEMORY, "out of memory for %zu one-block cells",
                       count);
    begin(d, cell, count);
    for (size_t c = 0; c < count; ++c)
        order[c] = (uint32_t)c;
    pnas_stream_shuffle(&stream, order, count);
    for (size_t i = 0; i < wanted; ++i) {
        size_t c = choose(d, cell, order, taken, count);
        taken[c] = true;
        add_cell(d, &cell[c]);
    }
    for (size_t c = 0, kept = 0; c < count; ++c)
        if (taken[c])
            cell[kept++] = cell[c];
cleanup:
    free(d);
    free(order);
    free(taken);
    return status;
}

pnas_status pnas_first_cells_largest(const pnas_cell *cell, size_t count, size_t wanted, int blocks,
                                     uint64_t seed, pnas_cell *out)
{
    assert(wanted <= count);
    pnas_stream stream = pnas_stream_make(seed, PNAS_STREAM_FIRST_CELLS, 0, 0);
    uint32_t *order = malloc((count + 1) * sizeof *order);
    size_t chosen = 0;
    PNAS_CHECK(order, PNAS_ERROR_MEMORY, "out of memory for %zu cells to begin with", count);
    for (size_t c = 0; c < count; ++c)
        order[c] = (uint32_t)c;
    pnas_stream_shuffle(&stream, order, count);
    for (int size = blocks; size >= 1; --size)
        for (size_t i = 0; i < count && chosen < wanted; ++i)
            if (cell[order[i]].blocks == size)
                out[chosen++] = cell[order[i]];
    free(order);
    return PNAS_OK;
}
