/* The command line of pnas_mpi. */
#ifndef PNAS_PROGRAMS_MPI_OPTIONS_H
#define PNAS_PROGRAMS_MPI_OPTIONS_H

#include "cl/train/child_trainer.h"
#include "src/base/log.h"
#include "src/base/status.h"

#include <stdbool.h>
#include <stddef.h>

#define PNAS_OVERRIDES_MAX 64

typedef struct { /* strings are borrowed from argv */
    const char *configuration, *output, *device, *lanes, *threads;
    const char *overrides[PNAS_OVERRIDES_MAX];
    size_t override_count;
    int simulated_ranks;   /* 0: no simulation */
    const char *durations; /* of a simulation: the measured run file */
    int ranks_per_device;  /* 0: not given */
    pnas_fault fault;      /* for tests */
    double time_limit;     /* seconds; 0: none */
    bool check, retry_failed;
    pnas_log_level level;
    bool answered; /* --help, --usage or --version was asked for and answered: nothing else to do */
} pnas_mpi_options;

/* Parses on every rank; only a rank with `speak` prints answers and complaints, so that a person reads them
 * once. PNAS_ERROR_USAGE after a complaint. */
pnas_status pnas_mpi_options_parse(int argc, char **argv, bool speak, pnas_mpi_options *out);

#endif
