/* Ranks that run different builds are refused at the start: what they tell each other could not be
 * understood, and their figures could differ. Collective. */
#ifndef PNAS_MPI_BUILD_CHECK_H
#define PNAS_MPI_BUILD_CHECK_H

#include "mpi/layout.h"

/* PNAS_ERROR_USAGE on every rank, with rank, host and build of two that differ, unless all bring the same
 * `build` (version and commit, "0.9.0 (abc1234)") and the same wire format. The first call after
 * pnas_mpi_start. */
pnas_status pnas_mpi_check_build(const pnas_layout *layout, const char *build);

#endif
