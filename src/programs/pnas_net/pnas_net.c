/* pnas_net: what can be done with a trained network. */
#include "src/programs/common/program.h"
#include "src/programs/pnas_net/net_commands.h"
#include "src/run/rank_start.h"

#include <stdio.h>
#include <string.h>

/* ROW(name, what runs it in one process, or what runs it on all ranks, its line of --help) */
#define NET_COMMANDS(ROW)                                                                                    \
    ROW("info", pnas_net_run_info, NULL, "describe a network")                                               \
    ROW("test", NULL, pnas_net_run_test, "classify the test part of a data set")                             \
    ROW("predict", NULL, pnas_net_run_predict, "classify images")                                            \
    ROW("export", pnas_net_run_export, NULL, "write it for other programs: ONNX, safetensors")               \
    ROW("plot", pnas_net_run_plot, NULL, "draw its training and its test")

typedef struct {
    const char *name;
    pnas_status (*run)(int argc, char **argv); /* NULL: run_on_ranks */
    pnas_status (*run_on_ranks)(pnas_layout *layout, int argc, char **argv, bool *complained);
} net_command;

#define AS_COMMAND(name, run, run_on_ranks, help) {name, run, run_on_ranks},
#define AS_HELP(name, run, run_on_ranks, help)    "  " name "\t" help "\n"
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

/* The command begins at its name, which becomes "pnas_net NAME" in its messages. */
static void name_command(const main_arguments *arguments, int *argc, char ***argv)
{
    static char name[32];
    snprintf(name, sizeof name, "pnas_net %s", arguments->command->name);
    (*argv)[arguments->first] = name;
    *argc -= arguments->first;
    *argv += arguments->first;
}

/* Alone or under mpirun: of the ranks, rank 0 says what there is to say. */
static int run_on_ranks(const main_arguments *arguments, int argc, char **argv)
{
    pnas_layout layout;
    bool complained = false;
    pnas_status status = pnas_rank_start(&argc, &argv, pnas_program_build(), &layout);
    if (status == PNAS_OK) {
        name_command(arguments, &argc, &argv);
        status = arguments->command->run_on_ranks(&layout, argc, argv, &complained);
        pnas_mpi_end();
    }
    return layout.rank == 0 && !complained ? pnas_program_end(status) : pnas_exit_code(status);
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        NULL,
        parse_main,
        "COMMAND NET.h5 [ARGUMENT...]",
        "Works with a trained network: a NET.h5, or a RUN.n.weights.h5 that a search wrote.\v"
        "Commands (each has its own --help):\n" NET_COMMANDS(
            AS_HELP) "\n"
                     "Under mpirun, test and predict share their images among the ranks and print the same "
                     "as one process; "
                     "the others are for one process.",
        NULL,
        NULL,
        NULL};
    main_arguments arguments = {0};
    pnas_program_setup("pnas_net");
    pnas_program_parse(&argp, argc, argv, ARGP_IN_ORDER, &arguments);
    if (arguments.command->run_on_ranks)
        return run_on_ranks(&arguments, argc, argv);
    name_command(&arguments, &argc, &argv);
    return pnas_program_end(arguments.command->run(argc, argv));
}
