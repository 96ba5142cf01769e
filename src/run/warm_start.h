/* A search that begins with another run's surrogate. On rank 0; local. */
#ifndef PNAS_RUN_WARM_START_H
#define PNAS_RUN_WARM_START_H

#include "cl/surrogate/surrogate_ensemble.h"
#include "io/run/run_file.h"

/* Whether configuration->warm_start, if it names a run, has a surrogate that this search can begin with.
 * PNAS_ERROR_FILE if it cannot be read; PNAS_ERROR_DATA if it has none, or one of another kind than the
 * configuration's. */
pnas_status pnas_warm_start_check(const pnas_configuration *configuration);

/* The same, and copies the one that it has after its last level into `info`, as level 0, and notes whose it
 * is. Where `info` has one already, that stands for the other run, whatever became of its file. */
pnas_status pnas_warm_start_take(const pnas_configuration *configuration, pnas_run_info *info);

/* Sets the weights that pnas_warm_start_take left in `info` in every member. Inputs that the other run did
 * not have, as its cells had fewer blocks, are read as its last one. PNAS_ERROR_DATA if weights are missing
 * or of another shape. */
pnas_status pnas_warm_start_set(const pnas_run_info *info, const pnas_space *space, pnas_ensemble *ensemble);

#endif
