/* A cell: blocks of (input, operator) + (input, operator). Paper section 3.1.
 *
 * Code: int8 [b][4] as (in1, op1, in2, op2). Inputs: -1 is H(c-1), -2 is H(c-2), 0 .. b-2 earlier blocks of
 * this cell. Operators: index into the run's operator set.
 * Text: "-2:sep5+-2:max3 | -1:sep7+-1:max3". A plain value throughout; nothing here allocates. */
#ifndef PNAS_SEARCH_CELL_H
#define PNAS_SEARCH_CELL_H

#include "src/base/status.h"
#include "src/search/operator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PNAS_BLOCKS_MAX    10
#define PNAS_CELL_TEXT_MAX 640 /* enough for PNAS_BLOCKS_MAX blocks of the longest names, with the zero */

typedef struct {
    int8_t in1, op1, in2, op2;
} pnas_block;

typedef struct {
    int blocks;
    pnas_block block[PNAS_BLOCKS_MAX];
} pnas_cell;

/* Canonical form: the smallest code over the order inside each block and every topological order of blocks,
 * inputs renumbered with it. Codes are compared block by block from the first, as (in1, op1, in2, op2), each
 * a signed number. Two cells are the same network exactly if their canonical forms are equal; the first
 * blocks of a canonical form are a canonical form. The cell must be valid. */
void pnas_cell_canonical(const pnas_cell *cell, pnas_cell *out);

/* Order by the number of blocks, then by code as above; 0 exactly if equal. */
int pnas_cell_compare(const pnas_cell *a, const pnas_cell *b);

/* FNV-1a, 64 bits, over the 4b bytes of the canonical code (the cell is made canonical first). Run files and
 * random streams depend on it. */
uint64_t pnas_cell_hash(const pnas_cell *cell);

/* Bit i is set if some block of the cell reads block i; *reads_previous gets bit 0 for -1 and bit 1 for -2.
 */
uint32_t pnas_cell_used(const pnas_cell *cell, uint32_t *reads_previous);

/* PNAS_ERROR_DATA unless every input and operator is possible with `set`. */
pnas_status pnas_cell_validate(const pnas_cell *cell, const pnas_operator_set *set);

/* Text, and back. Parsing also takes the seed's spelling of operators; spaces do not matter around '|', '+'
 * and ':'. PNAS_ERROR_DATA names the block and the word that is wrong. */
void pnas_cell_format(const pnas_cell *cell, const pnas_operator_set *set, char out[PNAS_CELL_TEXT_MAX]);
pnas_status pnas_cell_parse(const char *text, const pnas_operator_set *set, pnas_cell *out);

#endif
