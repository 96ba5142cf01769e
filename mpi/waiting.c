#include "mpi/waiting.h"

#include "mpi/communicator.h"
#include "mpi/silence.h"
#include "src/base/clock.h"

pnas_status pnas_mpi_wait(MPI_Request *request, const char *what)
{
    for (;;) {
        int done = 0;
        PNAS_TRY(pnas_mpi_status(MPI_Test(request, &done, MPI_STATUS_IGNORE), what));
        if (done)
            return PNAS_OK;
        if (pnas_silence_look())
            pnas_silence_leave();
        pnas_clock_sleep(PNAS_MPI_POLL_SECONDS);
    }
}

pnas_status pnas_mpi_meet(void)
{
    MPI_Request request = MPI_REQUEST_NULL;
    PNAS_TRY(pnas_mpi_status(MPI_Ibarrier(pnas_mpi_ranks(), &request), "MPI_Ibarrier"));
    return pnas_mpi_wait(&request, "MPI_Ibarrier");
}
