/* The search space: which blocks may stand at each place, and its enumeration. Paper section 3.1.
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
    int lookback;    /* -1: only H(c-1); -2: H(c-1) and H(c-2) (the seed's input_lookback_depth) */
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

/* Every cell of `blocks` blocks over pnas_space_inputs with in-block order removed ("swap-canonical"), in
 * lexicographic order. */
pnas_status pnas_space_walk_swap(const pnas_space *space, int blocks, pnas_cell_visitor visit, void *payload);

/* Every network of the space with `blocks` blocks once, as its canonical form ("unique"), in lexicographic
 * order. */
pnas_status pnas_space_walk_unique(const pnas_space *space, int blocks, pnas_cell_visitor visit,
                                   void *payload);

/* The canonical forms of `parents` extended by every block that keeps them in the space, without duplicates,
 * sorted. PNAS_ERROR_DATA if a parent is outside the space or already has all its blocks. *out is the
 * caller's (free); NULL if there is none. */
pnas_status pnas_space_expand(const pnas_space *space, const pnas_cell *parents, size_t count,
                              pnas_cell **out, size_t *out_count);

/* Size of the space in the paper's counting: the product of |I|^2 |O|^2 over blocks. */
double pnas_space_size(const pnas_space *space);

#endif
