#include "mpi/layout.h"

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
    pnas_status status = pnas_mpi_gather_local(layout, &mine, sizeof mine, all);
    if (status == PNAS_OK)
        *share = share_of(&mine, all, layout->local_ranks);
    *machine = (int)sysconf(_SC_NPROCESSORS_ONLN);
    free(all);
    return status;
}
