/* Ranks that train in simulated time: the scheduler's own decisions (mpi/dispatch.h) about children whose
 * durations are known, with what messages and rank 0's work on results takes. Local.
 *
 * A rank trains one child at a time. A message takes `latency`; rank 0 takes in one result after another,
 * each for `result_seconds`, and trains besides. */
#ifndef PNAS_RUN_SIMULATED_RANKS_H
#define PNAS_RUN_SIMULATED_RANKS_H

#include "src/search/evaluator.h"

typedef struct {
    int ranks;
    const int *kind;       /* [ranks], of their devices; below PNAS_DEVICE_KINDS_MAX */
    double latency;        /* seconds from a message's sending to the moment the receiver looks at it */
    double result_seconds; /* of rank 0 for one result: reading, journal, the next job */
} pnas_simulation_options;

typedef struct {
    double waited_seconds; /* ranks without a child while children waited for one, summed */
    double rank_0_seconds; /* rank 0 was busy with results */
    int64_t prefetched;    /* children that waited at their rank before its last one was done */
} pnas_simulation_waits;

typedef struct {                                          /* all may be NULL */
    void (*on_start)(void *payload, const pnas_job *job); /* a child was handed out */
    /* A child has been taken in by rank 0. */
    pnas_status (*on_done)(void *payload, const pnas_job *job);
    /* A lane is free and no job waits; those at work are expected to take `left` seconds more. Jobs (the
     * caller's until the next call) that this training need not wait for, which can be handed out after so
     * many seconds. Called once after each child at most. */
    pnas_status (*on_idle)(void *payload, double left, const pnas_job **jobs, size_t *count, double *seconds);
    /* At the start and after a child, unless jobs are on the way: jobs (as above) that this training is to end with,
     * and whether more may follow once the oldest are done. */
    pnas_status (*on_change)(void *payload, const pnas_job **jobs, size_t *count, double *seconds,
                             bool *more);
    void *payload;
} pnas_simulation_listener;

typedef struct pnas_simulated_ranks pnas_simulated_ranks;

pnas_status pnas_simulated_ranks_create(const pnas_simulation_options *options, pnas_simulated_ranks **out);
void pnas_simulated_ranks_destroy(pnas_simulated_ranks **ranks);

/* Seconds that `job` takes on a device of `kind`. */
typedef double (*pnas_job_duration)(void *payload, const pnas_job *job, int kind);

/* Borrowed; NULL: nobody listens, as at first. */
void pnas_simulated_ranks_listen(pnas_simulated_ranks *ranks, const pnas_simulation_listener *listener);

/* The clock goes on by `seconds`, during which children that were given beyond a training (on_idle) end. */
pnas_status pnas_simulated_ranks_pass(pnas_simulated_ranks *ranks, double seconds);

/* Trains `jobs`; *usage and *waits are those of this call. The clock goes on from call to call. What on_idle
 * gave and is still at work then goes on, and belongs into the next call's jobs unless it ends before. */
pnas_status pnas_simulated_ranks_train(pnas_simulated_ranks *ranks, const pnas_job *jobs, size_t count,
                                       pnas_job_duration duration, void *payload, pnas_level_usage *usage,
                                       pnas_simulation_waits *waits);

#endif
