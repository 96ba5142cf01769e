/* One copy of a data set's images on each machine, which the ranks there share. */
#ifndef PNAS_RUN_DATASET_SHARE_H
#define PNAS_RUN_DATASET_SHARE_H

#include "io/data/dataset.h"
#include "mpi/layout.h"

/* Opens the data set for training on every rank, as pnas_dataset_open_training does. One rank of each machine reads
 * the file; the others map its images, or find them in the file where they stay there, and are told the rest. A rank
 * reads by itself where it cannot map them, with a warning, and where the name leads it to another file. *out is the
 * caller's, also after a failure. Collective, agreed. */
pnas_status pnas_dataset_share(const pnas_layout *layout, const char *name, uint64_t room,
                               pnas_dataset **out);

#endif
