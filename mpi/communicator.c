#include "mpi/communicator.h"

#include "src/base/clock.h"

static MPI_Comm renumbered = MPI_COMM_NULL; /* the ranks, where their numbers were changed */

static void (*on_nap)(void);

void pnas_mpi_on_nap(void (*call)(void))
{
    on_nap = call;
}

MPI_Comm pnas_mpi_ranks(void)
{
    return renumbered == MPI_COMM_NULL ? MPI_COMM_WORLD : renumbered;
}

pnas_status pnas_mpi_meet(void)
{
    MPI_Request request = MPI_REQUEST_NULL;
    PNAS_TRY(pnas_mpi_status(MPI_Ibarrier(pnas_mpi_ranks(), &request), "MPI_Ibarrier"));
    return pnas_mpi_wait(&request, "MPI_Ibarrier");
}

pnas_status pnas_mpi_renumber(int rank)
{
    PNAS_TRY(pnas_mpi_meet());
    PNAS_TRY(pnas_mpi_status(MPI_Comm_split(MPI_COMM_WORLD, 0, rank, &renumbered), "MPI_Comm_split"));
    return pnas_mpi_status(MPI_Comm_set_errhandler(renumbered, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
}

void pnas_mpi_free_ranks(void)
{
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

pnas_status pnas_mpi_wait(MPI_Request *request, const char *what)
{
    for (;;) {
        int done = 0;
        PNAS_TRY(pnas_mpi_status(MPI_Test(request, &done, MPI_STATUS_IGNORE), what));
        if (done)
            return PNAS_OK;
        if (on_nap)
            on_nap();
        pnas_clock_sleep(PNAS_MPI_POLL_SECONDS);
    }
}
