#include "src/run/child_memory.h"

/* A cell whose every block applies one operator to two inputs of previous cells: no block reads another, so
 * that all outputs are concatenated under every rule. */
static pnas_cell uniform_cell(const pnas_space *space, int op, int8_t in1, int8_t in2)
{
    pnas_cell cell = {.blocks = space->blocks};
    for (int i = 0; i < cell.blocks; i++)
        cell.block[i] = (pnas_block){in1, (int8_t)op, in2, (int8_t)op};
    return cell;
}

pnas_status pnas_child_memory_largest(pnas_trainer *trainer, const pnas_space *space, pnas_cell *cell,
                                      uint64_t *bytes)
{
    *bytes = 0;
    for (int op = 0; op < space->operators.count; op++)
        for (int8_t in1 = (int8_t)space->lookback; in1 < 0; in1++)
            for (int8_t in2 = in1; in2 < 0; in2++) {
                pnas_cell candidate = uniform_cell(space, op, in1, in2);
                uint64_t needed = 0;
                PNAS_TRY(pnas_trainer_memory(trainer, &candidate, &needed));
                if (needed > *bytes) {
                    *bytes = needed;
                    *cell = candidate;
                }
            }
    return PNAS_OK;
}
