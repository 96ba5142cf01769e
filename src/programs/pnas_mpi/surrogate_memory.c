#include "src/programs/pnas_mpi/surrogate_memory.h"

#include <unistd.h>

/* Copies of all members' weights in the machine's memory at once: a message with them, and what is read out of it
 * or written into it. On rank 0 also what the run file holds of each level. */
enum { COPIES = 2 };

static double gibibytes(uint64_t bytes)
{
    return (double)bytes / 0x1p30;
}

/* This rank's share of what the machine has. */
static uint64_t machine_share(const pnas_layout *layout)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size / (uint64_t)layout->local_ranks
                                 : UINT64_MAX;
}

static pnas_status compare(const pnas_configuration *configuration, const char *place, uint64_t needed,
                           uint64_t there)
{
    const pnas_surrogate_options *options = &configuration->surrogate;
    PNAS_CHECK(
        needed <= there, PNAS_ERROR_MEMORY,
        "the surrogate of %d member%s takes %.2f GiB %s, where there are %.2f GiB for it; lower "
        "surrogate.members (%d), surrogate.hidden (%d), surrogate.embedding (%d) or surrogate.batch (%d), "
        "or start fewer ranks on a machine",
        options->members ? options->members : 1, options->members > 1 ? "s" : "", gibibytes(needed), place,
        gibibytes(there), options->members, options->hidden, options->embedding, options->batch);
    return PNAS_OK;
}

pnas_status pnas_surrogate_memory_check(const pnas_layout *layout, const pnas_devices *devices,
                                        const pnas_configuration *configuration, pnas_ensemble_memory *out)
{
    const pnas_space *space = &configuration->search.space;
    const pnas_device_info *device = pnas_cl_device(devices->cl);
    PNAS_TRY(pnas_ensemble_needs(&configuration->surrogate, space, out));
    uint64_t images = devices->trainer ? pnas_trainer_image_bytes(devices->trainer) : 0;
    uint64_t share = device->memory / (uint64_t)devices->sharing, on_device = out->kept + out->working;
    uint64_t copies = COPIES + (layout->rank == 0 ? (uint64_t)space->blocks : 0);
    uint64_t in_machine = copies * out->kept + (device->cpu ? on_device : 0);
    PNAS_TRY(compare(configuration, "on a device", on_device, share > images ? share - images : 0));
    if (device->largest_allocation > 0)
        PNAS_TRY(
            compare(configuration, "in one buffer of a device", out->largest, device->largest_allocation));
    return compare(configuration, "in the memory of a rank's machine", in_machine, machine_share(layout));
}
