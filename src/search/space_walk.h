/* The enumeration of a search space. Paper section 3.1. Local. */
#ifndef PNAS_SEARCH_SPACE_WALK_H
#define PNAS_SEARCH_SPACE_WALK_H

#include "src/search/space.h"

/* Every network of the space with `blocks` blocks once, as its canonical form ("unique"), in lexicographic
 * order. PNAS_ERROR_USAGE unless `blocks` is from 1 to PNAS_BLOCKS_MAX. */
pnas_status pnas_space_walk_unique(const pnas_space *space, int blocks, pnas_cell_visitor visit,
                                   void *payload);

#endif
