/* Waiting for other ranks; private to this room. No call spins: what has to be waited for is looked at about every
 * millisecond, so that an idle rank leaves its core to those that train. Each ends the program if ranks are silent
 * (mpi/silence.h). Local unless said. */
#ifndef PNAS_MPI_WAITING_H
#define PNAS_MPI_WAITING_H

#include "src/base/status.h"

#include <mpi.h>

#define PNAS_MPI_POLL_SECONDS 1e-3 /* seconds between two looks */

/* Completes a request of a nonblocking call, napping. */
pnas_status pnas_mpi_wait(MPI_Request *request, const char *what);

/* Waits until all are here; collective. Before calls of MPI that spin until then, and know no stop. */
pnas_status pnas_mpi_meet(void);

#endif
