/* The children of a level as jobs for the scheduler, with what decides about their duration. Local. */
#ifndef PNAS_RUN_LEVEL_JOBS_H
#define PNAS_RUN_LEVEL_JOBS_H

#include "src/net/run_settings.h"
#include "src/search/evaluator.h"

/* A child's job; its cost, values and layers are those of the network that `configuration` makes of it. */
pnas_status pnas_level_job(const pnas_configuration *configuration, const pnas_cell *cell, int level,
                           int index, pnas_job *out);

/* The level's pending children; *out is the caller's (free). `table`: where they are looked up, whose
 * multiply-adds are their cost; NULL: they are trained. */
pnas_status pnas_level_jobs(const pnas_configuration *configuration, const pnas_cell_table *table,
                            const pnas_level *level, pnas_job **out, size_t *count);

/* Those that are to be trained now: where a round has children on several levels, of all of them, those that came
 * after the first `from` that were proposed, in that order; else of the search's current level. *out is the
 * caller's. */
pnas_status pnas_pending_jobs(const pnas_configuration *configuration, const pnas_cell_table *table,
                              const pnas_search *search, size_t from, pnas_job **out, size_t *count);

#endif
