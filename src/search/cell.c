#include "src/search/cell.h"

static int compare_blocks(const pnas_block *a, const pnas_block *b)
{
    if (a->in1 != b->in1)
        return a->in1 < b->in1 ? -1 : 1;
    if (a->op1 != b->op1)
        return a->op1 < b->op1 ? -1 : 1;
    if (a->in2 != b->in2)
        return a->in2 < b->in2 ? -1 : 1;
    if (a->op2 != b->op2)
        return a->op2 < b->op2 ? -1 : 1;
    return 0;
}

int pnas_input_kind(int input)
{
    return input < 0 ? input + 2 : PNAS_INPUT_KINDS - 1;
}

int pnas_cell_compare(const pnas_cell *a, const pnas_cell *b)
{
    if (a->blocks != b->blocks)
        return a->blocks < b->blocks ? -1 : 1;
    for (int i = 0; i < a->blocks; ++i) {
        int order = compare_blocks(&a->block[i], &b->block[i]);
        if (order != 0)
            return order;
    }
    return 0;
}

uint32_t pnas_cell_used(const pnas_cell *cell, uint32_t *reads_previous)
{
    uint32_t used = 0, previous = 0;
    for (int i = 0; i < cell->blocks; ++i) {
        const int inputs[2] = {cell->block[i].in1, cell->block[i].in2};
        for (int side = 0; side < 2; ++side) {
            if (inputs[side] >= 0)
                used |= 1u << inputs[side];
            else
                previous |= 1u << (-1 - inputs[side]);
        }
    }
    if (reads_previous)
        *reads_previous = previous;
    return used;
}

static pnas_status validate_side(const pnas_operator_set *set, int block, int input, int op)
{
    PNAS_CHECK(input >= -2 && input < block, PNAS_ERROR_DATA,
               "block %d of a cell reads input %d; it may read -2, -1 and the blocks before it", block,
               input);
    PNAS_CHECK(op >= 0 && op < set->count, PNAS_ERROR_DATA,
               "block %d of a cell has operator number %d; this run's operators are numbered 0 to %d", block,
               op, set->count - 1);
    return PNAS_OK;
}

pnas_status pnas_cell_validate(const pnas_cell *cell, const pnas_operator_set *set)
{
    PNAS_CHECK(cell->blocks >= 1 && cell->blocks <= PNAS_BLOCKS_MAX, PNAS_ERROR_DATA,
               "a cell has %d blocks; it must have 1 to %d", cell->blocks, PNAS_BLOCKS_MAX);
    for (int i = 0; i < cell->blocks; ++i) {
        PNAS_TRY(validate_side(set, i, cell->block[i].in1, cell->block[i].op1));
        PNAS_TRY(validate_side(set, i, cell->block[i].in2, cell->block[i].op2));
    }
    return PNAS_OK;
}
