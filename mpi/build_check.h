/* Ranks that are not alike are refused at the start: of another build, what they tell each other could not be
 * understood, and with other kernels or data, their figures would differ. Collective. */
#ifndef PNAS_MPI_BUILD_CHECK_H
#define PNAS_MPI_BUILD_CHECK_H

#include "mpi/layout.h"

/* PNAS_ERROR_USAGE on every rank, with rank, host and build of two that differ, unless all bring the same
 * `build` (program, version and commit, "pnas_mpi 0.9.0 (abc1234)"), build ID and wire format. The first call after
 * pnas_mpi_start. */
pnas_status pnas_mpi_check_build(const pnas_layout *layout, const char *build);

typedef struct {
    pnas_status status; /* where they differ */
    const char *what;   /* "runs", "reads data.h5 with SHA-256": between a rank and its text */
    const char *remedy; /* behind the sentence */
} pnas_mpi_difference;

/* The same for any text of up to 191 bytes that all ranks must share. */
pnas_status pnas_mpi_check_alike(const pnas_layout *layout, const char *text,
                                 const pnas_mpi_difference *difference);

#endif
