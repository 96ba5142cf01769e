#include "mpi/messenger.h"

#include "src/base/clock.h"

#include <limits.h>
#include <stdlib.h>

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
        pnas_clock_sleep(PNAS_MPI_NAP);
    }
}

pnas_status pnas_letter_send(MPI_Comm comm, int to, pnas_letter_kind kind, const void *data, size_t size)
{
    PNAS_CHECK(size <= INT_MAX, PNAS_ERROR_INTERNAL, "a message of %zu bytes is too long for MPI", size);
    MPI_Request request = MPI_REQUEST_NULL;
    PNAS_TRY(pnas_mpi_status(MPI_Isend(data, (int)size, MPI_BYTE, to, kind, comm, &request), "MPI_Isend"));
    return pnas_mpi_wait(&request, "MPI_Isend");
}

pnas_status pnas_letter_send_empty(MPI_Comm comm, int to, pnas_letter_kind kind)
{
    MPI_Request request = MPI_REQUEST_NULL;
    PNAS_TRY(pnas_mpi_status(MPI_Isend(NULL, 0, MPI_BYTE, to, kind, comm, &request), "MPI_Isend"));
    return pnas_mpi_status(MPI_Request_free(&request), "MPI_Request_free");
}

pnas_status pnas_letter_take(MPI_Comm comm, int kind, pnas_letter *out, bool *got)
{
    *out = (pnas_letter){0};
    *got = false;
    int there = 0, size = 0;
    MPI_Status status;
    PNAS_TRY(pnas_mpi_status(MPI_Iprobe(MPI_ANY_SOURCE, kind ? kind : MPI_ANY_TAG, comm, &there, &status),
                             "MPI_Iprobe"));
    if (!there)
        return PNAS_OK;
    PNAS_TRY(pnas_mpi_status(MPI_Get_count(&status, MPI_BYTE, &size), "MPI_Get_count"));
    out->kind = status.MPI_TAG;
    out->from = status.MPI_SOURCE;
    out->size = (size_t)size;
    if (size > 0) {
        out->data = malloc(out->size);
        PNAS_CHECK(out->data, PNAS_ERROR_MEMORY, "no memory for a message of %d bytes from rank %d", size,
                   out->from);
    }
    int code = MPI_Recv(out->data, size, MPI_BYTE, out->from, out->kind, comm, MPI_STATUS_IGNORE);
    if (code != MPI_SUCCESS)
        pnas_letter_clear(out);
    *got = code == MPI_SUCCESS;
    return pnas_mpi_status(code, "MPI_Recv");
}

void pnas_letter_clear(pnas_letter *letter)
{
    free(letter->data);
    *letter = (pnas_letter){0};
}
