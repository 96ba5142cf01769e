/* The first step of a program of several ranks. */
#ifndef PNAS_RUN_RANK_START_H
#define PNAS_RUN_RANK_START_H

#include "mpi/layout.h"

#include <stdbool.h>

/* pnas_mpi_start. With `devices`, which the command will need, the cache of kernels is looked at and has its place
 * before: MPI may start OpenCL drivers by itself (hwloc has a plug-in that asks for devices), and these read their
 * environment once.
 *
 * Then all ranks must be of one `build` and have the same command, or none goes on: PNAS_ERROR_USAGE, with two that
 * differ. After a failure MPI is over, and rank 0 of *out says it. Collective. */
pnas_status pnas_rank_start(int *argc, char ***argv, const char *build, bool devices, pnas_layout *out);

/* The same for what one process does without a device, although several were started: rank 0 goes on as if it were
 * alone, and the others wait in here for its end, however it comes to it. *code: with what they are to end then.
 * Collective. */
pnas_status pnas_rank_lead(int *argc, char ***argv, const char *build, pnas_layout *out, int *code);

#endif
