/* The ranks as MPI has them, and its codes as our statuses; private to this room. Local unless said. */
#ifndef PNAS_MPI_COMMUNICATOR_H
#define PNAS_MPI_COMMUNICATOR_H

#include "src/base/status.h"

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>

/* All ranks, by their present numbers; what is the same for the program's whole life is MPI_COMM_WORLD. */
MPI_Comm pnas_mpi_ranks(void);

/* From now on this rank's number is `rank`, another one on each; collective, once all are here. */
pnas_status pnas_mpi_renumber(int rank);

/* Before MPI_Finalize; collective. */
void pnas_mpi_free_ranks(void);

/* PNAS_ERROR_INTERNAL with MPI's own words unless `code` is MPI_SUCCESS. */
pnas_status pnas_mpi_status(int code, const char *what);

#endif
