/* pnas_net report: a network as one HTML file. */
#include "io/report/report.h"
#include "src/programs/common/program.h"
#include "src/programs/pnas_net/net_commands.h"

#include <stdio.h>

enum { KEY_FORCE = 0x100 };

typedef struct {
    const char *path, *output;
    bool force;
    pnas_log_level level;
} page_arguments;

static error_t parse_page(int key, char *argument, struct argp_state *state)
{
    page_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->level;
        return 0;
    case 'o':
        arguments->output = argument;
        return 0;
    case KEY_FORCE:
        arguments->force = true;
        return 0;
    case ARGP_KEY_ARG:
        return pnas_program_take_argument(state, argument, &arguments->path);
    case ARGP_KEY_END:
        if (!arguments->path)
            pnas_program_complain(state, "a network is missing");
        else if (!arguments->output)
            pnas_program_complain(state, "-o is missing: a .html file");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

pnas_status pnas_net_run_report(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"output", 'o', "FILE.html", 0, "The file to write", 1},
        {"force", KEY_FORCE, NULL, 0, "Replace FILE.html even if it is no report", 1},
        {0}};
    static const struct argp_child children[] = {{&pnas_program_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {.options = options,
                                     .parser = parse_page,
                                     .args_doc = "NET.h5 -o FILE.html",
                                     .doc = "Writes one HTML file that needs nothing else: the network, its "
                                            "architecture, its training, its test "
                                            "by class as far as the file has it, how to go on.",
                                     .children = children};
    page_arguments arguments = {.level = PNAS_LOG_INFO};
    pnas_network_file file;
    char program[128];
    pnas_program_parse(&argp, argc, argv, 0, &arguments);
    pnas_log_setup(pnas_log_program(), arguments.level, 0, 1);
    PNAS_TRY(pnas_network_file_read(arguments.path, &file));
    snprintf(program, sizeof program, "pnas_net %s", pnas_program_build());
    const pnas_report_options report = {
        .path = arguments.output, .program = program, .force = arguments.force};
    pnas_status status = pnas_report_write_network(&report, arguments.path, &file);
    pnas_network_file_clear(&file);
    if (status == PNAS_OK)
        pnas_info("wrote %s", arguments.output);
    return status;
}
