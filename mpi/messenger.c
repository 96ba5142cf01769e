#include "mpi/messenger.h"
#include "mpi/waiting.h"

#include <limits.h>
#include <stdlib.h>

pnas_status pnas_mpi_send(MPI_Comm comm, int to, pnas_message_kind kind, const void *data, size_t size)
{
    PNAS_CHECK(size <= INT_MAX, PNAS_ERROR_INTERNAL, "a message of %zu bytes is too long for MPI", size);
    MPI_Request request = MPI_REQUEST_NULL;
    PNAS_TRY(pnas_mpi_status(MPI_Isend(data, (int)size, MPI_BYTE, to, kind, comm, &request), "MPI_Isend"));
    return pnas_mpi_wait(&request, "MPI_Isend");
}

pnas_status pnas_mpi_send_empty(MPI_Comm comm, int to, pnas_message_kind kind)
{
    MPI_Request request = MPI_REQUEST_NULL;
    PNAS_TRY(pnas_mpi_status(MPI_Isend(NULL, 0, MPI_BYTE, to, kind, comm, &request), "MPI_Isend"));
    return pnas_mpi_status(MPI_Request_free(&request), "MPI_Request_free");
}

struct pnas_pending_send {
    MPI_Request request;
    void *data;
};

static pnas_status make_room(pnas_outbox *outbox)
{
    if (outbox->count < outbox->room)
        return PNAS_OK;
    size_t room = outbox->room ? 2 * outbox->room : 16;
    struct pnas_pending_send *pending = realloc(outbox->pending, room * sizeof *pending);
    PNAS_CHECK(pending, PNAS_ERROR_MEMORY, "no memory for %zu messages", room);
    outbox->pending = pending;
    outbox->room = room;
    return PNAS_OK;
}

/* Frees the messages that have arrived; the others go on. */
static pnas_status tidy(pnas_outbox *outbox)
{
    size_t kept = 0;
    pnas_status status = PNAS_OK;
    for (size_t i = 0; i < outbox->count; i++) {
        struct pnas_pending_send *pending = &outbox->pending[i];
        int done = 0;
        if (status == PNAS_OK)
            status = pnas_mpi_status(MPI_Test(&pending->request, &done, MPI_STATUS_IGNORE), "MPI_Isend");
        if (done)
            free(pending->data);
        else
            outbox->pending[kept++] = *pending;
    }
    outbox->count = kept;
    return status;
}

pnas_status pnas_outbox_post(pnas_outbox *outbox, MPI_Comm comm, int to, pnas_message_kind kind, void *data,
                             size_t size)
{
    MPI_Request request = MPI_REQUEST_NULL;
    pnas_status status;
    PNAS_TRY_CLEANUP(tidy(outbox));
    PNAS_TRY_CLEANUP(make_room(outbox));
    PNAS_CHECK_CLEANUP(size <= INT_MAX, PNAS_ERROR_INTERNAL, "a message of %zu bytes is too long for MPI",
                       size);
    PNAS_TRY_CLEANUP(
        pnas_mpi_status(MPI_Isend(data, (int)size, MPI_BYTE, to, kind, comm, &request), "MPI_Isend"));
    outbox->pending[outbox->count++] = (struct pnas_pending_send){request, data};
    return PNAS_OK;
cleanup:
    free(data);
    return status;
}

pnas_status pnas_outbox_finish(pnas_outbox *outbox)
{
    pnas_status status = PNAS_OK;
    for (size_t i = 0; i < outbox->count; i++) {
        pnas_status sent = pnas_mpi_wait(&outbox->pending[i].request, "MPI_Isend");
        if (sent == PNAS_OK)
            free(outbox->pending[i].data); /* else MPI may still read it */
        else
            status = sent;
    }
    free(outbox->pending);
    *outbox = (pnas_outbox){0};
    return status;
}

pnas_status pnas_mpi_receive(MPI_Comm comm, int kind, pnas_mpi_message *out, bool *got)
{
    *out = (pnas_mpi_message){0};
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
        pnas_mpi_message_clear(out);
    *got = code == MPI_SUCCESS;
    return pnas_mpi_status(code, "MPI_Recv");
}

void pnas_mpi_message_clear(pnas_mpi_message *message)
{
    free(message->data);
    *message = (pnas_mpi_message){0};
}
