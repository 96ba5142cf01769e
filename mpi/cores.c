#include "mpi/layout.h"

#include "mpi/messenger.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

/* The cores that this process may run on. A machine with more cores than cpu_set_t holds counts as unbound.
 */
static void read_cores(cpu_set_t *out)
{
    CPU_ZERO(out);
    if (sched_getaffinity(0, sizeof *out, out) == 0)
        return;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    for (long i = 0; i < cores && i < CPU_SETSIZE; i++)
        CPU_SET((size_t)i, out);
}

/* Each of `mine`'s cores counts as one part in as many as there are ranks that may run on it. */
static int share_of(const cpu_set_t *mine, const cpu_set_t *all, int ranks)
{
    double share = 0;
    for (size_t core = 0; core < CPU_SETSIZE; core++) {
        if (!CPU_ISSET(core, mine))
            continue;
        int sharing = 0;
        for (int rank = 0; rank < ranks; rank++)
            sharing += CPU_ISSET(core, &all[rank]) ? 1 : 0;
        share += 1.0 / sharing;
    }
    int whole = (int)(share + 1e-6);
    return whole > 1 ? whole : 1;
}

pnas_status pnas_mpi_cores(const pnas_layout *layout, int *share, int *machine)
{
    cpu_set_t mine, *all = calloc((size_t)layout->local_ranks, sizeof *all);
    PNAS_CHECK(all, PNAS_ERROR_MEMORY, "no memory for the cores of %d ranks", layout->local_ranks);
    read_cores(&mine);
    MPI_Comm local = MPI_COMM_NULL;
    MPI_Request request = MPI_REQUEST_NULL;
    pnas_status status = PNAS_OK;
    PNAS_TRY_CLEANUP(pnas_mpi_status(
        MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, layout->rank, MPI_INFO_NULL, &local),
        "MPI_Comm_split_type"));
    PNAS_TRY_CLEANUP(pnas_mpi_status(
        MPI_Iallgather(&mine, sizeof mine, MPI_BYTE, all, sizeof mine, MPI_BYTE, local, &request),
        "MPI_Iallgather"));
    PNAS_TRY_CLEANUP(pnas_mpi_wait(&request, "MPI_Iallgather"));
    *share = share_of(&mine, all, layout->local_ranks);
    *machine = (int)sysconf(_SC_NPROCESSORS_ONLN);
cleanup:
    if (local != MPI_COMM_NULL)
        MPI_Comm_free(&local);
    free(all);
    return status;
}
