#include "mpi/cores.h"

#include "mpi/collectives.h"
#include "mpi/core_split.h"
#include "mpi/wire.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {       /* what a rank tells the others of its machine */
    cpu_set_t now;     /* it may run on */
    cpu_set_t allowed; /* it might, if it asked for more */
    int bound_by_user;
} rank_cores;

/* The cores that this process may run on. A machine with more cores than cpu_set_t holds counts as unbound. */
static void read_cores(cpu_set_t *out)
{
    CPU_ZERO(out);
    if (sched_getaffinity(0, sizeof *out, out) == 0)
        return;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    for (long i = 0; i < cores && i < CPU_SETSIZE; i++)
        CPU_SET((size_t)i, out);
}

static void describe(rank_cores *out)
{
    read_cores(&out->now);
    out->bound_by_user = pnas_cores_bound_by_user();
    if (out->bound_by_user || !pnas_cores_of_launcher(&out->allowed))
        out->allowed = out->now;
}

/* Each of `mine`'s cores counts as one part in as many as there are ranks that may run on it. */
static int share_of(const rank_cores *mine, const rank_cores *all, int ranks)
{
    double share = 0;
    for (size_t core = 0; core < CPU_SETSIZE; core++) {
        if (!CPU_ISSET(core, &mine->now))
            continue;
        int sharing = 0;
        for (int rank = 0; rank < ranks; rank++)
            sharing += CPU_ISSET(core, &all[rank].now) ? 1 : 0;
        share += 1.0 / sharing;
    }
    int whole = (int)(share + 1e-6);
    return whole > 1 ? whole : 1;
}

/* Only ranks that all might run on the same cores can divide them, and only where nobody else did. */
static bool can_divide(const rank_cores *all, int ranks)
{
    for (int rank = 0; rank < ranks; rank++)
        if (all[rank].bound_by_user || !CPU_EQUAL(&all[rank].allowed, &all[0].allowed))
            return false;
    return CPU_COUNT(&all[0].allowed) >= ranks;
}

/* How many cores of this machine SLURM gave the job, or `most` outside of a job. Where SLURM itself does not
 * bind, processes see all cores of the machine. */
static int slurm_cores(int most)
{
    const char *text = getenv("SLURM_CPUS_ON_NODE");
    int cores = getenv("SLURM_JOB_ID") && text ? atoi(text) : 0;
    return cores > 0 && cores < most ? cores : most;
}

/* Moves this rank to its part of the cores, or to all where its threads or SLURM's gift do not fit into
 * parts. Returns how many it is to use; 0: it has to stay where it is. */
static int divide(const pnas_layout *layout, const rank_cores *mine, int threads)
{
    pnas_core cores[CPU_SETSIZE];
    cpu_set_t part;
    int count = pnas_cores_sort(&mine->allowed, "/sys/devices/system/cpu", cores);
    int usable = slurm_cores(count);
    pnas_cores_split(cores, count, layout->local_rank, layout->local_ranks, &part);
    if (usable < count || threads > CPU_COUNT(&part))
        part = mine->allowed;
    if (!CPU_EQUAL(&part, &mine->now) && sched_setaffinity(0, sizeof part, &part) != 0)
        return 0;
    return usable < count ? (usable / layout->local_ranks > 0 ? usable / layout->local_ranks : 1)
                          : CPU_COUNT(&part);
}

static void write_cores(pnas_wire_writer *to, const rank_cores *cores)
{
    pnas_wire_begin(to);
    pnas_wire_put_bytes(to, &cores->now, sizeof cores->now);
    pnas_wire_put_bytes(to, &cores->allowed, sizeof cores->allowed);
    pnas_wire_put_int(to, cores->bound_by_user);
}

static void read_set(pnas_wire_reader *from, cpu_set_t *out)
{
    size_t size = 0;
    const void *bytes = pnas_wire_get_bytes(from, &size);
    CPU_ZERO(out);
    if (bytes && size == sizeof *out)
        memcpy(out, bytes, size);
}

static pnas_status read_rank(const void *message, size_t size, rank_cores *out)
{
    pnas_wire_reader from;
    pnas_wire_open(&from, message, size);
    read_set(&from, &out->now);
    read_set(&from, &out->allowed);
    out->bound_by_user = (int)pnas_wire_get_int(&from, 0, 1);
    return pnas_wire_close(&from, "a rank's cores");
}

/* Tells the ranks of this machine about `mine` and hears of theirs; all: [local_ranks], or
 * NULL for want of memory. Ranks that got this far run one build, so their messages have one size. */
static pnas_status exchange(const pnas_layout *layout, const rank_cores *mine, rank_cores *all)
{
    pnas_wire_writer message = {0};
    unsigned char *messages = NULL;
    size_t ranks = (size_t)layout->local_ranks;
    write_cores(&message, mine);
    pnas_status status = pnas_wire_finish(&message);
    if (status == PNAS_OK && (!all || !(messages = malloc(ranks * message.size))))
        status = pnas_fail(PNAS_ERROR_MEMORY, "no memory for the cores of %zu ranks", ranks);
    status = pnas_mpi_agree(status);
    if (status == PNAS_OK)
        status = pnas_mpi_gather_local(message.data, message.size, messages);
    for (size_t rank = 0; all && messages && rank < ranks && status == PNAS_OK; rank++)
        status = read_rank(messages + rank * message.size, message.size, &all[rank]);
    free(messages);
    pnas_wire_clear(&message);
    return status;
}

pnas_status pnas_mpi_cores(const pnas_layout *layout, int threads, pnas_cores *out)
{
    rank_cores mine = {0}, *all = calloc((size_t)layout->local_ranks, sizeof *all);
    describe(&mine);
    pnas_status status = exchange(layout, &mine, all);
    *out = (pnas_cores){.given = CPU_COUNT(&mine.now), .machine = (int)sysconf(_SC_NPROCESSORS_ONLN)};
    if (status == PNAS_OK && can_divide(all, layout->local_ranks))
        out->share = divide(layout, &mine, threads);
    if (status == PNAS_OK && out->share == 0)
        out->share = share_of(&mine, all, layout->local_ranks);
    if (threads > 0)
        out->share = threads;
    free(all);
    return status;
}
