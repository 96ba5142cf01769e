#include "mpi/abort.h"

#include <mpi.h>
#include <stdlib.h>

void pnas_mpi_abort(int exit_code)
{
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    abort(); /* where MPI_Abort itself fails */
}
