/* What all ranks do together: agree, broadcast, gather. All calls are collective; a rank that waits for the
 * others sleeps between two looks instead of spinning. Errors of MPI are PNAS_ERROR_INTERNAL. */
#ifndef PNAS_MPI_COLLECTIVES_H
#define PNAS_MPI_COLLECTIVES_H

#include "mpi/layout.h"

#include <stddef.h>

/* Agrees on one status: PNAS_OK only if every rank brings it; otherwise that of the lowest failing rank
 * (PNAS_STOPPED only if no rank has an error), whose message becomes every rank's. */
pnas_status pnas_mpi_agree(pnas_status mine);

/* Broadcast from rank 0 of bytes whose size only rank 0 knows; on the others *data is malloc'ed, the
 * caller's. */
pnas_status pnas_mpi_broadcast(void **data, unsigned long *size);

/* The same from local rank 0 among the ranks of this machine; all ranks call it. */
pnas_status pnas_mpi_broadcast_local(void **data, unsigned long *size);

/* Gathers plain values of one size, numbers or text, from each rank to rank 0, in rank order (out
 * [ranks][size] there, else NULL). */
pnas_status pnas_mpi_gather(const void *mine, unsigned long size, void *out);

/* The same among the ranks of this machine, by local rank, and to all of them (out [local_ranks][size]). */
pnas_status pnas_mpi_gather_local(const void *mine, unsigned long size, void *out);

/* Is given the message of one rank, on rank 0. */
typedef pnas_status (*pnas_mpi_on_message)(void *payload, int rank, const void *data, size_t size);

/* Gathers a message (mpi/wire.h) of each rank to rank 0, which takes them in rank order; what goes wrong
 * there is returned on every rank. */
pnas_status pnas_mpi_gather_messages(const pnas_layout *layout, const void *data, size_t size,
                                     pnas_mpi_on_message on_message, void *payload);

#endif
