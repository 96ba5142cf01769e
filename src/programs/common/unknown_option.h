/* Looks through a command line before argp parses it. Local to a process. */
#ifndef PNAS_PROGRAMS_UNKNOWN_OPTION_H
#define PNAS_PROGRAMS_UNKNOWN_OPTION_H

#include <argp.h>
#include <stdbool.h>

/* False, with a complaint where `speak`, for an option that would command a terminal when getopt repeats it, and for an
 * unknown one that nearly is one of the parser's. Other mistakes are left to argp. in_order: the parser stops at the
 * first word that is no option. */
bool pnas_options_check(const struct argp *parser, int argc, char *const *argv, bool in_order, bool speak);

#endif
