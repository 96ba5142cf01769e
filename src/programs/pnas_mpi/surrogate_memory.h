/* The memory of a search's surrogate, before there is one. */
#ifndef PNAS_MPI_SURROGATE_MEMORY_H
#define PNAS_MPI_SURROGATE_MEMORY_H

#include "cl/surrogate/surrogate_ensemble.h"
#include "mpi/layout.h"
#include "src/net/run_settings.h"
#include "src/run/device_setup.h"

/* Whether this rank's share of its device, beside the images there, and of its machine hold the surrogate: the
 * weights of all members stay on the device; rank 0 keeps them in the machine's memory, too, after each level.
 * Local. *out: what it needs. PNAS_ERROR_MEMORY with what to change if it does not fit. */
pnas_status pnas_surrogate_memory_check(const pnas_layout *layout, const pnas_devices *devices,
                                        const pnas_configuration *configuration, pnas_ensemble_memory *out);

#endif
