/* Where the rows of an array of bytes lie in its file, for readers that do without HDF5, which one thread at a time may
 * use. Errors as in io/hdf5/hdf5_util.h. Local. */
#ifndef PNAS_IO_HDF5_ROWS_H
#define PNAS_IO_HDF5_ROWS_H

#include "io/file/stored_rows.h"
#include "io/hdf5/hdf5_util.h"

/* Of an array of uint8 of `rank` dimensions, whose first one counts the rows. PNAS_ERROR_DATA where it is not all
 * there, and where it is laid out otherwise than in whole rows, in one piece or in chunks, plain or deflated. *out is
 * the caller's (pnas_stored_rows_free). */
pnas_status pnas_h5_find_rows(hid_t parent, const char *name, int rank, pnas_stored_rows *out);

/* Where the bytes of an array of uint8 of one dimension begin, which lies in one piece, as it is. PNAS_ERROR_DATA where
 * it does not. */
pnas_status pnas_h5_find_bytes(hid_t parent, const char *name, uint64_t *at);

#endif
