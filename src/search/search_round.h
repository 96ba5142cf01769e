/* Rounds of children drawn one by one, for strategies that train cells of B blocks only: levels before the
 * last have no children. No cell is drawn twice. With a table only its cells are drawn.
 *
 * A child is drawn from a stream of the seed and its index; children of a round are drawn from the children
 * before the round, so that what is drawn does not depend on which child is ready first. Local. */
#ifndef PNAS_SEARCH_SEARCH_ROUND_H
#define PNAS_SEARCH_SEARCH_ROUND_H

#include "src/base/random.h"
#include "src/search/search_state.h"

/* Which child is mutated; NULL: the cell is drawn at random, every input and operator equally likely. */
typedef const pnas_child *(*pnas_parent_choice)(const pnas_search *search, pnas_stream *stream);

/* Adds `size` children to level B, fewer where no cell is left, which ends the search. `choose`: NULL: there
 * are no parents. A mutant that is there already is drawn again, in the end at random; in a table it is the
 * nearest cell not taken yet. PNAS_ERROR_INTERNAL if size is 0; PNAS_ERROR_DATA if all children so far failed
 * or the table has no cell of B blocks. */
pnas_status pnas_round_propose(pnas_search *search, size_t size, pnas_parent_choice choose);

/* How many children level B has. */
size_t pnas_round_children(const pnas_search *search);

/* What such a strategy's `remaining` is: the budget less the children that are there, on level B. */
size_t pnas_round_remaining(const pnas_search *search, int blocks);

#endif
