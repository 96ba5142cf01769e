#include "src/programs/program.h"
#include "pnas_version.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static void print_version(FILE *stream, struct argp_state *state)
{
    fprintf(stream, "%s %s (%s)\n", pnas_log_program(), PNAS_VERSION, PNAS_COMMIT);
}

void pnas_program_setup(const char *name)
{
    pnas_log_setup(name, PNAS_LOG_INFO, 0, 1);
    argp_program_version_hook = print_version;
    argp_err_exit_status = EX_USAGE;
}

static error_t parse_common(int key, char *argument, struct argp_state *state)
{
    pnas_log_level *level = state->input;
    switch (key) {
    case 'q':
        *level = PNAS_LOG_WARNING;
        return 0;
    case 'v':
        *level = PNAS_LOG_DEBUG;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option common_options[] = {
    {"quiet", 'q', NULL, 0, "Print warnings and errors only", -1},
    {"verbose", 'v', NULL, 0, "Print how things happen, too", -1},
    {0},
};

const struct argp pnas_program_argp = {.options = common_options, .parser = parse_common};

int pnas_program_end(pnas_status status)
{
    if (status != PNAS_OK)
        pnas_log(status == PNAS_STOPPED ? PNAS_LOG_INFO : PNAS_LOG_ERROR, "%s", pnas_message());
    if (fflush(stdout) != 0 || ferror(stdout)) {
        pnas_error("standard output cannot be written: %s", strerror(errno));
        if (status == PNAS_OK)
            status = PNAS_ERROR_FILE;
    }
    return pnas_exit_code(status);
}
