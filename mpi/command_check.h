/* Ranks that were started by other commands would not do the same, and wait for each other for ever. Collective. */
#ifndef PNAS_MPI_COMMAND_CHECK_H
#define PNAS_MPI_COMMAND_CHECK_H

#include "mpi/layout.h"

/* PNAS_ERROR_USAGE on every rank, with rank, host and command of two that differ, unless all bring the same `program`
 * and arguments argv[1 .. argc). Ranks of one build (mpi/build_check.h). */
pnas_status pnas_mpi_check_command(const pnas_layout *layout, const char *program, int argc,
                                   char *const *argv);

#endif
