/* That all ranks compute with the same kernels, and go on with those that a run began with: other kernels are
 * other sums. */
#ifndef PNAS_RUN_KERNEL_AGREEMENT_H
#define PNAS_RUN_KERNEL_AGREEMENT_H

#include "cl/runtime/kernel_folder.h"
#include "io/run/run_file.h"
#include "mpi/layout.h"

/* The hash of this rank's kernels. PNAS_ERROR_USAGE with two ranks that differ; collective, agreed. */
pnas_status pnas_kernel_agreement(const pnas_layout *layout, char hash[PNAS_KERNEL_HASH_TEXT]);

/* PNAS_ERROR_USAGE where `path` was begun with others than `hash`. Local. */
pnas_status pnas_kernel_check_run(const char *path, const pnas_run_info *info, const char *hash);

#endif
