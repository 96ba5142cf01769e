/* What every program has in common: its name, --version, --quiet and --verbose, and how it ends.
 *
 * argp parses the command line; a wrong one ends the program with 64 and a hint at --help. */
#ifndef PNAS_PROGRAMS_PROGRAM_H
#define PNAS_PROGRAMS_PROGRAM_H

#include "src/base/log.h"
#include "src/base/status.h"

#include <argp.h>

/* First line of a main: `name` (borrowed for the life of the process) stands before every message and in
 * --version's answer. Logs as a single process; a program of several ranks calls pnas_log_setup again. */
void pnas_program_setup(const char *name);

/* A child parser with -q (warnings and errors only) and -v (how things happen). Its input is a
 * pnas_log_level *, which it sets: {&pnas_program_argp, 0, NULL, 0} among a parser's children, and
 * state->child_inputs[...] = &level at ARGP_KEY_INIT. */
extern const struct argp pnas_program_argp;

/* Last line of a main: prints the message of a failure, makes sure that stdout arrived, and returns the exit
 * code. */
int pnas_program_end(pnas_status status);

#endif
