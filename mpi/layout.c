#include "mpi/layout.h"

#include "mpi/communicator.h"
#include "mpi/patience.h"
#include "mpi/silence.h"
#include "mpi/waiting.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pnas_status find_local_rank(pnas_layout *out)
{
    PNAS_TRY(pnas_mpi_meet());
    PNAS_TRY(pnas_mpi_find_machine(out->rank));
    PNAS_TRY(pnas_mpi_status(MPI_Comm_rank(pnas_mpi_machine(), &out->local_rank), "MPI_Comm_rank"));
    return pnas_mpi_status(MPI_Comm_size(pnas_mpi_machine(), &out->local_ranks), "MPI_Comm_size");
}

/* MPI waits in here until all processes of the job have come, and for ever if one is another program. */
static pnas_status start_mpi(int *argc, char ***argv, pnas_layout *out)
{
    /* Without a launcher Open MPI starts a daemon of its own for what only MPI_Comm_spawn needs, and dies with a
     * page of text where its tools or ssh are not installed. */
    setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
    /* Its folder in /tmp, which a single process has no use for, may be taken away by another that ends while this
     * one starts (tests/programs/starts_at_once.sh). Launchers name their job in PMIX_NAMESPACE. */
    if (!getenv("PMIX_NAMESPACE"))
        setenv("OMPI_MCA_orte_create_session_dirs", "0", 0);
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
    PNAS_TRY(find_local_rank(out));
    return pnas_silence_start();
}

pnas_status pnas_mpi_start(int *argc, char ***argv, pnas_layout *out)
{
    memset(out, 0, sizeof *out);
    pnas_patience_begin();
    pnas_status status = start_mpi(argc, argv, out);
    pnas_patience_end();
    return status;
}

void pnas_mpi_end(void)
{
    pnas_mpi_meet();
    pnas_silence_end();
    pnas_mpi_free_ranks();
    MPI_Finalize();
}

/* Rank 0 and rank `other` change places. */
static pnas_status exchange(pnas_layout *layout, int other)
{
    int key = layout->rank == 0 ? other : layout->rank == other ? 0 : layout->rank;
    PNAS_TRY(pnas_mpi_meet());
    PNAS_TRY(pnas_mpi_renumber(key));
    PNAS_TRY(pnas_silence_start());
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
