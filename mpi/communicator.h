/* The ranks as MPI has them, and its calls with our statuses; private to this room. No call spins: what has
 * to be waited for is looked at about every millisecond, so that an idle rank leaves its core to those that
 * train. Local unless said. */
#ifndef PNAS_MPI_COMMUNICATOR_H
#define PNAS_MPI_COMMUNICATOR_H

#include "src/base/status.h"

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>

#define PNAS_MPI_POLL_SECONDS 1e-3 /* seconds between two looks */

/* All ranks, by their present numbers; what is the same for the program's whole life is MPI_COMM_WORLD. */
MPI_Comm pnas_mpi_ranks(void);

/* Waits until all are here; collective. Before calls of MPI that spin until then, and know no stop. */
pnas_status pnas_mpi_meet(void);

/* From now on this rank's number is `rank`, another one on each; collective. */
pnas_status pnas_mpi_renumber(int rank);

/* Before MPI_Finalize; collective. */
void pnas_mpi_free_ranks(void);

/* PNAS_ERROR_INTERNAL with MPI's own words unless `code` is MPI_SUCCESS. */
pnas_status pnas_mpi_status(int code, const char *what);

/* Completes a request of a nonblocking call, napping; `call` is called at each nap (mpi/silence.h). */
void pnas_mpi_on_nap(void (*call)(void));
pnas_status pnas_mpi_wait(MPI_Request *request, const char *what);

#endif
