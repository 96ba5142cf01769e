/* pnas_net: what can be done with a trained network. */
#include "src/programs/common/program.h"
#include "src/programs/pnas_net/net_commands.h"

#include <stdio.h>
#include <string.h>

/* ROW(name, what runs it, its line of --help) */
#define NET_COMMANDS(ROW)                                                                                    \
    ROW("info", pnas_net_run_info, "describe a network")                                                     \
    ROW("test", pnas_net_run_test, "classify the test part of a data set")                                   \
    ROW("predict", pnas_net_run_predict, "classify images")                                                  \
    ROW("export", pnas_net_run_export, "write it for other programs: ONNX, safetensors")                     \
    ROW("plot", pnas_net_run_plot, "draw its training and its test")

typedef struct {
    const char *name;
    pnas_status (*run)(int argc, char **argv);
} net_command;

#define AS_COMMAND(name, run, help) {name, run},
#define AS_HELP(name, run, help)    "  " name "\t" help "\n"
static const net_command commands[] = {NET_COMMANDS(AS_COMMAND)};

typedef struct {
    const net_command *command;
    int first; /* index of the command's name among the arguments */
} main_arguments;

static error_t parse_main(int key, char *argument, struct argp_state *state)
{
    main_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        for (size_t i = 0; i < sizeof commands / sizeof *commands; ++i)
            if (strcmp(argument, commands[i].name) == 0)
                arguments->command = &commands[i];
        if (!arguments->command)
            pnas_program_complain(state, "'%s' is no command", argument);
        arguments->first = state->next - 1;
        state->next = state->argc; /* the rest is the command's */
        return 0;
    case ARGP_KEY_NO_ARGS:
        pnas_program_complain(state, "a command is missing");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        NULL,
        parse_main,
        "COMMAND NET.h5 [ARGUMENT...]",
        "Works with a trained network: a NET.h5, or a RUN.n.weights.h5 that a search wrote.\v"
        "Commands (each has its own --help):\n" NET_COMMANDS(AS_HELP),
        NULL,
        NULL,
        NULL};
    main_arguments arguments = {0};
    pnas_program_setup("pnas_net");
    pnas_program_parse(&argp, argc, argv, ARGP_IN_ORDER, &arguments);

    char name[32];
    snprintf(name, sizeof name, "pnas_net %s", arguments.command->name);
    argv[arguments.first] = name;
    return pnas_program_end(arguments.command->run(argc - arguments.first, argv + arguments.first));
}
