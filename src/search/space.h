/* The search space: which blocks may stand at each place, and what belongs to it. Paper section 3.1.
 * Local.
 *
 * With lookforward = n a cell of the space reads at most n of its own blocks: those can always be written
 * first. The canonical form of such a cell may write them elsewhere, so whether a network belongs to the
 * space is asked by their number (pnas_space_check), not by their places. */
#ifndef PNAS_SEARCH_SPACE_H
#define PNAS_SEARCH_SPACE_H

#include "src/search/cell.h"

typedef struct { /* a plain value */
    pnas_operator_set operators;
    int blocks;      /* B, 1 .. PNAS_BLOCKS_MAX */
    int lookback;    /* -1: only H(c-1); -2: H(c-1) and H(c-2) (input_lookback_depth in Keras) */
    int lookforward; /* -1: every earlier block may be read; n: only the first n blocks of the cell */
} pnas_space;

/* PNAS_ERROR_USAGE unless all fields are in their ranges. */
pnas_status pnas_space_validate(const pnas_space *space);

/* The inputs that block number `block` (0-based) may read where a cell is written with the blocks that others
 * read first, ascending (-2, -1, 0, ...); returns how many. Canonical forms may read any earlier block. */
int pnas_space_inputs(const pnas_space *space, int block, int8_t out[PNAS_BLOCKS_MAX + 2]);

/* PNAS_ERROR_DATA unless the cell, in whatever order its blocks are written, is a network of the space with
 * at most space->blocks blocks. */
pnas_status pnas_space_check(const pnas_space *space, const pnas_cell *cell);

/* Called for each cell; a status other than PNAS_OK ends the walk and is returned by it. */
typedef pnas_status (*pnas_cell_visitor)(void *payload, const pnas_cell *cell);

/* How many unique cells of one block the space has. */
size_t pnas_space_one_block_cells(const pnas_space *space);

#endif
