/* The configured surrogate judged on a table of trained cells. Local. */
#ifndef PNAS_PROGRAMS_EVALUATE_SURROGATE_H
#define PNAS_PROGRAMS_EVALUATE_SURROGATE_H

#include "cl/context.h"
#include "src/net/run_settings.h"

typedef struct { /* borrowed */
    pnas_cl *cl;
    const pnas_configuration *configuration; /* its space, surrogate and seed */
    const char *table;                       /* a file that io/cell_table_file.h reads */
    int trials;                              /* T */
    size_t cells;                            /* K of each level are fit on; 0: all */
} pnas_evaluate_surrogate_options;

/* Prints on stdout what src/programs/evaluate_table.h measures. */
pnas_status pnas_evaluate_surrogate(const pnas_evaluate_surrogate_options *options);

#endif
