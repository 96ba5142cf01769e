/* The command line of pnas_score. */
#ifndef PNAS_PROGRAMS_SCORE_OPTIONS_H
#define PNAS_PROGRAMS_SCORE_OPTIONS_H

#include "src/base/log.h"
#include "src/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PNAS_TOP_MAX             1000000
#define PNAS_SCORE_OVERRIDES_MAX 64

typedef struct { /* strings are borrowed from argv */
    const char *run, *output, *device;
    const char *operators;                         /* "sep3,max3"; NULL: those of the run */
    int blocks;                                    /* 0: as many as the run's cells have at most */
    int level;                                     /* the surrogate fit after this level; 0: the last */
    size_t top;                                    /* K */
    size_t memory;                                 /* bytes for batches */
    int64_t limit_parameters, limit_multiply_adds; /* 0: none */
    bool all, csv;
    bool held_out;        /* with evaluate: on cells of the same size */
    const char *evaluate; /* a table: judge the surrogate's kind on it, score nothing */
    size_t cells;         /* of each level are fit on; 0: all */
    int trials;
    const char *overrides[PNAS_SCORE_OVERRIDES_MAX]; /* "a.b=c", of the configuration */
    size_t override_count;
    pnas_log_level log;
    bool answered; /* --help, --usage or --version was asked for and answered: nothing else to do */
} pnas_score_options;

/* Parses on every rank; only a rank with `speak` prints answers and complaints. PNAS_ERROR_USAGE after a
 * complaint. */
pnas_status pnas_score_options_parse(int argc, char **argv, bool speak, pnas_score_options *out);

#endif
