/* pnas_data: makes, describes and checks data sets. */
#include "src/programs/common/program.h"
#include "src/programs/pnas_data/data_commands.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const char *name;
    pnas_status (*run)(int argc, char **argv);
} data_command;

static const data_command commands[] = {
    {"import", pnas_data_import}, {"info", pnas_data_info}, {"verify", pnas_data_verify}};

typedef struct {
    const data_command *command;
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
            pnas_program_complain(state, "'%s' is not import, info or verify", argument);
        arguments->first = state->next - 1;
        state->next = state->argc; /* the rest is the command's */
        return 0;
    case ARGP_KEY_NO_ARGS:
        pnas_program_complain(state, "a command is missing: import, info or verify");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp argp = {NULL,
                                     parse_main,
                                     "COMMAND [ARGUMENT...]",
                                     "Makes, describes and checks data sets.\v"
                                     "Commands (each has its own --help):\n"
                                     "  import   make a data set of published files\n"
                                     "  info     describe a data set\n"
                                     "  verify   check a data set against its SHA-256",
                                     NULL,
                                     NULL,
                                     NULL};
    main_arguments arguments = {0};
    pnas_program_setup("pnas_data");
    pnas_program_parse(&argp, argc, argv, ARGP_IN_ORDER, &arguments);

    char name[32];
    snprintf(name, sizeof name, "pnas_data %s", arguments.command->name);
    argv[arguments.first] = name;
    return pnas_program_end(arguments.command->run(argc - arguments.first, argv + arguments.first));
}
