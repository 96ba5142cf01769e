#include "src/run/rank_start.h"

#include "cl/runtime/device_set.h"
#include "mpi/build_check.h"
#include "mpi/collectives.h"
#include "mpi/command_check.h"
#include "mpi/patience.h"
#include "src/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* This variable changes what arguments mean. */
static pnas_status check_command(const pnas_layout *layout, int argc, char *const *argv)
{
    char program[128];
    snprintf(program, sizeof program, "%s%s", getenv("POSIXLY_CORRECT") ? "POSIXLY_CORRECT=1 " : "",
             pnas_log_program());
    return pnas_mpi_check_command(layout, program, argc, argv);
}

/* That all ranks are this program, were started alike and can begin. */
static pnas_status agree_to_start(const pnas_layout *layout, const char *build, pnas_status prepared,
                                  int argc, char *const *argv)
{
    const char *name = pnas_log_program(); /* a command of it may follow */
    char program[256];
    snprintf(program, sizeof program, "%.*s %s", (int)strcspn(name, " "), name, build);
    PNAS_TRY(pnas_mpi_check_build(layout, program));
    if (prepared != PNAS_OK && layout->rank != 0)
        pnas_fail_at(prepared, "rank %d on %s", layout->rank, layout->host);
    PNAS_TRY(pnas_mpi_agree(prepared));
    return check_command(layout, argc, argv);
}

pnas_status pnas_rank_start(int *argc, char ***argv, const char *build, bool devices, pnas_layout *out)
{
    /* The others would wait for a rank that ends here. */
    pnas_status prepared = devices ? pnas_device_prepare_environment() : PNAS_OK;
    PNAS_TRY(pnas_mpi_start(argc, argv, out));
    pnas_patience_begin();
    pnas_status status = agree_to_start(out, build, prepared, *argc, *argv);
    pnas_patience_end();
    if (status != PNAS_OK)
        pnas_mpi_end();
    return status;
}

/* --- a command of one process --- */

/* At the end of rank 0, however it comes to it: argp may end the program. */
static void tell_end(int code, void *payload)
{
    (void)payload;
    void *data = &code;
    unsigned long size = sizeof code;
    if (pnas_mpi_broadcast(&data, &size) == PNAS_OK)
        pnas_mpi_end();
}

pnas_status pnas_rank_lead(int *argc, char ***argv, const char *build, pnas_layout *out, int *code)
{
    *code = 0;
    PNAS_TRY(pnas_rank_start(argc, argv, build, false, out));
    if (out->rank == 0) {
        on_exit(tell_end, NULL);
        return PNAS_OK;
    }
    void *data = NULL;
    unsigned long size = 0;
    PNAS_TRY(pnas_mpi_broadcast(&data, &size));
    memcpy(code, data, sizeof *code);
    free(data);
    pnas_mpi_end();
    return PNAS_OK;
}
