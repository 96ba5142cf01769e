/* The search as a state machine: children are proposed, each is recorded, and so on until it is complete. A
 * strategy that asks the surrogate fits it while it proposes. Paper section 4, algorithm 1.
 *
 * Which children come next is said by a strategy (strategy.h). The search knows no device, no message and no
 * file: children are trained elsewhere and recorded here; a surrogate is a callback. All of it runs on rank
 * 0; local. */
#ifndef PNAS_SEARCH_SEARCH_H
#define PNAS_SEARCH_SEARCH_H

#include "src/search/cell_table.h"
#include "src/search/rungs/rungs.h"
#include "src/search/strategy.h"

/* PNAS_ERROR_USAGE unless all options are in their ranges. */
pnas_status pnas_search_create(const pnas_search_options *options, pnas_search **out);
void pnas_search_destroy(pnas_search **search);

/* Proposes from now on only what `table` (borrowed, of the same space) allows by `candidates`. */
void pnas_search_limit(pnas_search *search, const pnas_cell_table *table, pnas_candidates candidates);

/* `tick` is called every few milliseconds while a beam is expanded, so that nobody waits for the end of that;
 * anything but PNAS_OK ends it and is returned. */
void pnas_search_set_tick(pnas_search *search, pnas_status (*tick)(void *payload), void *payload);

const pnas_search_options *pnas_search_get_options(const pnas_search *search);
int pnas_search_levels(const pnas_search *search);      /* levels proposed so far */
size_t pnas_search_children(const pnas_search *search); /* on all of these */

/* Of the last proposal; zero before the first. */
const pnas_choice *pnas_search_last_choice(const pnas_search *search);

/* 1-based; the one after the last may be begun (below); NULL if not yet. */
const pnas_level *pnas_search_level(const pnas_search *search, int blocks);

/* Proposes the next children, as the strategy has it. `surrogate` may be NULL where the strategy asks none,
 * and before any child is there; one that another search has fit chooses then, too. PNAS_ERROR_INTERNAL if
 * children are awaited or the search is complete, or if no child came although the search goes on: after
 * PNAS_OK a child is pending or the search is complete. PNAS_ERROR_DATA if no child of the last level succeeded, or
 * a table has no candidate. What is drawn for a child depends on the seed, its index and the children before
 * it only. */
pnas_status pnas_search_propose(pnas_search *search, const pnas_surrogate *surrogate);

/* Whether children are left to be proposed, and none is pending that these wait for. */
bool pnas_search_may_propose(const pnas_search *search);

/* Whether the next level may be begun now: overlap is on, half of the level's children are done, some are
 * pending, and a level comes after it that was not begun yet. */
bool pnas_search_may_begin_next(const pnas_search *search);

/* Begins the next level: its first children, at most overlap_share K of them, are chosen by a surrogate that
 * is fit on what is done. Children may be recorded meanwhile. A level that was begun keeps these children in
 * front when it is proposed, whatever has become of them. */
pnas_status pnas_search_begin_next(pnas_search *search, const pnas_surrogate *surrogate);

/* Forgets all but the first `count` children of a level that was begun; those must be pending. */
pnas_status pnas_search_keep_begun(pnas_search *search, size_t count);

/* Whether children wait at a rung, and no other one of their round is to be trained before the best are chosen. */
bool pnas_search_at_rung(const pnas_search *search);

/* Chooses those that go on, which are pending then; the others are stopped (src/search/rungs/rungs.h). *level: whose
 * they are, or 0 where a round has children on several levels. PNAS_ERROR_INTERNAL unless some wait. */
pnas_status pnas_search_pass_rung(pnas_search *search, int *level, pnas_rung_choice *choice);

/* Records child `index` of level `blocks`, which is done, has failed, or has reached its next rung; takes over
 * result->history and clears *result. */
pnas_status pnas_search_record(pnas_search *search, int blocks, size_t index, pnas_result *result);

/* Makes a failed child pending again. The children of later levels stay what they are. */
pnas_status pnas_search_retry(pnas_search *search, int blocks, size_t index);

/* For a run in which that was done: levels may be put back above one with pending children. */
void pnas_search_expect_retries(pnas_search *search);

/* Adds to what level `blocks` took of the ranks. */
void pnas_search_add_usage(pnas_search *search, int blocks, const pnas_level_usage *usage);

/* Fits the surrogate on all done children after the last level, for its weights to be kept. */
pnas_status pnas_search_fit(pnas_search *search, const pnas_surrogate *surrogate);

/* How many children of all levels, but one that was only begun, have this status; are pending; are pending or at a
 * rung. */
size_t pnas_search_count(const pnas_search *search, pnas_child_status status);
size_t pnas_search_pending(const pnas_search *search);
size_t pnas_search_unfinished(const pnas_search *search);

/* The level to train now: the first of these that has pending children; NULL if none has. */
const pnas_level *pnas_search_current(const pnas_search *search);

/* How many children of level `blocks` are still to be proposed, as far as that is known. */
size_t pnas_search_remaining(const pnas_search *search, int blocks);
bool pnas_search_complete(const pnas_search *search); /* nothing is pending or paused, and nothing remains */

/* Puts back a level read from a run file (levels in order 1, 2, ..., at last one that was begun); takes over
 * level->child and clears *level. PNAS_ERROR_DATA if a cell does not fit the space or the order is wrong. */
pnas_status pnas_search_restore(pnas_search *search, pnas_level *level);

#endif
