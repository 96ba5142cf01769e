/* The canonical form of a cell, and the hash of it. Two cells are the same network exactly if their canonical
 * forms are equal. Local; nothing here allocates. */
#ifndef PNAS_SEARCH_CANONICAL_H
#define PNAS_SEARCH_CANONICAL_H

#include "src/search/cell.h"

/* The smallest code over the order inside each block and every topological order of blocks, inputs renumbered
 * with it; order is that of pnas_cell_compare. The first blocks of a canonical form are a canonical form. The
 * cell must be valid. */
void pnas_cell_canonical(const pnas_cell *cell, pnas_cell *out);

/* FNV-1a, 64 bits, over the 4b bytes of the canonical code (the cell is made canonical first). Run files and
 * random streams depend on it. */
uint64_t pnas_cell_hash(const pnas_cell *cell);

#endif
