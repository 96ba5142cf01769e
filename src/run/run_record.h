/* What a search writes into its run file beside the children: who and what, devices, the timeline, the end. */
#ifndef PNAS_RUN_RUN_RECORD_H
#define PNAS_RUN_RUN_RECORD_H

#include "io/run/live_status.h"
#include "src/run/search_run_options.h"

/* A new run: everything that is known at its start. */
pnas_status pnas_run_record_begin(pnas_run_file *file, const pnas_search_run_options *options);

/* A run that is there: checks that it is the same search on the same data (PNAS_ERROR_USAGE,
 * PNAS_ERROR_DATA), moves its levels into `search`, brings table and timeline up to date, and
 * records how long the run was not at work. A complete one
 * stays complete. */
pnas_status pnas_run_record_resume(pnas_run_file *file, const pnas_search_run_options *options,
                                   pnas_search *search);

/* Whether the run at options->path, if there is one, would be continued by these options: the first checks of
 * pnas_run_record_resume, without a lock, and nothing is written. */
pnas_status pnas_run_record_check(const pnas_search_run_options *options);

/* Timeline: the fit and scoring by which children of `level` were begun early, from `start` to now. */
pnas_status pnas_run_record_early(pnas_run_file *file, const pnas_search_run_options *options, int level,
                                  double start);

/* Timeline: what a rank did of a child until it was stopped. */
pnas_status pnas_run_record_part(pnas_run_file *file, const pnas_running_child *child, double end);

/* Timeline: a trained child, or one that has reached a rung, which is a part (`before`: seconds of its training in
 * earlier parts that end at rungs); fit and scoring of the proposal just made, begun at `start` (seconds since
 * 1970), on rank 0 as a whole and on the others their share; the fit after the last level. */
pnas_status pnas_run_record_training(pnas_run_file *file, int level, int index, const pnas_result *result,
                                     double before);
pnas_status pnas_run_record_proposal(pnas_run_file *file, const pnas_search_run_options *options,
                                     const pnas_search *search, double start);
pnas_status pnas_run_record_last_fit(pnas_run_file *file, const pnas_search_run_options *options,
                                     const pnas_search *search, double start);

/* Writes the run with the status that `status` stands for. */
pnas_status pnas_run_record_end(pnas_run_file *file, const pnas_search *search, pnas_status status);

#endif
