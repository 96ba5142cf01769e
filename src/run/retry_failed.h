/* Failed children of a run that are to be tried again. Rank 0; local. */
#ifndef PNAS_RUN_RETRY_FAILED_H
#define PNAS_RUN_RETRY_FAILED_H

#include "io/run/run_file.h"
#include "src/search/search.h"

/* Makes every failed child pending that was not tried again before, and notes it in `info`, so that each is
 * tried again once, however often the run is continued. *count tells how many. Levels that are there keep
 * their cells. PNAS_ERROR_USAGE if there are more than a run file can note. */
pnas_status pnas_retry_failed(pnas_run_info *info, const char *path, pnas_search *search, size_t *count);

#endif
