/* What a whole search is given, on rank 0. */
#ifndef PNAS_RUN_SEARCH_RUN_OPTIONS_H
#define PNAS_RUN_SEARCH_RUN_OPTIONS_H

#include "io/data/dataset.h"
#include "mpi/scheduler.h"
#include "src/run/checkpoint_folder.h"
#include "src/run/device_setup.h"
#include "src/run/surrogate_ranks.h"

typedef struct {       /* all borrowed */
    const char *path;  /* RUN.h5 */
    bool retry_failed; /* of a run that is there: those failed children that were not tried again before */
    const char *command_line;
    const pnas_configuration *configuration;
    const char *configuration_text; /* resolved */
    const pnas_dataset *dataset;
    const char *kernels;          /* their hash */
    const pnas_cell_table *table; /* children are looked up here; NULL: they are trained */
    const pnas_layout *layout;
    const pnas_devices *devices;
    pnas_scheduler *scheduler;           /* the other ranks serve it */
    pnas_surrogate_ranks *surrogate;     /* NULL where the strategy asks none */
    pnas_checkpoint_folder *checkpoints; /* NULL: no checkpoints are kept */
} pnas_search_run_options;

#endif
