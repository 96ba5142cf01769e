#include "src/run/rank_start.h"

#include "cl/runtime/device_set.h"

pnas_status pnas_rank_start(int *argc, char ***argv, pnas_layout *out)
{
    PNAS_TRY(pnas_device_prepare_environment());
    return pnas_mpi_start(argc, argv, out);
}
