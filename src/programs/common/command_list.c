#include "src/programs/common/command_list.h"

#include "src/base/near_name.h"
#include "src/programs/common/option_table.h"
#include "src/programs/common/program.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMANDS_MAX 16

typedef struct {
    const pnas_command_list *list;
    pnas_chosen_command chosen;
} command_choice;

/* "import, info or verify" */
static const char *list_names(const pnas_command_list *list, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < list->count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s",
                                 i == 0                 ? ""
                                 : i + 1 == list->count ? " or "
                                                        : ", ",
                                 list->command[i].name);
    return out;
}

static size_t find_command(const pnas_command_list *list, const char *name)
{
    size_t i = 0;
    while (i < list->count && strcmp(name, list->command[i].name) != 0)
        i++;
    return i;
}

/* "; did you mean info?" */
static const char *describe_meant(const pnas_command_list *list, const char *wrong,
                                  char out[PNAS_NAME_MEANT_MAX])
{
    const char *names[COMMANDS_MAX];
    for (size_t i = 0; i < list->count; i++)
        names[i] = list->command[i].name;
    return pnas_name_meant("", wrong, names, list->count, out);
}

/* For completion in shells. */
static void print_table(const command_choice *choice, const struct argp *parser)
{
    for (size_t i = 0; i < choice->list->count; i++)
        printf("command\t%s\t%s\n", choice->list->command[i].name, choice->list->command[i].help);
    pnas_option_table_print(parser, stdout);
    exit(0);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    command_choice *choice = state->input;
    char names[200], meant[PNAS_NAME_MEANT_MAX];
    switch (key) {
    case PNAS_KEY_OPTION_TABLE:
        print_table(choice, state->root_argp);
        return 0;
    case ARGP_KEY_ARG:
        choice->chosen.number = find_command(choice->list, argument);
        if (choice->chosen.number == choice->list->count && state->next < state->argc &&
            find_command(choice->list, state->argv[state->next]) < choice->list->count)
            pnas_program_complain(state, "the command comes first: %s %s", state->argv[state->next],
                                  argument);
        if (choice->chosen.number == choice->list->count)
            pnas_program_complain(state, "'%s' is not %s%s", argument,
                                  list_names(choice->list, names, sizeof names),
                                  describe_meant(choice->list, argument, meant));
        choice->chosen.first = state->next - 1;
        state->next = state->argc; /* the rest is the command's */
        return 0;
    case ARGP_KEY_NO_ARGS:
        pnas_program_complain(state, "a command is missing: %s",
                              list_names(choice->list, names, sizeof names));
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The caller's; NULL without memory. */
static char *make_help(const pnas_command_list *list)
{
    char *help = NULL;
    size_t size;
    FILE *out = open_memstream(&help, &size);
    if (!out)
        return NULL;
    fprintf(out, "%s\vCommands (each has its own --help):\n", list->about);
    for (size_t i = 0; i < list->count; i++)
        fprintf(out, "  %-8s %s\n", list->command[i].name, list->command[i].help);
    if (list->note)
        fprintf(out, "\n%s", list->note);
    fclose(out);
    return help;
}

pnas_chosen_command pnas_command_choose(const pnas_command_list *list, int argc, char **argv)
{
    static const struct argp_option options[] = {
        {PNAS_OPTION_TABLE, PNAS_KEY_OPTION_TABLE, NULL, OPTION_HIDDEN, "For completion", 0}, {0}};
    command_choice choice = {.list = list};
    assert(list->count <= COMMANDS_MAX);
    char *help = make_help(list);
    const struct argp argp = {.options = options, .parser = parse, .args_doc = list->arguments, .doc = help};
    pnas_program_parse(&argp, argc, argv, ARGP_IN_ORDER, &choice);
    free(help);
    return choice.chosen;
}

void pnas_command_begin(const pnas_command_list *list, const pnas_chosen_command *chosen, int *argc,
                        char ***argv)
{
    static char name[64];
    snprintf(name, sizeof name, "%s %s", pnas_log_program(), list->command[chosen->number].name);
    (*argv)[chosen->first] = name;
    *argc -= chosen->first;
    *argv += chosen->first;
}
