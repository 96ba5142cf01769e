/* The configured surrogate judged on a table of trained cells, its trials shared among the ranks. */
#ifndef PNAS_PROGRAMS_EVALUATE_SURROGATE_H
#define PNAS_PROGRAMS_EVALUATE_SURROGATE_H

#include "cl/runtime/context.h"
#include "mpi/layout.h"
#include "src/net/run_settings.h"

typedef struct { /* borrowed */
    const pnas_layout *layout;
    pnas_cl *cl;
    const pnas_configuration *configuration; /* its space, surrogate and seed */
    const char *table;                       /* a file that io/run/cell_table_file.h reads */
    int trials;                              /* T */
    size_t cells;                            /* K of each level are fit on; 0: all */
    bool held_out;                           /* judged on others of the same level */
} pnas_evaluate_surrogate_options;

/* Prints on rank 0's stdout what src/run/evaluate_table.h measures. Collective; one status on all ranks.
 * PNAS_STOPPED if a signal asked for the end. */
pnas_status pnas_evaluate_surrogate(const pnas_evaluate_surrogate_options *options);

#endif
