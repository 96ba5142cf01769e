/* The surrogate of a search over all ranks: its members are fit, and candidates scored, wherever a rank is
 * free. Members are fit alone and pieces of candidates predicted alone, each the same wherever it is done,
 * and put together in their order, so the figures do not depend on the number of ranks. */
#ifndef PNAS_RUN_SURROGATE_RANKS_H
#define PNAS_RUN_SURROGATE_RANKS_H

#include "cl/surrogate/surrogate_ensemble.h"
#include "mpi/scheduler.h"

typedef struct pnas_surrogate_ranks pnas_surrogate_ranks;

/* On every rank; becomes the scheduler's helper. All are borrowed for its life. Local. */
pnas_status pnas_surrogate_ranks_create(pnas_cl *cl, const pnas_surrogate_options *options,
                                        const pnas_space *space, pnas_scheduler *scheduler,
                                        pnas_surrogate_ranks **out);
void pnas_surrogate_ranks_destroy(pnas_surrogate_ranks **ranks); /* before the scheduler */

/* On rank 0: this rank's copy of the ensemble, which has all members after a fit. Borrowed. */
pnas_ensemble *pnas_surrogate_ranks_ensemble(pnas_surrogate_ranks *ranks);

/* On rank 0: the surrogate for the search. */
pnas_surrogate pnas_surrogate_ranks_surrogate(pnas_surrogate_ranks *ranks);

/* On rank 0: from when to when each rank was at the last fit, and at the scoring that followed it; [ranks],
 * borrowed. */
const pnas_rank_span *pnas_surrogate_ranks_fit_spans(const pnas_surrogate_ranks *ranks);
const pnas_rank_span *pnas_surrogate_ranks_score_spans(const pnas_surrogate_ranks *ranks);

/* On rank 0, after weights were set in its ensemble: all ranks hold them. Every member must have some. */
pnas_status pnas_surrogate_ranks_broadcast(pnas_surrogate_ranks *ranks);

/* The same, and fits start from them on all ranks (pnas_ensemble_start_from). */
pnas_status pnas_surrogate_ranks_start(pnas_surrogate_ranks *ranks);

#endif
