/* Which rank gets which piece of work, and when: the scheduler's decisions without messages, clock or device,
 * so that a simulation makes the very same ones. Local.
 *
 * A ticket is a child's training or another rank's share of some work. A rank works on as many tickets at
 * once as it has lanes, and may hold one more that waits there, so that it begins the next without asking.
 *
 * The rules:
 * - The ticket expected to take longest comes first (Graham's LPT rule), ties in the order of the jobs.
 *   What is expected is learned from the tickets done (src/search/duration_model.h), a model a kind of
 *   device.
 * - Where that would end late, since the tickets do not come out even, each rank gets the longest of its
 *   share in a division that is expected to end earlier (mpi/division.h), made anew at each decision.
 * - A ticket waits at a busy rank only if the level cannot end before both are done there, however evenly
 *   the rest is shared; so towards the end of a level each ticket goes to the rank that is free first.
 * - Where kinds of devices differ, a rank that is free leaves a ticket alone which another one that is busy
 *   now is expected to finish sooner.
 * - What a rank gave back goes to another rank, as long as there is one.
 * - Where more tickets are to come (pnas_dispatch_expect_more), which depend on the oldest ones, the ticket that came
 *   first comes first instead, until the last ones are there.
 * - Spare tickets, which nothing waits for, go to lanes that are free when nothing else waits, in the order
 *   in which they came, until all else is done; a rank that holds one then holds it in the next run. */
#ifndef PNAS_MPI_DISPATCH_H
#define PNAS_MPI_DISPATCH_H

#include "src/search/evaluator.h"

#include <stddef.h>

#define PNAS_NO_TICKET        SIZE_MAX
#define PNAS_DEVICE_KINDS_MAX 16

typedef struct pnas_dispatch pnas_dispatch;

pnas_status pnas_dispatch_create(int ranks, pnas_dispatch **out);
void pnas_dispatch_destroy(pnas_dispatch **dispatch);

/* --- ranks; one that has not joined yet gets nothing, but may still come --- */

void pnas_dispatch_set_kind(pnas_dispatch *dispatch, int rank, int kind); /* 0 .. PNAS_DEVICE_KINDS_MAX - 1 */

/* PNAS_ERROR_MEMORY: the rank is not in. */
pnas_status pnas_dispatch_join(pnas_dispatch *dispatch, int rank, int lanes);

void pnas_dispatch_leave(pnas_dispatch *dispatch, int rank); /* gets nothing more; keeps what it holds */
void pnas_dispatch_lose(pnas_dispatch *dispatch, int rank);  /* what it holds is put back, too */
bool pnas_dispatch_is_in(const pnas_dispatch *dispatch, int rank);
bool pnas_dispatch_anyone_left(const pnas_dispatch *dispatch);
bool pnas_dispatch_others_left(const pnas_dispatch *dispatch, int rank); /* besides this one */
int pnas_dispatch_held(const pnas_dispatch *dispatch, int rank); /* tickets, running or waiting there */
size_t pnas_dispatch_held_ticket(const pnas_dispatch *dispatch, int rank, int i); /* i < held */
bool pnas_dispatch_is_free(const pnas_dispatch *dispatch, int rank); /* has a lane without a ticket */

/* Teaches what a child trained on a device of this kind took. */
void pnas_dispatch_learn(pnas_dispatch *dispatch, int kind, const pnas_job *job, double seconds);

/* --- a run; `now` is in seconds of any clock that goes on evenly --- */

/* Work begins: one ticket for each of `jobs`, numbered as they are; NULL: for `count` pieces of equal size,
 * of which a rank works on one at a time. Jobs that ranks still hold from the last run stay there; those that
 * are not among `jobs` (told by level and index) are forgotten. */
pnas_status pnas_dispatch_begin(pnas_dispatch *dispatch, const pnas_job *jobs, size_t count, double now);
void pnas_dispatch_end(pnas_dispatch *dispatch); /* forgets all */

/* Further tickets, numbered on; `spare`: nothing waits for them. PNAS_ERROR_MEMORY: nothing has changed. */
pnas_status pnas_dispatch_add(pnas_dispatch *dispatch, const pnas_job *jobs, size_t count, bool spare);

/* Whether tickets that are waited for will be added, which are not known before the oldest are done; not after
 * begin. */
void pnas_dispatch_expect_more(pnas_dispatch *dispatch, bool more);

/* Whether a lane is free and no ticket waits. */
bool pnas_dispatch_idle(const pnas_dispatch *dispatch);

/* Seconds that the tickets at work, but for spare ones, are still expected to take; the longest. */
double pnas_dispatch_seconds_left(const pnas_dispatch *dispatch, double now);

const pnas_job *pnas_dispatch_job(const pnas_dispatch *dispatch, size_t ticket); /* until begin, add or end */

/* The ticket that `rank` is to get now, which it then holds; PNAS_NO_TICKET: none. *starts (may be NULL): it
 * has a lane for it; otherwise the ticket waits there. Those that are free are to be asked first. */
size_t pnas_dispatch_next(pnas_dispatch *dispatch, int rank, double now, bool *starts);

/* A ticket that `rank` held is done, has failed for good, or is given back. Returns the ticket that waited
 * there and starts now, or PNAS_NO_TICKET. `seconds`: what it took; 0: not known. Only what is done teaches
 * how long others take. */
size_t pnas_dispatch_done(pnas_dispatch *dispatch, int rank, size_t ticket, double seconds, double now);
size_t pnas_dispatch_failed(pnas_dispatch *dispatch, int rank, size_t ticket, double seconds, double now);
size_t pnas_dispatch_give_back(pnas_dispatch *dispatch, int rank, size_t ticket, double now);

bool pnas_dispatch_holds(const pnas_dispatch *dispatch, int rank, size_t ticket);
int pnas_dispatch_attempts(const pnas_dispatch *dispatch, size_t ticket); /* how often it was begun */
bool pnas_dispatch_all_done(const pnas_dispatch *dispatch);               /* but for spare ones */

/* What the tickets done so far, and the spare ones at work, took of the ranks since the run began. */
void pnas_dispatch_usage(const pnas_dispatch *dispatch, pnas_level_usage *out);

#endif
