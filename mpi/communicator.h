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

/* Finds which ranks share this machine's memory, where this rank's number among them follows `rank`; collective,
 * once all are here. Done at the start and after a new numbering, and kept: ranks that make a communicator cannot
 * stop when one of them is silent. */
pnas_status pnas_mpi_find_machine(int rank);

/* The ranks of this machine. */
MPI_Comm pnas_mpi_machine(void);

/* Before MPI_Finalize; collective. */
void pnas_mpi_free_ranks(void);

/* PNAS_ERROR_INTERNAL with MPI's own words unless `code` is MPI_SUCCESS. */
pnas_status pnas_mpi_status(int code, const char *what);

#endif
