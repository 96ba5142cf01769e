#include "tests/regression/random_cell.h"

static int8_t random_input(pnas_stream *stream, int block)
{
    return (int8_t)((int)pnas_stream_below(stream, (uint32_t)block + 2) - 2);
}

pnas_cell random_cell(pnas_stream *stream, int blocks, int operators)
{
    pnas_cell cell = {.blocks = blocks};
    for (int i = 0; i < blocks; ++i) {
        cell.block[i].in1 = random_input(stream, i);
        cell.block[i].op1 = (int8_t)pnas_stream_below(stream, (uint32_t)operators);
        cell.block[i].in2 = random_input(stream, i);
        cell.block[i].op2 = (int8_t)pnas_stream_below(stream, (uint32_t)operators);
    }
    return cell;
}
