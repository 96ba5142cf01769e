/* The options of a program as a table, from which completion for shells is made (packaging/completion).
 * Local. */
#ifndef PNAS_PROGRAMS_OPTION_TABLE_H
#define PNAS_PROGRAMS_OPTION_TABLE_H

#include <argp.h>
#include <stdio.h>

/* The hidden option that prints the table. Nobody types its name, nor an abbreviation of it. */
#define PNAS_OPTION_TABLE     "_options"
#define PNAS_KEY_OPTION_TABLE 0x20000

/* A parser's help_filter is asked with this plus an option's key, and NULL for the text, for the words that
 * the option takes: "accuracy predicted", allocated for the caller, or NULL. Without an answer the argument's
 * name tells: the parts of "auto|cpu|D" in lower case are words. */
#define PNAS_HELP_WORDS       0x1000000

/* A line for each visible option and for each argument, fields end with a tab, "-" is nothing:
 *   option SHORT LONG ARGUMENT WORDS FILES HELP
 *   operand NAMES FILES
 * FILES: what names of files are wanted, "h5", "yaml", "any" or "directory". --help, --usage and --version,
 * which argp may have added itself, are among the options. */
void pnas_option_table_print(const struct argp *parser, FILE *out);

#endif
