/* Ranks, hosts and who shares a machine. All calls are collective but pnas_mpi_abort, which is local. A rank
 * that waits for the others sleeps between two looks instead of spinning. */
#ifndef PNAS_MPI_LAYOUT_H
#define PNAS_MPI_LAYOUT_H

#include "src/base/status.h"

#include <stdbool.h>
#include <stddef.h>

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
void pnas_mpi_abort(int exit_code) __attribute__((noreturn));

/* Sees to it that rank 0 is `able`: if it is not, the lowest rank that is changes its number with it, and
 * *layout (of both, and local ranks) with it. *was: the number that rank 0 had before; 0 where nothing has
 * changed, as rank 0 is able or none is. Collective; once, before a scheduler is made. */
pnas_status pnas_mpi_choose_leader(pnas_layout *layout, bool able, int *was);

/* Agrees on one status; collective. PNAS_OK only if every rank brings it; otherwise that of the lowest
 * failing rank (PNAS_STOPPED only if no rank has an error), whose message becomes every rank's. */
pnas_status pnas_mpi_agree(pnas_status mine);

/* Broadcast from rank 0 of bytes whose size only rank 0 knows; on the others *data is malloc'ed, the
 * caller's. Collective. */
pnas_status pnas_mpi_broadcast(void **data, unsigned long *size);

/* Gathers plain values of one size, numbers or text, from each rank to rank 0, in rank order (out
 * [ranks][size] there, else NULL). Collective. */
pnas_status pnas_mpi_gather(const void *mine, unsigned long size, void *out);

/* The same among the ranks of this machine, by local rank, and to all of them (out [local_ranks][size]).
 * Collective. */
pnas_status pnas_mpi_gather_local(const pnas_layout *layout, const void *mine, unsigned long size, void *out);

/* The message of one rank; local. */
typedef pnas_status (*pnas_mpi_take)(void *payload, int rank, const void *data, size_t size);

/* Gathers a message (mpi/wire.h) of each rank to rank 0, which takes them in rank order; what goes wrong
 * there is returned on every rank. Collective. */
pnas_status pnas_mpi_gather_messages(const pnas_layout *layout, const void *data, size_t size,
                                     pnas_mpi_take take, void *payload);

typedef struct {
    int share;   /* CPU cores that this rank is to use, at least 1 */
    int given;   /* it could run on when it was started */
    int machine; /* there are in all */
} pnas_cores;

/* Sees to it that the ranks of this machine do not fight for its cores. Where all of them might run on the
 * same ones, the calling thread (and threads made by it later) is moved to a part of its own. What Open MPI's
 * mpirun bound a rank to by itself does not count, only what it was given itself; a binding that the user
 * asked for, and SLURM's count of cores, do. Elsewhere nothing is moved and each core counts as divided among
 * the ranks that may run on it. `threads`: use so many, wherever that leads; 0: the share. Collective, before
 * any thread is made that is to compute. */
pnas_status pnas_mpi_cores(const pnas_layout *layout, int threads, pnas_cores *out);

#endif
