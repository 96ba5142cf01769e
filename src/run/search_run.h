/* A whole search as rank 0 leads it: run file, levels, children on all ranks, surrogate, ranking. */
#ifndef PNAS_PROGRAMS_SEARCH_RUN_H
#define PNAS_PROGRAMS_SEARCH_RUN_H

#include "io/data/dataset.h"
#include "mpi/scheduler.h"
#include "src/run/device_setup.h"
#include "src/run/running_children.h"
#include "src/run/surrogate_ranks.h"

typedef struct {      /* all borrowed */
    const char *path; /* RUN.h5 */
    const char *command_line;
    const pnas_configuration *configuration;
    const char *configuration_text; /* resolved */
    const pnas_dataset *dataset;
    const pnas_cell_table *table; /* children are looked up here; NULL: they are trained */
    const pnas_layout *layout;
    const pnas_devices *devices;
    pnas_scheduler *scheduler;       /* the other ranks serve it */
    pnas_surrogate_ranks *surrogate; /* NULL where the strategy asks none */
    pnas_running_children *running;  /* NULL: no checkpoints are kept */
} pnas_search_run_options;

/* On rank 0: starts the search, or continues the one in the run file, and ends it; results on stdout.
 * PNAS_STOPPED: everything finished so far is in the run file. PNAS_ERROR_USAGE or _DATA if the run file
 * belongs to another configuration or data set. Local; the scheduler is not released. */
pnas_status pnas_search_run(const pnas_search_run_options *options);

#endif
