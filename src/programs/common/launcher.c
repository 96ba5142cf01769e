#include "src/programs/common/launcher.h"

#include "src/base/log.h"

#include <stdlib.h>
#include <sysexits.h>

/* Of Open MPI, of MPICH and its kind, and of SLURM's steps. */
static const struct {
    const char *ranks, *rank;
} launchers[] = {{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
                 {"PMI_SIZE", "PMI_RANK"},
                 {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID"}};

int pnas_launcher_ranks(int *rank)
{
    *rank = 0;
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
        const char *ranks = getenv(launchers[i].ranks), *mine = getenv(launchers[i].rank);
        if (!ranks || !mine || atoi(ranks) < 1)
            continue;
        *rank = atoi(mine);
        return atoi(ranks);
    }
    return 1;
}

void pnas_launcher_refuse_ranks(void)
{
    int rank, ranks = pnas_launcher_ranks(&rank);
    if (ranks == 1)
        return;
    if (rank == 0)
        pnas_error("this program is one process, and %d were started, which would all do the same; start it "
                   "without mpirun or srun, or with -n 1",
                   ranks);
    exit(EX_USAGE);
}

void pnas_launcher_tell_ranks(void)
{
    int rank, ranks = pnas_launcher_ranks(&rank);
    if (ranks > 1 && rank == 0)
        pnas_warning("this program is one process, and %d were started: each does the same for itself",
                     ranks);
}
