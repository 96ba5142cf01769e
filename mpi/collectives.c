#include "mpi/collectives.h"

#include "mpi/communicator.h"
#include "mpi/waiting.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static pnas_status broadcast_bytes(MPI_Comm among, void *data, int size, int root)
{
    MPI_Request request = MPI_REQUEST_NULL;
    PNAS_TRY(pnas_mpi_status(MPI_Ibcast(data, size, MPI_BYTE, root, among, &request), "MPI_Ibcast"));
    return pnas_mpi_wait(&request, "MPI_Ibcast");
}

pnas_status pnas_mpi_agree(pnas_status mine)
{
    enum { FAILED, STOPPED, FINE };
    struct {
        int severity, rank;
    } own = {mine == PNAS_OK ? FINE : mine == PNAS_STOPPED ? STOPPED : FAILED, 0}, worst = own;
    PNAS_TRY(pnas_mpi_status(MPI_Comm_rank(pnas_mpi_ranks(), &own.rank), "MPI_Comm_rank"));
    MPI_Request request = MPI_REQUEST_NULL;
    PNAS_TRY(pnas_mpi_status(
        MPI_Iallreduce(&own, &worst, 1, MPI_2INT, MPI_MINLOC, pnas_mpi_ranks(), &request), "MPI_Iallreduce"));
    PNAS_TRY(pnas_mpi_wait(&request, "MPI_Iallreduce"));
    if (worst.severity == FINE)
        return PNAS_OK;

    /* Two plain values, as ranks of different builds agree, too (mpi/build_check.h). */
    int status = mine;
    char message[PNAS_MESSAGE_MAX];
    snprintf(message, sizeof message, "%s", pnas_message());
    PNAS_TRY(broadcast_bytes(pnas_mpi_ranks(), &status, sizeof status, worst.rank));
    PNAS_TRY(broadcast_bytes(pnas_mpi_ranks(), message, sizeof message, worst.rank));
    return pnas_fail((pnas_status)status, "%s", message);
}

/* From rank 0 of `among`. */
static pnas_status broadcast(MPI_Comm among, void **data, unsigned long *size)
{
    int rank = 0;
    PNAS_TRY(pnas_mpi_status(MPI_Comm_rank(among, &rank), "MPI_Comm_rank"));
    unsigned long long length = rank == 0 ? *size : 0;
    PNAS_TRY(broadcast_bytes(among, &length, sizeof length, 0));
    pnas_status status = PNAS_OK;
    if (length > INT_MAX) {
        status = pnas_fail(PNAS_ERROR_INTERNAL, "%llu bytes are too many for one broadcast", length);
    } else if (rank != 0) {
        *size = (unsigned long)length;
        *data = malloc(length ? length : 1);
        if (!*data)
            status = pnas_fail(PNAS_ERROR_MEMORY, "no memory for %llu bytes from rank 0", length);
    }
    /* Without this agreement a rank that is out of memory would leave the others waiting. */
    status = pnas_mpi_agree(status);
    if (status == PNAS_OK)
        status = broadcast_bytes(among, *data, (int)length, 0);
    if (status != PNAS_OK && rank != 0) {
        free(*data);
        *data = NULL;
    }
    return status;
}

pnas_status pnas_mpi_broadcast(void **data, unsigned long *size)
{
    return broadcast(pnas_mpi_ranks(), data, size);
}

pnas_status pnas_mpi_broadcast_local(void **data, unsigned long *size)
{
    return broadcast(pnas_mpi_machine(), data, size);
}

pnas_status pnas_mpi_gather(const void *mine, unsigned long size, void *out)
{
    PNAS_CHECK(size <= INT_MAX, PNAS_ERROR_INTERNAL, "%lu bytes are too many for one gather", size);
    MPI_Request request = MPI_REQUEST_NULL;
    PNAS_TRY(pnas_mpi_status(
        MPI_Igather(mine, (int)size, MPI_BYTE, out, (int)size, MPI_BYTE, 0, pnas_mpi_ranks(), &request),
        "MPI_Igather"));
    return pnas_mpi_wait(&request, "MPI_Igather");
}

