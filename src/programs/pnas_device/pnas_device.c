/* pnas_device: what a device is, whether it computes rightly, what computes fastest on it, and compilation
 * ahead of a search. */
#include "src/programs/common/program.h"
#include "src/programs/pnas_device/device_commands.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const char *name;
    pnas_status (*run)(int argc, char **argv);
} device_command;

static const device_command commands[] = {{"list", pnas_device_run_list},
                                          {"check", pnas_device_run_check},
                                          {"routes", pnas_device_run_routes},
                                          {"tune", pnas_device_run_tune},
                                          {"build", pnas_device_run_build}};

#define COMMAND_NAMES "list, check, routes, tune or build"

typedef struct {
    const device_command *command;
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
            pnas_program_complain(state, "'%s' is not " COMMAND_NAMES, argument);
        arguments->first = state->next - 1;
        state->next = state->argc; /* the rest is the command's */
        return 0;
    case ARGP_KEY_NO_ARGS:
        pnas_program_complain(state, "a command is missing: " COMMAND_NAMES);
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        .parser = parse_main,
        .args_doc = "COMMAND [ARGUMENT...]",
        .doc = "Describes, checks and tunes OpenCL devices, and compiles for them.\v"
               "Commands (each has its own --help):\n"
               "  list     the devices of this machine\n"
               "  check    try every op on a device against plain references\n"
               "  routes   which kernels serve the ops of a child\n"
               "  tune     measure which kernels are the fastest, and keep the answer\n"
               "  build    compile the kernels of a configuration before a search"};
    main_arguments arguments = {0};
    pnas_program_setup("pnas_device");
    pnas_program_parse(&argp, argc, argv, ARGP_IN_ORDER, &arguments);

    char name[32];
    snprintf(name, sizeof name, "pnas_device %s", arguments.command->name);
    argv[arguments.first] = name;
    return pnas_program_end(arguments.command->run(argc - arguments.first, argv + arguments.first));
}
