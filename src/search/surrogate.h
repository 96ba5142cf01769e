/* The surrogate as the search sees it: two callbacks, and how a search's children are shown to it. Paper
 * section 4.2. Local. */
#ifndef PNAS_SEARCH_SURROGATE_H
#define PNAS_SEARCH_SURROGATE_H

#include "src/search/level.h"

typedef struct { /* cells may be of several lengths */
    /* Fits on all of `cells`; `level` is the level just finished. Deterministic in its arguments. */
    pnas_status (*fit)(void *payload, int level, const pnas_cell *cells, const double *accuracy,
                       size_t count);
    /* Predicts mean and spread (0 where there is one model) for each cell. */
    pnas_status (*predict)(void *payload, const pnas_cell *cells, size_t count, double *mean, double *spread);
    void *payload;
} pnas_surrogate;

/* Fits on the children of level[0 .. levels): the done ones, the stopped ones with what is expected of
 * them, and, where failed_reward is above 0, the failed ones as if that were their accuracy. *seconds: what the fit
 * took. PNAS_ERROR_DATA if none was trained. */
pnas_status pnas_surrogate_fit_levels(const pnas_surrogate *surrogate, const pnas_level *level, int levels,
                                      double failed_reward, double *seconds);

#endif
