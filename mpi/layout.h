/* Ranks, hosts and who shares a machine. Collective where said. */
#ifndef PNAS_MPI_LAYOUT_H
#define PNAS_MPI_LAYOUT_H

#include "src/base/status.h"

typedef struct {
    int rank, ranks;
    int local_rank, local_ranks; /* among the ranks on this machine */
    char host[64];
} pnas_layout;

/* MPI_Init_thread (FUNNELED) and the layout; collective. Errors of MPI end in PNAS_ERROR_INTERNAL. */
pnas_status pnas_mpi_start(int *argc, char ***argv, pnas_layout *out);

/* MPI_Finalize; collective. */
void pnas_mpi_end(void);

/* The one place of MPI_Abort: for a rank that failed where the others cannot be told. Does not return. */
void pnas_mpi_abort(int exit_code);

/* Agrees on the worst of the ranks' statuses (rank 0's message wins over none); collective. The message of
 * the lowest failing rank becomes every rank's. */
pnas_status pnas_mpi_agree(pnas_status mine);

/* Broadcast from rank 0 of bytes whose size only rank 0 knows; *data is malloc'ed elsewhere. Collective. */
pnas_status pnas_mpi_broadcast(void **data, unsigned long *size);

/* Gathers one fixed-size record a rank, in rank order, to rank 0 (out [ranks][size] there, else NULL). */
pnas_status pnas_mpi_gather(const void *mine, unsigned long size, void *out);

#endif
