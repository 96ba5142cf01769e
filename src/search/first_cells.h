/* The one-block cells that a search begins with where it does not train all of them. Local. */
#ifndef PNAS_SEARCH_FIRST_CELLS_H
#define PNAS_SEARCH_FIRST_CELLS_H

#include "src/search/cell.h"

/* Moves `wanted` of cell[0 .. count) to the front, in the order in which they stood. They are chosen one after the
 * other: each time one that the block's sides have seen least of, so that operators, inputs and pairs of input and
 * operator are as equally frequent as `cells` allows. Among equals the seed decides. wanted <= count. */
pnas_status pnas_first_cells_choose(pnas_cell *cell, size_t count, size_t wanted, uint64_t seed);

#endif
