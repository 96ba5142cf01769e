/* The command line of pnas_train. */
#ifndef PNAS_PROGRAMS_TRAIN_OPTIONS_H
#define PNAS_PROGRAMS_TRAIN_OPTIONS_H

#include "src/base/log.h"
#include "src/base/status.h"

#include <stdbool.h>
#include <stddef.h>

#define PNAS_TRAIN_OVERRIDES_MAX 64

typedef struct { /* strings are borrowed from argv */
    const char *configuration, *output, *device, *threads;
    const char *run, *cell; /* where the cell comes from: one of both */
    int child;              /* of the run, 1 is the best */
    const char *status;     /* the network file to tell of; NULL: train */
    const char *overrides[PNAS_TRAIN_OVERRIDES_MAX];
    size_t override_count;
    int ranks_per_device; /* 0: not given */
    double time_limit;    /* seconds; 0: none */
    bool check;
    pnas_log_level level;
    bool answered; /* --help, --usage or --version was asked for and answered: nothing else to do */
} pnas_train_arguments;

/* Parses on every rank; only a rank with `speak` prints answers and complaints, so that a person reads them
 * once. PNAS_ERROR_USAGE after a complaint. */
pnas_status pnas_train_arguments_parse(int argc, char **argv, bool speak, pnas_train_arguments *out);

/* --status: what the network file at `path` holds, on stdout. PNAS_STOPPED if its training is not over;
 * PNAS_ERROR_FILE, PNAS_ERROR_DATA. */
pnas_status pnas_train_status_print(const char *path);

#endif
