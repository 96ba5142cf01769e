/* Which candidates of a shortlist are trained side by side in one round. Local.
 *
 * The best by the acquisition comes first. Each that is chosen is then believed to reach no more than the median of
 * the children so far (the "constant liar" of Ginsbourger et al. 2010), and pulls the predictions of its like
 * towards that, the more the more sides of blocks (an operator and its kind of input) they share with it. So the
 * next one is another kind of cell, unless its like are much better than all others. */
#ifndef PNAS_SEARCH_ROUND_CHOICE_H
#define PNAS_SEARCH_ROUND_CHOICE_H

#include "src/search/cell_list.h"
#include "src/search/selection.h"

/* Moves the round's entries, at most `places`, to the front of `selection`, which is finished, in the order in which
 * they are chosen; its count is then how many there are. Its share for diversity is that of the places. `lie`: the
 * median. `unknown`: cells of children whose results are not known yet, which pull like those of the round. */
pnas_status pnas_round_choose(pnas_selection *selection, size_t places, double diversity, double lie,
                              const pnas_cell_list *unknown);

#endif
