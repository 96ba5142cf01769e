/* Ranks, hosts and who shares a machine. All calls are collective. A rank that waits for the others sleeps between two
 * looks instead of spinning. */
#ifndef PNAS_MPI_LAYOUT_H
#define PNAS_MPI_LAYOUT_H

#include "src/base/status.h"

#include <stdbool.h>

typedef struct {
    int rank, ranks;
    int local_rank, local_ranks; /* among the ranks on this machine */
    char host[64];
} pnas_layout;

/* MPI_Init_thread (FUNNELED) and the layout; collective. Errors of MPI end in PNAS_ERROR_INTERNAL. */
pnas_status pnas_mpi_start(int *argc, char ***argv, pnas_layout *out);

/* MPI_Finalize; collective. */
void pnas_mpi_end(void);

/* Sees to it that rank 0 is `able`: if it is not, the lowest rank that is changes its number with it, and
 * *layout (of both, and local ranks) with it. *was: the number that rank 0 had before; 0 where nothing has
 * changed, as rank 0 is able or none is. Collective; once, before a scheduler is made. */
pnas_status pnas_mpi_choose_leader(pnas_layout *layout, bool able, int *was);

#endif
