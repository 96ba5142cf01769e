/* A whole search as rank 0 leads it: run file, levels, children on all ranks, surrogate, ranking. */
#ifndef PNAS_RUN_SEARCH_RUN_H
#define PNAS_RUN_SEARCH_RUN_H

#include "src/run/search_run_options.h"

/* On rank 0: starts the search, or continues the one in the run file, and ends it; results on stdout.
 * PNAS_STOPPED: everything finished so far is in the run file. PNAS_ERROR_USAGE or _DATA if the run file
 * belongs to another configuration or data set. Local; the scheduler is not released. */
pnas_status pnas_search_run(const pnas_search_run_options *options);

#endif
