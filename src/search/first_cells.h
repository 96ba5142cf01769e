/* The cells that a search begins with where it does not train all of one block. Local. */
#ifndef PNAS_SEARCH_FIRST_CELLS_H
#define PNAS_SEARCH_FIRST_CELLS_H

#include "src/search/cell.h"

/* Moves `wanted` of cell[0 .. count) to the front, in the order in which they stood. They are chosen one after the
 * other: each time one that the block's sides have seen least of, so that operators, inputs and pairs of input and
 * operator are as equally frequent as `cells` allows. Among equals the seed decides. wanted <= count. */
pnas_status pnas_first_cells_choose(pnas_cell *cell, size_t count, size_t wanted, uint64_t seed);

/* Of cells of 1 to `blocks` blocks, into out[wanted]: those of `blocks` blocks, of a block less where there are no
 * others, and so on. Those of one size are drawn by the seed with equal chances: unlike the above, so that some cells
 * repeat an operator, from which more is learned than from equal mixtures. wanted <= count. */
pnas_status pnas_first_cells_largest(const pnas_cell *cell, size_t count, size_t wanted, int blocks,
                                     uint64_t seed, pnas_cell *out);

#endif
