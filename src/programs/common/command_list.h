/* The commands of a program that has several, as in "pnas_data import": its --help lists them, and each
 * parses its own arguments. Local to a process. */
#ifndef PNAS_PROGRAMS_COMMAND_LIST_H
#define PNAS_PROGRAMS_COMMAND_LIST_H

#include <stddef.h>

typedef struct {
    const char *name, *help; /* a line of --help */
} pnas_command;

typedef struct {                 /* constant; texts are static */
    const char *arguments;       /* "COMMAND [ARGUMENT...]" */
    const char *about;           /* what the program does */
    const char *note;            /* behind the commands, or NULL */
    const pnas_command *command; /* [count] */
    size_t count;
} pnas_command_list;

typedef struct {
    size_t number; /* in the list */
    int first;     /* index of the command's name among the arguments */
} pnas_chosen_command;

/* Answers --help and its kind, and complains of a command that is missing or unknown: then the process
 * ends. */
pnas_chosen_command pnas_command_choose(const pnas_command_list *list, int argc, char **argv);

/* Passes over what stands before the command's name, which becomes "PROGRAM NAME" in its messages. */
void pnas_command_begin(const pnas_command_list *list, const pnas_chosen_command *chosen, int *argc,
                        char ***argv);

#endif
