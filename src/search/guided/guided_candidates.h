/* Which cells a round of the guided strategy may choose. Local.
 *
 * Where a table limits the search these are its cells. Else they are all unique cells of 1 to B blocks, if these
 * are PNAS_GUIDED_WALK_MAX at most: so many are scored in seconds. A larger space is searched by beams: cells of
 * one block, then of each further block the extensions of the best PNAS_GUIDED_BEAM that were scored and of the
 * best that were trained; and all cells that differ from one of the best trained in one input or operator. */
#ifndef PNAS_SEARCH_GUIDED_CANDIDATES_H
#define PNAS_SEARCH_GUIDED_CANDIDATES_H

#include "src/search/cell_list.h"
#include "src/search/search_state.h"
#include "src/search/selection.h"

enum { PNAS_GUIDED_WALK_MAX = 50000, PNAS_GUIDED_BEAM = 16 };

/* Cells to begin with, sorted: the table's or the whole space's, or some of each number of blocks drawn by the seed.
 * The array of `out` is the caller's also after a failure. */
pnas_status pnas_guided_first(const pnas_search *search, pnas_cell_list *out);

/* Scores the candidates that were not trained and offers them to `selection`, which is then finished;
 * scored[b]: how many of them have b blocks, [PNAS_BLOCKS_MAX + 1]. */
pnas_status pnas_guided_offer(const pnas_search *search, const pnas_surrogate *surrogate,
                              pnas_selection *selection, uint64_t *scored);

#endif
