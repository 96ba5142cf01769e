/* What every program has in common: its name, the options that all have, the kinds of their values, and how
 * it ends. Local to a process, though a program of several ranks parses the same words on each of them.
 *
 * argp parses the command line; a wrong one ends in exit code 64 and a hint at --help. */
#ifndef PNAS_PROGRAMS_PROGRAM_H
#define PNAS_PROGRAMS_PROGRAM_H

#include "src/base/log.h"
#include "src/base/status.h"

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

/* First line of a main: `name` (borrowed for the life of the process) stands before every message and in
 * --version's answer. Logs as a single process; a program of several ranks calls pnas_log_setup again. Of stdin,
 * stdout and stderr what is closed is kept from becoming another file; what is printed to it is lost, which
 * pnas_program_end tells. */
void pnas_program_setup(const char *name);

/* Version and commit of this build: "0.9.0 (abc1234)". Borrowed. */
const char *pnas_program_build(void);
const char *pnas_program_commit(void); /* "abc1234" */

/* The libraries, compiler and kind of build that this program was built with, a line each. Borrowed. */
const char *pnas_program_built_with(void);

/* argp_parse for a program of one process, which ends here after --help or a complaint. What is repeated of the
 * command line commands no terminal. */
void pnas_program_parse(const struct argp *parser, int argc, char **argv, unsigned flags, void *input);

/* The words of a command with blanks between them, after "mpirun -n RANKS" if there are more ranks than one.
 * To be called before parsing, which sorts argv. The caller's; NULL without memory. */
char *pnas_program_command_line(int argc, char **argv, int ranks);

/* A child parser with -q (warnings and errors only) and -v (how things happen). Its input is a
 * pnas_log_level *, which it sets: {&pnas_program_argp, 0, NULL, 0} among a parser's children, and
 * state->child_inputs[...] = &level at ARGP_KEY_INIT. */
extern const struct argp pnas_program_argp;

/* The same for a program of several ranks, all of which parse: --help, --usage and --version are answered by
 * one of them. Its input is a pnas_rank_answers *. */
typedef struct {
    pnas_log_level *level;
    bool *answered; /* set if an answer was asked for: there is nothing else to do */
    bool speak;     /* this rank prints answers and complaints */
} pnas_rank_answers;
extern const struct argp pnas_program_rank_argp;

/* argp_parse for a parser with that child. PNAS_ERROR_USAGE after a complaint. */
pnas_status pnas_program_parse_rank(const struct argp *parser, int argc, char **argv, bool speak,
                                    void *input);

/* A parser as above with what it reads into: *answered as in pnas_rank_answers. */
typedef pnas_status (*pnas_rank_reader)(int argc, char **argv, bool speak, void *payload, bool *answered);

typedef struct {
    bool over; /* this process is alone, and has printed the answer or the complaint: it ends with `code` */
    int code;
    bool works; /* the command is understood and is more than a question */
} pnas_rank_preview;

/* Reads the command line before MPI and devices are touched, on a copy of argv. One of several ranks is silent: it
 * reads again when all have agreed on the command. */
pnas_rank_preview pnas_program_preview(pnas_rank_reader reader, int argc, char *const *argv, void *payload);

/* argp_error, for a parser that may go on after it: returns EINVAL, which ends the parsing. */
error_t pnas_program_complain(struct argp_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Complains of a second configuration, and of -o where the first or the second looks like a file to write. */
error_t pnas_program_complain_argument(struct argp_state *state, const char *first, const char *second);

/* Takes the one argument of a parser, or complains of a second. */
error_t pnas_program_take_argument(struct argp_state *state, const char *argument, const char **out);

/* Reads a whole number from `low` to `high`, without anything before or behind it, into *out. Otherwise
 * complains of --`option` and returns EINVAL. */
error_t pnas_program_parse_integer(struct argp_state *state, const char *option, const char *text,
                                   int64_t low, int64_t high, int64_t *out);

/* Last line of a main: prints the message of a failure, makes sure that stdout arrived, and returns the exit
 * code. */
int pnas_program_end(pnas_status status);

#endif
