/* The command line of pnas_data import, made from the formats' rows (io/data/import_format.h). Local. */
#ifndef PNAS_PROGRAMS_IMPORT_ARGUMENTS_H
#define PNAS_PROGRAMS_IMPORT_ARGUMENTS_H

#include "io/data/import.h"
#include "src/base/log.h"

typedef struct { /* texts are borrowed from argv */
    pnas_import_options import;
    const char *output;
    bool force; /* replace an output that is there */
    pnas_log_level level;
} pnas_import_arguments;

/* Ends the program with 64 for a wrong command line, for what is missing, and for options that the chosen
 * format would ignore. */
void pnas_import_arguments_parse(int argc, char **argv, pnas_import_arguments *out);

#endif
