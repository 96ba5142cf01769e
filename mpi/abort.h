/* The end of all ranks at once. Local. */
#ifndef PNAS_MPI_ABORT_H
#define PNAS_MPI_ABORT_H

/* The one place of MPI_Abort: for a rank that failed where the others cannot be told. */
_Noreturn void pnas_mpi_abort(int exit_code);

#endif
