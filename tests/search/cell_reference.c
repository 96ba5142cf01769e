#include "tests/search/cell_reference.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Writes the cell with block order[k] at place k. */
static pnas_cell write_in_order(const pnas_cell *cell, const int *order)
{
    pnas_cell out = {.blocks = cell->blocks};
    int place[PNAS_BLOCKS_MAX];
    for (int k = 0; k < cell->blocks; ++k)
        place[order[k]] = k;
    for (int k = 0; k < cell->blocks; ++k) {
        pnas_block block = cell->block[order[k]];
        block.in1 = (int8_t)(block.in1 < 0 ? block.in1 : place[block.in1]);
        block.in2 = (int8_t)(block.in2 < 0 ? block.in2 : place[block.in2]);
        out.block[k] = block;
    }
    return out;
}

static pnas_block swap_sides(pnas_block block)
{
    return (pnas_block){block.in2, block.op2, block.in1, block.op1};
}

static void sort_sides(pnas_cell *cell)
{
    for (int k = 0; k < cell->blocks; ++k) {
        pnas_block block = cell->block[k];
        if (block.in1 > block.in2 || (block.in1 == block.in2 && block.op1 > block.op2))
            cell->block[k] = swap_sides(block);
    }
}

/* Codes as text that strcmp orders alike. */
static int compare_codes(const pnas_cell *a, const pnas_cell *b)
{
    unsigned char left[4 * PNAS_BLOCKS_MAX], right[4 * PNAS_BLOCKS_MAX];
    memcpy(left, a->block, sizeof left);
    memcpy(right, b->block, sizeof right);
    for (size_t i = 0; i < sizeof left; ++i) {
        left[i] ^= 0x80; /* signed order as unsigned */
        right[i] ^= 0x80;
    }
    return memcmp(left, right, 4 * (size_t)a->blocks);
}

static bool ready(const pnas_cell *cell, int block, unsigned taken)
{
    const int inputs[2] = {cell->block[block].in1, cell->block[block].in2};
    for (int side = 0; side < 2; ++side)
        if (inputs[side] >= 0 && !(taken >> inputs[side] & 1))
            return false;
    return true;
}

static void try_orders(const pnas_cell *cell, int *order, int count, unsigned taken, pnas_cell *best)
{
    if (count == cell->blocks) {
        pnas_cell written = write_in_order(cell, order);
        sort_sides(&written);
        if (best->blocks == 0 || compare_codes(&written, best) < 0)
            *best = written;
        return;
    }
    for (int i = 0; i < cell->blocks; ++i) {
        if ((taken >> i & 1) || !ready(cell, i, taken))
            continue;
        order[count] = i;
        try_orders(cell, order, count + 1, taken | 1u << i, best);
    }
}

void reference_canonical(const pnas_cell *cell, pnas_cell *out)
{
    int order[PNAS_BLOCKS_MAX] = {0};
    pnas_cell best = {0};
    try_orders(cell, order, 0, 0, &best);
    *out = best;
}

pnas_cell reference_random_cell(pnas_stream *stream, int blocks, int operators)
{
    pnas_cell cell = {.blocks = blocks};
    for (int i = 0; i < blocks; ++i) {
        uint32_t inputs = (uint32_t)i + 2;
        cell.block[i].in1 = (int8_t)((int)pnas_stream_below(stream, inputs) - 2);
        cell.block[i].in2 = (int8_t)((int)pnas_stream_below(stream, inputs) - 2);
        cell.block[i].op1 = (int8_t)pnas_stream_below(stream, (uint32_t)operators);
        cell.block[i].op2 = (int8_t)pnas_stream_below(stream, (uint32_t)operators);
    }
    return cell;
}

pnas_cell reference_rewrite(pnas_stream *stream, const pnas_cell *cell)
{
    int order[PNAS_BLOCKS_MAX];
    unsigned taken = 0;
    for (int count = 0; count < cell->blocks;) {
        int block = (int)pnas_stream_below(stream, (uint32_t)cell->blocks);
        if ((taken >> block & 1) || !ready(cell, block, taken))
            continue;
        order[count++] = block;
        taken |= 1u << block;
    }
    pnas_cell out = write_in_order(cell, order);
    for (int k = 0; k < out.blocks; ++k)
        if (pnas_stream_below(stream, 2))
            out.block[k] = swap_sides(out.block[k]);
    return out;
}

void reference_set_add(reference_set *set, const pnas_cell *cell)
{
    if (set->count == set->room) {
        set->room = set->room ? 2 * set->room : 1024;
        set->cell = realloc(set->cell, set->room * sizeof *set->cell);
        cr_assert_not_null(set->cell);
    }
    set->cell[set->count++] = *cell;
}

static int compare_for_sort(const void *a, const void *b)
{
    return compare_codes(a, b);
}

void reference_set_sort_unique(reference_set *set)
{
    size_t kept = 0;
    qsort(set->cell, set->count, sizeof *set->cell, compare_for_sort);
    for (size_t i = 0; i < set->count; ++i)
        if (kept == 0 || compare_codes(&set->cell[kept - 1], &set->cell[i]) != 0)
            set->cell[kept++] = set->cell[i];
    set->count = kept;
}

bool reference_set_equal(const reference_set *a, const reference_set *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; ++i)
        if (a->cell[i].blocks != b->cell[i].blocks || compare_codes(&a->cell[i], &b->cell[i]) != 0)
            return false;
    return true;
}

void reference_set_free(reference_set *set)
{
    free(set->cell);
    *set = (reference_set){0};
}

static pnas_status walk_swap(const pnas_space *space, pnas_cell *cell, int blocks, pnas_cell_visitor visit,
                             void *payload)
{
    int place = cell->blocks, operators = space->operators.count;
    if (place == blocks)
        return visit(payload, cell);
    int8_t inputs[PNAS_BLOCKS_MAX + 2];
    int sides = pnas_space_inputs(space, place, inputs) * operators;
    for (int left = 0; left < sides; ++left)
        for (int right = left; right < sides; ++right) {
            cell->blocks = place + 1;
            cell->block[place] = (pnas_block){inputs[left / operators], (int8_t)(left % operators),
                                              inputs[right / operators], (int8_t)(right % operators)};
            PNAS_TRY(walk_swap(space, cell, blocks, visit, payload));
        }
    cell->blocks = place;
    return PNAS_OK;
}

pnas_status reference_walk_swap(const pnas_space *space, int blocks, pnas_cell_visitor visit, void *payload)
{
    pnas_cell cell = {0};
    return walk_swap(space, &cell, blocks, visit, payload);
}

static void add_codes(const pnas_space *space, pnas_cell *cell, int blocks, reference_set *out)
{
    int place = cell->blocks, operators = space->operators.count;
    if (place == blocks) {
        reference_set_add(out, cell);
        return;
    }
    cell->blocks = place + 1;
    int limit = space->lookforward < 0 || space->lookforward > place ? place : space->lookforward;
    for (int in1 = space->lookback; in1 < limit; ++in1)
        for (int op1 = 0; op1 < operators; ++op1)
            for (int in2 = space->lookback; in2 < limit; ++in2)
                for (int op2 = 0; op2 < operators; ++op2) {
                    cell->block[place] = (pnas_block){(int8_t)in1, (int8_t)op1, (int8_t)in2, (int8_t)op2};
                    add_codes(space, cell, blocks, out);
                }
    cell->blocks = place;
}

void reference_every_code(const pnas_space *space, int blocks, reference_set *out)
{
    pnas_cell cell = {0};
    add_codes(space, &cell, blocks, out);
}
