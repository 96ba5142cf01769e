#include "src/search/block_list.h"

#include <stdlib.h>

pnas_status pnas_block_list_create(const pnas_space *space, int earlier, pnas_block_list *out)
{
    pnas_space reach = *space;
    reach.lookforward = -1;
    int8_t inputs[PNAS_BLOCKS_MAX + 2];
    int operators = space->operators.count;
    int sides = pnas_space_inputs(&reach, earlier, inputs) * operators;
    size_t count = (size_t)sides * (size_t)(sides + 1) / 2;
    pnas_block *block = malloc(count * sizeof *block);
    PNAS_CHECK(block, PNAS_ERROR_MEMORY, "out of memory for a list of %zu blocks", count);
    size_t next = 0;
    for (int left = 0; left < sides; ++left)
        for (int right = left; right < sides; ++right)
            block[next++] = (pnas_block){.in1 = inputs[left / operators],
                                         .op1 = (int8_t)(left % operators),
                                         .in2 = inputs[right / operators],
                                         .op2 = (int8_t)(right % operators)};
    *out = (pnas_block_list){.count = count, .block = block};
    return PNAS_OK;
}

void pnas_block_list_destroy(pnas_block_list *list)
{
    free(list->block);
    *list = (pnas_block_list){0};
}
