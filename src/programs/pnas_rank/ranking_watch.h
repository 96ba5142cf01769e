/* pnas_rank --watch: a running search from another shell. */
#ifndef PNAS_PROGRAMS_RANKING_WATCH_H
#define PNAS_PROGRAMS_RANKING_WATCH_H

#include "src/base/status.h"

#include <stdbool.h>

/* Shows the run on stdout until it has ended or was killed: on a terminal every other second in place, elsewhere
 * whenever a child was finished. *complete: it has ended with nothing left to do. PNAS_ERROR_USAGE if `path` is no run. */
pnas_status pnas_ranking_watch(const char *path, bool *complete);

#endif
