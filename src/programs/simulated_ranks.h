/* Ranks that train in simulated time: the scheduler's own decisions (mpi/dispatch.h) about children whose
 * durations are known, with what messages and rank 0's answers take. Local.
 *
 * A rank trains one child at a time. A letter takes `latency`; rank 0 takes in one answer after another, each
 * for `answer_seconds`, and trains beside that. */
#ifndef PNAS_PROGRAMS_SIMULATED_RANKS_H
#define PNAS_PROGRAMS_SIMULATED_RANKS_H

#include "src/search/evaluator.h"

typedef struct {
    int ranks;
    const int *kind;       /* [ranks], of their devices; below PNAS_DEVICE_KINDS_MAX */
    double latency;        /* seconds from a letter's sending to the moment the receiver looks at it */
    double answer_seconds; /* of rank 0 for one answer: reading, journal, the next order */
} pnas_simulation_options;

typedef struct {
    double waited_seconds; /* ranks without a child while children waited for one, summed */
    double rank_0_seconds; /* rank 0 was busy with answers */
    int64_t prefetched;    /* children that waited at their rank before its last one was done */
} pnas_simulation_waits;

typedef struct pnas_simulated_ranks pnas_simulated_ranks;

pnas_status pnas_simulated_ranks_create(const pnas_simulation_options *options, pnas_simulated_ranks **out);
void pnas_simulated_ranks_destroy(pnas_simulated_ranks **ranks);

/* Seconds that `job` takes on a device of `kind`. */
typedef double (*pnas_job_duration)(void *payload, const pnas_job *job, int kind);

/* Trains `jobs`; *usage and *waits are those of this call. The clock goes on from call to call. */
pnas_status pnas_simulated_ranks_train(pnas_simulated_ranks *ranks, const pnas_job *jobs, size_t count,
                                       pnas_job_duration duration, void *payload, pnas_level_usage *usage,
                                       pnas_simulation_waits *waits);

#endif
