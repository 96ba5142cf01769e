/* Which results a round of the guided strategy is chosen by. Local.
 *
 * With search.overlap a round does not wait for the rounds just before it: it is chosen by the results of all
 * children but the last search.lag rounds, whatever of these is finished. So what is chosen does not depend on how
 * long children take, and is the same for any number of ranks and after any stop. */
#ifndef PNAS_SEARCH_KNOWN_RESULTS_H
#define PNAS_SEARCH_KNOWN_RESULTS_H

#include "src/search/cell_list.h"
#include "src/search/search_state.h"

enum { PNAS_GUIDED_LEAST = 4 }; /* results that a surrogate is fit to, at least */

/* How many children may be in training when a round is chosen: those of the last `lag` rounds, or none. */
size_t pnas_guided_lag(const pnas_search_options *options);

/* How many children, in the order in which they were proposed, the next round is chosen by: all but the lag, at
 * least PNAS_GUIDED_LEAST, and, while none of these is done, as many as there are up to the first that is. */
size_t pnas_guided_known(const pnas_search *search);

/* The search as it would be if all children after the first `known` were pending; *out borrows all but the children
 * themselves, and is freed after failures, too. */
pnas_status pnas_guided_view(const pnas_search *search, size_t known, pnas_search *out);
void pnas_guided_view_free(pnas_search *view);

/* The cells of the children after the first `known`, in the order of levels; the array of `out` is the caller's. */
pnas_status pnas_guided_unknown(const pnas_search *search, size_t known, pnas_cell_list *out);

#endif
