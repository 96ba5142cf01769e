#include "src/search/space.h"

pnas_status pnas_space_validate(const pnas_space *space)
{
    PNAS_CHECK(space->operators.count >= 1 && space->operators.count <= PNAS_OPERATORS_MAX, PNAS_ERROR_USAGE,
               "the search space has %d operators; it must have 1 to %d", space->operators.count,
               PNAS_OPERATORS_MAX);
    PNAS_CHECK(space->blocks >= 1 && space->blocks <= PNAS_BLOCKS_MAX, PNAS_ERROR_USAGE,
               "a cell of the search space has %d blocks; it must have 1 to %d", space->blocks,
               PNAS_BLOCKS_MAX);
    PNAS_CHECK(space->lookback == -1 || space->lookback == -2, PNAS_ERROR_USAGE,
               "the lookback is %d; it must be -1 (the previous cell) or -2 (the two previous cells)",
               space->lookback);
    PNAS_CHECK(space->lookforward >= -1, PNAS_ERROR_USAGE,
               "the lookforward is %d; it must be -1 (no limit) or the number of blocks that may be read",
               space->lookforward);
    return PNAS_OK;
}

int pnas_space_inputs(const pnas_space *space, int block, int8_t out[PNAS_BLOCKS_MAX + 2])
{
    int count = 0;
    for (int previous = space->lookback; previous <= -1; ++previous)
        out[count++] = (int8_t)previous;
    bool limited = space->lookforward >= 0 && space->lookforward < block;
    int earlier = limited ? space->lookforward : block;
    for (int i = 0; i < earlier; ++i)
        out[count++] = (int8_t)i;
    return count;
}

pnas_status pnas_space_check(const pnas_space *space, const pnas_cell *cell)
{
    PNAS_TRY(pnas_cell_validate(cell, &space->operators));
    PNAS_CHECK(cell->blocks <= space->blocks, PNAS_ERROR_DATA,
               "a cell has %d blocks; this search space has cells of at most %d", cell->blocks,
               space->blocks);
    uint32_t previous;
    int used = __builtin_popcount(pnas_cell_used(cell, &previous));
    PNAS_CHECK(space->lookback == -2 || !(previous & 2), PNAS_ERROR_DATA,
               "a cell reads input -2; in this search space the lookback is -1");
    PNAS_CHECK(space->lookforward < 0 || used <= space->lookforward, PNAS_ERROR_DATA,
               "a cell reads %d of its own blocks; in this search space the lookforward is %d", used,
               space->lookforward);
    return PNAS_OK;
}

size_t pnas_space_one_block_cells(const pnas_space *space)
{
    int8_t inputs[PNAS_BLOCKS_MAX + 2];
    size_t sides = (size_t)pnas_space_inputs(space, 0, inputs) * (size_t)space->operators.count;
    return sides * (sides + 1) / 2;
}
