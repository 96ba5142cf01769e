/* Which of a stream of predicted candidates become the next level: the best by acquisition, and a share of
 * places for those that the surrogate's members disagree about most (the diversity that the paper leaves to
 * future work). Local. */
#ifndef PNAS_SEARCH_SELECTION_H
#define PNAS_SEARCH_SELECTION_H

#include "src/search/beam.h"
#include "src/search/search_options.h"
#include "src/search/surrogate.h"

typedef struct {
    pnas_acquisition acquisition;
    double kappa, best;
    uint64_t seed, turn; /* of thompson's draws */
    pnas_beam chosen;    /* by acquisition */
    pnas_beam spread;    /* by spread, wide enough for those that were chosen already */
    size_t diverse;      /* places for the latter */
    size_t count;        /* chosen in all; after finish */
} pnas_selection;

/* At most min(options->beam, candidates) places; `best` is the highest accuracy so far; `turn` says which
 * choice of the search it is. */
pnas_status pnas_selection_create(const pnas_search_options *options, double best, uint64_t turn,
                                  size_t candidates, pnas_selection *out);
void pnas_selection_destroy(pnas_selection *selection);

/* The candidate's acquisition. */
double pnas_selection_value(const pnas_selection *selection, const pnas_cell *cell, double mean,
                            double spread);

/* What is chosen does not depend on the order of offers. */
void pnas_selection_offer(pnas_selection *selection, const pnas_cell *cell, double mean, double spread);

/* Sorts: those by acquisition, the best first, then the others, the widest spread first. Where scores are
 * equal the higher prediction is first, then the smaller code. Nothing may be offered afterwards. */
void pnas_selection_finish(pnas_selection *selection);

/* Offers every cell with the surrogate's prediction, to `also`, too, unless it is NULL. PNAS_ERROR_INTERNAL if a
 * prediction is no number. */
pnas_status pnas_selection_offer_all(pnas_selection *selection, pnas_selection *also,
                                     const pnas_surrogate *surrogate, const pnas_cell *cell, size_t count);

/* The same to one, which is finished. */
pnas_status pnas_selection_score(pnas_selection *selection, const pnas_surrogate *surrogate,
                                 const pnas_cell *cell, size_t count);

/* Borrowed. */
const pnas_beam_entry *pnas_selection_entry(const pnas_selection *selection, size_t index);

#endif
