#include "mpi/layout.h"

#include "mpi/messenger.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static MPI_Comm renumbered = MPI_COMM_NULL; /* the ranks, where their numbers were changed */

MPI_Comm pnas_mpi_ranks(void)
{
    return renumbered == MPI_COMM_NULL ? MPI_COMM_WORLD : renumbered;
}

static pnas_status find_local_rank(pnas_layout *out)
{
    MPI_Comm local = MPI_COMM_NULL;
    PNAS_TRY(pnas_mpi_status(
        MPI_Comm_split_type(pnas_mpi_ranks(), MPI_COMM_TYPE_SHARED, out->rank, MPI_INFO_NULL, &local),
        "MPI_Comm_split_type"));
    pnas_status status = pnas_mpi_status(MPI_Comm_rank(local, &out->local_rank), "MPI_Comm_rank");
    if (status == PNAS_OK)
        status = pnas_mpi_status(MPI_Comm_size(local, &out->local_ranks), "MPI_Comm_size");
    MPI_Comm_free(&local);
    return status;
}

pnas_status pnas_mpi_start(int *argc, char ***argv, pnas_layout *out)
{
    memset(out, 0, sizeof *out);
    int provided = 0;
    PNAS_TRY(pnas_mpi_status(MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread"));
    PNAS_CHECK(provided >= MPI_THREAD_FUNNELED, PNAS_ERROR_INTERNAL,
               "this MPI does not allow threads beside the one that calls it, which OpenCL needs; install an "
               "MPI with MPI_THREAD_FUNNELED");
    PNAS_TRY(pnas_mpi_status(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN),
                             "MPI_Comm_set_errhandler"));
    PNAS_TRY(pnas_mpi_status(MPI_Comm_rank(MPI_COMM_WORLD, &out->rank), "MPI_Comm_rank"));
    PNAS_TRY(pnas_mpi_status(MPI_Comm_size(MPI_COMM_WORLD, &out->ranks), "MPI_Comm_size"));
    char host[MPI_MAX_PROCESSOR_NAME] = "?";
    int length = 0;
    PNAS_TRY(pnas_mpi_status(MPI_Get_processor_name(host, &length), "MPI_Get_processor_name"));
    snprintf(out->host, sizeof out->host, "%.*s", (int)sizeof out->host - 1, host);
    return find_local_rank(out);
}

void pnas_mpi_end(void)
{
    if (renumbered != MPI_COMM_NULL)
        MPI_Comm_free(&renumbered);
    MPI_Finalize();
}

void pnas_mpi_abort(int exit_code)
{
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    abort(); /* where MPI_Abort itself fails */
}

static pnas_status broadcast_bytes(void *data, int size, int root, const char *what)
{
    MPI_Request request = MPI_REQUEST_NULL;
    PNAS_TRY(pnas_mpi_status(MPI_Ibcast(data, size, MPI_BYTE, root, pnas_mpi_ranks(), &request), what));
    return pnas_mpi_wait(&request, what);
}

/* Rank 0 and rank `other` change places. */
static pnas_status exchange(pnas_layout *layout, int other)
{
    int key = layout->rank == 0 ? other : layout->rank == other ? 0 : layout->rank;
    PNAS_TRY(pnas_mpi_status(MPI_Comm_split(MPI_COMM_WORLD, 0, key, &renumbered), "MPI_Comm_split"));
    PNAS_TRY(
        pnas_mpi_status(MPI_Comm_set_errhandler(renumbered, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler"));
    layout->rank = key;
    return find_local_rank(layout);
}

pnas_status pnas_mpi_choose_leader(pnas_layout *layout, bool able, int *was)
{
    int mine = able ? layout->rank : INT_MAX, lowest = mine;
    MPI_Request request = MPI_REQUEST_NULL;
    *was = 0;
    PNAS_TRY(pnas_mpi_status(MPI_Iallreduce(&mine, &lowest, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD, &request),
                             "MPI_Iallreduce"));
    PNAS_TRY(pnas_mpi_wait(&request, "MPI_Iallreduce"));
    if (lowest == 0 || lowest == INT_MAX)
        return PNAS_OK;
    *was = lowest;
    return exchange(layout, lowest);
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
    char message[2048];
    snprintf(message, sizeof message, "%s", pnas_message());
    PNAS_TRY(broadcast_bytes(&status, sizeof status, worst.rank, "MPI_Ibcast"));
    PNAS_TRY(broadcast_bytes(message, sizeof message, worst.rank, "MPI_Ibcast"));
    return pnas_fail((pnas_status)status, "%s", message);
}

pnas_status pnas_mpi_broadcast(void **data, unsigned long *size)
{
    int rank = 0;
    PNAS_TRY(pnas_mpi_status(MPI_Comm_rank(pnas_mpi_ranks(), &rank), "MPI_Comm_rank"));
    unsigned long long length = rank == 0 ? *size : 0;
    PNAS_TRY(broadcast_bytes(&length, sizeof length, 0, "MPI_Ibcast"));
    PNAS_CHECK(length <= INT_MAX, PNAS_ERROR_INTERNAL, "%llu bytes are too many for one broadcast", length);
    if (rank != 0) {
        *size = (unsigned long)length;
        *data = malloc(length ? length : 1);
    }
    /* Without this agreement a rank that is out of memory would leave the others waiting. */
    pnas_status status = pnas_mpi_agree(
        *data ? PNAS_OK : pnas_fail(PNAS_ERROR_MEMORY, "no memory for %llu bytes from rank 0", length));
    if (status == PNAS_OK)
        status = broadcast_bytes(*data, (int)length, 0, "MPI_Ibcast");
    if (status != PNAS_OK && rank != 0) {
        free(*data);
        *data = NULL;
    }
    return status;
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

pnas_status pnas_mpi_gather_local(const pnas_layout *layout, const void *mine, unsigned long size, void *out)
{
    MPI_Comm local = MPI_COMM_NULL;
    MPI_Request request = MPI_REQUEST_NULL;
    PNAS_CHECK(size <= INT_MAX, PNAS_ERROR_INTERNAL, "%lu bytes are too many for one gather", size);
    PNAS_TRY(pnas_mpi_status(
        MPI_Comm_split_type(pnas_mpi_ranks(), MPI_COMM_TYPE_SHARED, layout->rank, MPI_INFO_NULL, &local),
        "MPI_Comm_split_type"));
    pnas_status status =
        pnas_mpi_status(MPI_Iallgather(mine, (int)size, MPI_BYTE, out, (int)size, MPI_BYTE, local, &request),
                        "MPI_Iallgather");
    if (status == PNAS_OK)
        status = pnas_mpi_wait(&request, "MPI_Iallgather");
    MPI_Comm_free(&local);
    return status;
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
                                     pnas_mpi_take take, void *payload)
{
    gathered_messages all = {0};
    pnas_status status;
    PNAS_TRY(pnas_mpi_agree(
        size <= INT_MAX ? PNAS_OK
                        : pnas_fail(PNAS_ERROR_INTERNAL, "%zu bytes are too many for one gather", size)));
    status = gather_bytes(layout, data, (int)size, &all);
    for (int rank = 0; layout->rank == 0 && rank < layout->ranks && status == PNAS_OK; rank++)
        status = take(payload, rank, all.bytes + all.at[rank], (size_t)all.size[rank]);
    free(all.size);
    free(all.at);
    free(all.bytes);
    return pnas_mpi_agree(status);
}
