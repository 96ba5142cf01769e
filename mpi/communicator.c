#include "mpi/communicator.h"

static MPI_Comm renumbered = MPI_COMM_NULL; /* the ranks, where their numbers were changed */
static MPI_Comm machine = MPI_COMM_NULL;

MPI_Comm pnas_mpi_ranks(void)
{
    return renumbered == MPI_COMM_NULL ? MPI_COMM_WORLD : renumbered;
}

pnas_status pnas_mpi_renumber(int rank)
{
    PNAS_TRY(pnas_mpi_status(MPI_Comm_split(MPI_COMM_WORLD, 0, rank, &renumbered), "MPI_Comm_split"));
    return pnas_mpi_status(MPI_Comm_set_errhandler(renumbered, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
}

pnas_status pnas_mpi_find_machine(int rank)
{
    if (machine != MPI_COMM_NULL)
        MPI_Comm_free(&machine);
    PNAS_TRY(pnas_mpi_status(
        MPI_Comm_split_type(pnas_mpi_ranks(), MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &machine),
        "MPI_Comm_split_type"));
    return pnas_mpi_status(MPI_Comm_set_errhandler(machine, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
}

MPI_Comm pnas_mpi_machine(void)
{
    return machine;
}

void pnas_mpi_free_ranks(void)
{
    if (machine != MPI_COMM_NULL)
        MPI_Comm_free(&machine);
    if (renumbered != MPI_COMM_NULL)
        MPI_Comm_free(&renumbered);
}

pnas_status pnas_mpi_status(int code, const char *what)
{
    if (code == MPI_SUCCESS)
        return PNAS_OK;
    char text[MPI_MAX_ERROR_STRING] = "unknown error";
    int length = 0;
    MPI_Error_string(code, text, &length);
    return pnas_fail(PNAS_ERROR_INTERNAL, "MPI: %s failed: %s", what, text);
}
