/* The first step of a program of several ranks. */
#ifndef PNAS_RUN_RANK_START_H
#define PNAS_RUN_RANK_START_H

#include "mpi/layout.h"

/* pnas_mpi_start, after the cache of kernels has its place: MPI may start OpenCL drivers by itself (hwloc has a
 * plug-in that asks for devices), and these read their environment once. Every program that uses both begins
 * with this. Collective. */
pnas_status pnas_rank_start(int *argc, char ***argv, pnas_layout *out);

#endif
