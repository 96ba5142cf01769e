/* The CPU cores of a machine, shared by the ranks on it. Collective. */
#ifndef PNAS_MPI_CORES_H
#define PNAS_MPI_CORES_H

#include "mpi/layout.h"

typedef struct {
    int share;   /* CPU cores that this rank is to use, at least 1 */
    int given;   /* it could run on when it was started */
    int machine; /* there are in all */
} pnas_cores;

/* Sees to it that the ranks of this machine do not fight for its cores. Where all of them might run on the
 * same ones, the calling thread (and threads made by it later) is moved to a part of its own. What Open MPI's
 * mpirun bound a rank to by itself does not count, only what it was given itself; a binding that the user
 * asked for, and SLURM's count of cores, do. Elsewhere nothing is moved and each core counts as divided among
 * the ranks that may run on it. `threads`: use so many, wherever that leads; 0: the share. Before any
 * thread is made that is to compute. */
pnas_status pnas_mpi_cores(const pnas_layout *layout, int threads, pnas_cores *out);

#endif
