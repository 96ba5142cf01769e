/* Children of one level over the ranks. Rank 0 hands out and trains too; the others ask when they are free.
 *
 * A rank has lanes: so many children are trained at once there, each in a thread of its own. Everything else
 * happens in the thread that calls these functions, which alone speaks MPI and never waits for a child.
 *
 * Who gets what is decided by mpi/dispatch.h: the longest child first; a rank holds its next one before it is
 * done with the present one, but for the last of a level. An idle rank sleeps instead of spinning. A rank of
 * which an evaluator fails leaves the pool with a warning (children in its other lanes may end) and the child
 * goes to another rank.
 *
 * Creating and destroying are collective. All other calls are local, most of them rank 0's; while it works,
 * the others are in pnas_scheduler_serve. */
#ifndef PNAS_MPI_SCHEDULER_H
#define PNAS_MPI_SCHEDULER_H

#include "mpi/dispatch.h"
#include "mpi/layout.h"

typedef struct { /* rank 0's side; all called on rank 0 only */
    /* A finished child, with its rank and attempts filled in (one that failed and is tried again elsewhere is
     * not finished); may take over result->history (set it to NULL), the rest is cleared afterwards. Anything
     * but PNAS_OK stops the run. */
    pnas_status (*on_result)(void *payload, const pnas_job *job, pnas_result *result);
    void (*on_start)(void *payload, const pnas_job *job, int rank); /* a child was handed out; may be NULL */
    void (*on_tick)(void *payload); /* now and then, for the progress line; may be NULL */
    /* A lane is free and no job waits; may share work and add jobs. The run's children are expected to take
     * `seconds_left` more, and it cannot end before this returns. Called once after each result at most. May
     * be NULL. Anything but PNAS_OK stops the run. */
    pnas_status (*on_idle)(void *payload, double seconds_left);
    /* At the start and after results, before on_idle: may share work and extend the run. The run's end is not waited
     * for by this. May be NULL. Anything but PNAS_OK stops the run. */
    pnas_status (*on_change)(void *payload);
    void *payload;
} pnas_scheduler_listener;

typedef struct { /* work other than children, as messages (mpi/wire.h) that only its two ends understand */
    /* Does the task; *reply, of *reply_size bytes, becomes the scheduler's (free). After
     * PNAS_ERROR_DEVICE or _MEMORY the rank leaves the pool with a warning and another one does it; any other
     * failure ends the run. */
    pnas_status (*perform)(void *payload, const void *task, size_t size, pnas_tick tick, void *tick_payload,
                           void **reply, size_t *reply_size);
    /* Takes in what the tasks that follow need. */
    pnas_status (*update)(void *payload, const void *update, size_t size);
    void *payload;
} pnas_helper;

typedef struct {
    const void *data; /* borrowed */
    size_t size;
} pnas_task;

/* What task `index` gave; in any order. Anything but PNAS_OK ends the run. */
typedef pnas_status (*pnas_on_reply)(void *payload, size_t index, const void *reply, size_t size);

typedef struct pnas_scheduler pnas_scheduler;

/* Collective. `layout` and `evaluators` ([lanes]) are borrowed; lanes is 0 on a rank that cannot train. Each
 * evaluator is called in a thread of its own, the lanes' at the same time. */
pnas_status pnas_scheduler_create(const pnas_layout *layout, const pnas_evaluator *evaluators, int lanes,
                                  pnas_scheduler **out);
void pnas_scheduler_destroy(pnas_scheduler **scheduler); /* collective */
int pnas_scheduler_ranks(const pnas_scheduler *scheduler);

/* On rank 0: trains `jobs` on all ranks and returns when all are recorded (PNAS_OK; jobs that were added go
 * on meanwhile, are recorded in any later call, and belong into the jobs of the next run, of the same
 * listener), or PNAS_STOPPED after a stop request on any rank (running children given up), or the first
 * failure of on_result, or PNAS_ERROR_DEVICE when no rank is left that can train. After anything but PNAS_OK
 * only the release is left to do. Not collective: the others serve. */
pnas_status pnas_scheduler_run(pnas_scheduler *scheduler, const pnas_job *jobs, size_t count,
                               const pnas_scheduler_listener *listener);

/* On rank 0, from on_idle: jobs that this run need not wait for. Those that were not handed out when it ends
 * are forgotten. */
pnas_status pnas_scheduler_add(pnas_scheduler *scheduler, const pnas_job *jobs, size_t count);

/* On rank 0: what the last run took; zeros after one without jobs. Borrowed. */
const pnas_level_usage *pnas_scheduler_usage(const pnas_scheduler *scheduler);

/* On rank 0, from on_change: further jobs that this run is to end with. `more`: others may follow once the oldest
 * jobs are done, which are therefore handed out first. With no jobs, that alone is said. */
pnas_status pnas_scheduler_extend(pnas_scheduler *scheduler, const pnas_job *jobs, size_t count, bool more);

/* On rank 0, between two runs, for the order in which children are handed out: which kind of device a rank
 * has (0 .. PNAS_DEVICE_KINDS_MAX - 1; 0 unless said), and what a child took on a kind. */
void pnas_scheduler_set_kind(pnas_scheduler *scheduler, int rank, int kind);
void pnas_scheduler_learn(pnas_scheduler *scheduler, int kind, const pnas_job *job, double seconds);

/* On every rank, before it serves or shares; borrowed. A rank without one cannot help. Local. */
void pnas_scheduler_set_helper(pnas_scheduler *scheduler, const pnas_helper *helper);

/* On rank 0, between two runs, from on_change or on_idle: hands the tasks out to all ranks that can train and have no
 * child just now, and to rank 0 if there is no other, and returns when all are done. Otherwise as
 * pnas_scheduler_run. */
pnas_status pnas_scheduler_share(pnas_scheduler *scheduler, const pnas_task *tasks, size_t count,
                                 pnas_on_reply on_reply, void *payload);

typedef struct {
    double start, end; /* seconds since 1970; 0: it did nothing */
} pnas_rank_span;

/* On rank 0: from when to when each rank was at tasks since the last call; out [ranks]. */
void pnas_scheduler_take_spans(pnas_scheduler *scheduler, pnas_rank_span *out);

/* On rank 0, between two runs: has every rank's helper apply the update, before any later task. A rank that
 * fails to leaves the pool at its next task; rank 0's own failure is returned. */
pnas_status pnas_scheduler_update(pnas_scheduler *scheduler, const void *update, size_t size);

/* On rank 0, between two runs, from on_change or on_idle, with the signature of a tick: takes in what the others sent
 * and hands out what is there for them. PNAS_STOPPED after a stop request on any rank. */
pnas_status pnas_scheduler_poll(void *scheduler);

/* On ranks other than 0: trains what rank 0 hands out until it is released. PNAS_OK: *run_status is that of
 * the run and the message is rank 0's. Anything else: this rank is cut off from rank 0 (pnas_mpi_abort). */
pnas_status pnas_scheduler_serve(pnas_scheduler *scheduler, pnas_status *run_status);

/* On rank 0: releases the other ranks with the run's status and this thread's message, so that all exit
 * alike. Anything but PNAS_OK: some cannot be told, as MPI failed, or because they do not answer (mpi/silence.h);
 * the program ends with that status (pnas_mpi_abort). */
pnas_status pnas_scheduler_release(pnas_scheduler *scheduler, pnas_status status);

#endif
