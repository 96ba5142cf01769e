/* A cell: blocks of (input, operator) + (input, operator). Paper section 3.1.
 *
 * Code: int8 [b][4] as (in1, op1, in2, op2). Inputs: -1 is H(c-1), -2 is H(c-2), 0 .. b-2 earlier blocks of
 * this cell. Operators: index into the run's operator set.
 * A plain value throughout; nothing here allocates. Local. */
#ifndef PNAS_SEARCH_CELL_H
#define PNAS_SEARCH_CELL_H

#include "src/base/status.h"
#include "src/search/operator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PNAS_BLOCKS_MAX 10

typedef struct {
    int8_t in1, op1, in2, op2;
} pnas_block;

typedef struct {
    int blocks;
    pnas_block block[PNAS_BLOCKS_MAX];
} pnas_cell;

/* Of an input: H(c-2), H(c-1), and one kind for all earlier blocks, as cells of the next level read blocks that cells so
 * far do not have. */
enum { PNAS_INPUT_KINDS = 3 };
int pnas_input_kind(int input);

/* Order by the number of blocks, then by code, block by block from the first, as (in1, op1, in2, op2), each a
 * signed number; 0 exactly if equal. */
int pnas_cell_compare(const pnas_cell *a, const pnas_cell *b);

/* Bit i is set if some block of the cell reads block i; *reads_previous gets bit 0 for -1 and bit 1 for -2. */
uint32_t pnas_cell_used(const pnas_cell *cell, uint32_t *reads_previous);

/* PNAS_ERROR_DATA unless every input and operator is possible with `set`. */
pnas_status pnas_cell_validate(const pnas_cell *cell, const pnas_operator_set *set);

#endif