pnas_status pnas_mpi_gather_local(const void *mine, unsigned long size, void *out)
{
    PNAS_CHECK(size <= INT_MAX, PNAS_ERROR_INTERNAL, "%lu bytes are too many for one gather", size);
    MPI_Request request = MPI_REQUEST_NULL;
    PNAS_TRY(pnas_mpi_status(
        MPI_Iallgather(mine, (int)size, MPI_BYTE, out, (int)size, MPI_BYTE, pnas_mpi_machine(), &request),
        "MPI_Iallgather"));
    return pnas_mpi_wait(&request, "MPI_Iallgather");
}

/* Where each rank's message lies in one block of `total` bytes. */
static pnas_status place(const int *size, int ranks, int *at, int *total)
{
    long long sum = 0;
    for (int rank = 0; rank < ranks; rank++) {
        PNAS_CHECK(sum + size[rank] <= INT_MAX, PNAS_ERROR_INTERNAL,
                   "the messages of %d ranks are too many bytes for one gather", ranks);
        at[rank] = (int)sum;
        sum += size[rank];
    }
    *total = (int)sum;
    return PNAS_OK;
}

typedef struct {    /* rank 0 */
    int *size, *at; /* [ranks] */
    char *bytes;
} gathered_messages;

static pnas_status make_room(int ranks, const int *sizes, gathered_messages *all)
{
    int total = 0;
    PNAS_TRY(place(sizes, ranks, all->at, &total));
    all->bytes = malloc((size_t)total + 1);
    PNAS_CHECK(all->bytes, PNAS_ERROR_MEMORY, "no memory for %d bytes from %d ranks", total, ranks);
    return PNAS_OK;
}

static pnas_status gather_bytes(const pnas_layout *layout, const void *data, int size, gathered_messages *all)
{
    bool leads = layout->rank == 0;
    MPI_Request request = MPI_REQUEST_NULL;
    pnas_status status = PNAS_OK;
    if (leads) {
        all->size = calloc((size_t)layout->ranks, sizeof *all->size);
        all->at = calloc((size_t)layout->ranks, sizeof *all->at);
        if (!all->size || !all->at)
            status = pnas_fail(PNAS_ERROR_MEMORY, "no memory for %d ranks", layout->ranks);
    }
    PNAS_TRY(pnas_mpi_agree(status));
    PNAS_TRY(pnas_mpi_gather(&size, sizeof size, all->size));
    PNAS_TRY(pnas_mpi_agree(leads ? make_room(layout->ranks, all->size, all) : PNAS_OK));
    PNAS_TRY(pnas_mpi_status(MPI_Igatherv(data, size, MPI_BYTE, all->bytes, all->size, all->at, MPI_BYTE, 0,
                                          pnas_mpi_ranks(), &request),
                             "MPI_Igatherv"));
    return pnas_mpi_wait(&request, "MPI_Igatherv");
}

pnas_status pnas_mpi_gather_messages(const pnas_layout *layout, const void *data, size_t size,
                                     pnas_mpi_on_message on_message, void *payload)
{
    gathered_messages all = {0};
    pnas_status status;
    PNAS_TRY(pnas_mpi_agree(
        size <= INT_MAX ? PNAS_OK
                        : pnas_fail(PNAS_ERROR_INTERNAL, "%zu bytes are too many for one gather", size)));
    status = gather_bytes(layout, data, (int)size, &all);
    for (int rank = 0; layout->rank == 0 && rank < layout->ranks && status == PNAS_OK; rank++)
        status = on_message(payload, rank, all.bytes + all.at[rank], (size_t)all.size[rank]);
    free(all.size);
    free(all.at);
    free(all.bytes);
    return pnas_mpi_agree(status);
}
