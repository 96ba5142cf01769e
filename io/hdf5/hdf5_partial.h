/* The file beside an output that it is written to until it is whole: OUT.partial, locked, and told from what somebody
 * else has put there. Not for callers. Local. */
#ifndef PNAS_IO_HDF5_PARTIAL_H
#define PNAS_IO_HDF5_PARTIAL_H

#include "io/hdf5/hdf5_util.h"

/* Sets path, partial, lock and leftover of an output that leads to `path`, its links followed; what is set also after
 * a failure goes with pnas_h5_output_discard. PNAS_ERROR_FILE. */
pnas_status pnas_h5_partial_take(const char *path, pnas_h5_output *output);

#endif
