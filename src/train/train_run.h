/* The final training of one cell's network on all ranks (docs/training.md). */
#ifndef PNAS_TRAIN_RUN_H
#define PNAS_TRAIN_RUN_H

#include "cl/runtime/context.h"
#include "io/data/dataset.h"
#include "io/net/network_file.h"
#include "mpi/layout.h"
#include "src/net/run_settings.h"

typedef struct {      /* all borrowed */
    const char *path; /* of the network file; rank 0's is read and written */
    const char *run;  /* the run file that the cell came from, or "" */
    const pnas_cell *cell;
    const pnas_configuration *configuration;
    const char *configuration_text;
    const pnas_dataset *dataset;
    const pnas_image_set *images;
    const pnas_layout *layout;
    pnas_cl *cl;                         /* NULL: this rank has no device and does not train */
    const char *kernels;                 /* their hash */
    const pnas_network_devices *devices; /* of all ranks; rank 0 alone has them */
} pnas_train_options;

/* Trains to the end, from the beginning or from where the network file stands. PNAS_STOPPED if a signal or a
 * deadline (mpi/stop_request.h) came: the network file is a checkpoint then. Collective, agreed. */
pnas_status pnas_train_run(const pnas_train_options *options);

/* Makes all ready, tells the sizes and trains nothing; without a path nothing of a network file. Collective, agreed. */
pnas_status pnas_train_check(const pnas_train_options *options);

#endif
