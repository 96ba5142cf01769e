#include "src/run/rank_start.h"

#include "cl/runtime/device_set.h"
#include "mpi/build_check.h"
#include "mpi/collectives.h"
#include "mpi/command_check.h"
#include "src/base/log.h"

#include <stdio.h>
#include <stdlib.h>

/* This variable changes what arguments mean. */
static pnas_status check_command(const pnas_layout *layout, int argc, char *const *argv)
{
    char program[128];
    snprintf(program, sizeof program, "%s%s", getenv("POSIXLY_CORRECT") ? "POSIXLY_CORRECT=1 " : "",
             pnas_log_program());
    return pnas_mpi_check_command(layout, program, argc, argv);
}

pnas_status pnas_rank_start(int *argc, char ***argv, const char *build, pnas_layout *out)
{
    pnas_status prepared =
        pnas_device_prepare_environment(); /* the others would wait for a rank that ends here */
    PNAS_TRY(pnas_mpi_start(argc, argv, out));
    pnas_status status = pnas_mpi_check_build(out, build);
    if (status == PNAS_OK && prepared != PNAS_OK && out->rank != 0)
        pnas_fail_at(prepared, "rank %d on %s", out->rank, out->host);
    if (status == PNAS_OK)
        status = pnas_mpi_agree(prepared);
    if (status == PNAS_OK)
        status = check_command(out, *argc, *argv);
    if (status != PNAS_OK)
        pnas_mpi_end();
    return status;
}
