#include "src/run/kernel_agreement.h"

#include "mpi/build_check.h"
#include "mpi/collectives.h"

#include <stdlib.h>
#include <string.h>

pnas_status pnas_kernel_agreement(const pnas_layout *layout, char hash[PNAS_KERNEL_HASH_TEXT])
{
    pnas_status status = pnas_kernels_hash(hash);
    if (status != PNAS_OK && layout->rank != 0)
        pnas_fail_at(status, "rank %d on %s", layout->rank, layout->host);
    PNAS_TRY(pnas_mpi_agree(status));
    return pnas_mpi_check_alike(
        layout, hash,
        &(pnas_mpi_difference){
            PNAS_ERROR_USAGE, "uses the kernels",
            "the kernel sources differ: install the same ones on every machine, and unset PNAS_KERNELS, "
            "CLBLAST_BUILD_OPTIONS and the POCL_... of compiling, or set them alike on all ranks"});
}

/* What a person can do about it depends on where these kernels are from. */
static const char *remedy(void)
{
    const char *own = getenv("PNAS_KERNELS");
    if (own && *own)
        return "unset PNAS_KERNELS or set it to the folder that the run began with";
    return "use the version of the program that the run began with (program_commit in the file), and the "
           "same POCL_... of compiling and CLBLAST_BUILD_OPTIONS in the environment";
}

pnas_status pnas_kernel_check_run(const char *path, const pnas_run_info *info, const char *hash)
{
    PNAS_CHECK(!info->kernels[0] || !hash[0] || strcmp(info->kernels, hash) == 0, PNAS_ERROR_USAGE,
               "%s: this run was begun with the kernels %s, but these are %s, and its children could not be "
               "compared: %s, or begin a new run with -o",
               path, info->kernels, hash, remedy());
    return PNAS_OK;
}
