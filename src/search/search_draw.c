#include "src/search/search_draw.h"

#include "src/search/canonical.h"

static int8_t draw_input(const pnas_space *space, int block, pnas_stream *stream)
{
    int8_t inputs[PNAS_BLOCKS_MAX + 2];
    int count = pnas_space_inputs(space, block, inputs);
    return inputs[pnas_stream_below(stream, (uint32_t)count)];
}

static int8_t draw_operator(const pnas_space *space, pnas_stream *stream)
{
    return (int8_t)pnas_stream_below(stream, (uint32_t)space->operators.count);
}

void pnas_draw_cell(const pnas_space *space, pnas_stream *stream, pnas_cell *out)
{
    pnas_cell cell = {.blocks = space->blocks};
    for (int i = 0; i < cell.blocks; ++i) {
        cell.block[i].in1 = draw_input(space, i, stream);
        cell.block[i].op1 = draw_operator(space, stream);
        cell.block[i].in2 = draw_input(space, i, stream);
        cell.block[i].op2 = draw_operator(space, stream);
    }
    pnas_cell_canonical(&cell, out);
}

/* One of `count` values that is not `old`; `old` if there is no other. */
static int8_t draw_other(const int8_t *value, int count, int8_t old, pnas_stream *stream)
{
    int8_t other[PNAS_OPERATORS_MAX + PNAS_BLOCKS_MAX];
    uint32_t found = 0;
    for (int i = 0; i < count; ++i)
        if (value[i] != old)
            other[found++] = value[i];
    return found ? other[pnas_stream_below(stream, found)] : old;
}

/* What may stand in place of an input: the previous cells, and blocks written earlier. How many blocks of a
 * canonical cell may be read is asked of the outcome. */
static int8_t mutate_input(const pnas_space *space, int block, int8_t old, pnas_stream *stream)
{
    int8_t input[PNAS_BLOCKS_MAX + 2];
    int count = 0;
    for (int i = space->lookback; i < block; ++i)
        input[count++] = (int8_t)i;
    return draw_other(input, count, old, stream);
}

static int8_t mutate_operator(const pnas_space *space, int8_t old, pnas_stream *stream)
{
    int8_t code[PNAS_OPERATORS_MAX];
    for (int i = 0; i < space->operators.count; ++i)
        code[i] = (int8_t)i;
    return draw_other(code, space->operators.count, old, stream);
}

bool pnas_draw_mutation(const pnas_space *space, const pnas_cell *cell, pnas_stream *stream, pnas_cell *out)
{
    pnas_cell mutant = *cell;
    int place = (int)pnas_stream_below(stream, (uint32_t)cell->blocks);
    bool second = pnas_stream_below(stream, 2), input = pnas_stream_below(stream, 2);
    pnas_block *block = &mutant.block[place];
    int8_t *value = input ? (second ? &block->in2 : &block->in1) : (second ? &block->op2 : &block->op1);
    int8_t old = *value;
    *value = input ? mutate_input(space, place, old, stream) : mutate_operator(space, old, stream);
    if (*value == old || pnas_space_check(space, &mutant) != PNAS_OK)
        return false;
    pnas_cell_canonical(&mutant, out);
    return true;
}

size_t pnas_draw_entry(const bool *taken, size_t count, pnas_stream *stream)
{
    uint32_t seen = 0;
    size_t drawn = count;
    for (size_t i = 0; i < count; ++i)
        if (!taken[i] && pnas_stream_below(stream, ++seen) == 0)
            drawn = i;
    return drawn;
}

static int difference(const pnas_cell *a, const pnas_cell *b)
{
    int count = 0;
    for (int i = 0; i < a->blocks; ++i) {
        const pnas_block *x = &a->block[i], *y = &b->block[i];
        count += (x->in1 != y->in1) + (x->op1 != y->op1) + (x->in2 != y->in2) + (x->op2 != y->op2);
    }
    return count;
}

size_t pnas_draw_nearest(const pnas_table_entry *entry, const bool *taken, size_t count,
                         const pnas_cell *cell, pnas_stream *stream)
{
    uint32_t seen = 0;
    size_t drawn = count;
    int least = 4 * PNAS_BLOCKS_MAX + 1;
    for (size_t i = 0; i < count; ++i) {
        int distance = taken[i] ? least + 1 : difference(&entry[i].cell, cell);
        if (distance > least)
            continue;
        seen = distance < least ? 0 : seen;
        least = distance;
        if (pnas_stream_below(stream, ++seen) == 0)
            drawn = i;
    }
    return drawn;
}
