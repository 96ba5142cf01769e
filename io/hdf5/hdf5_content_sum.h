/* A sum of what a file holds: all its arrays by path, shape and values, and the attributes that it has when the sum is
 * written. Other tools may lay the file out anew or add attributes of their own and the sum stays; who changes, adds
 * or removes a value or an array is found out, also where the file has lost its seal (io/hdf5/file_seal.h). It keeps
 * no secret: against forgers there is none. Local. Errors as in io/hdf5/hdf5_util.h. */
#ifndef PNAS_IO_HDF5_CONTENT_SUM_H
#define PNAS_IO_HDF5_CONTENT_SUM_H

#include "io/hdf5/hdf5_util.h"

#define PNAS_CONTENT_CHANGED                                                                                 \
    "another program changed, added or removed values since it was written; put a copy of it back, or, if "  \
    "the change "                                                                                            \
    "is meant, delete its attribute content_sha256"

/* Writes the attributes content_attributes (the names of those that count) and content_sha256 to the open file, once,
 * as the last thing. */
pnas_status pnas_content_sum_write(hid_t file);

/* PNAS_ERROR_DATA if the file holds something else than it did then. PNAS_OK where it has no sum, as files of other
 * programs, and of this one before there were sums. `optional`, NULL behind the last: attributes that mean something
 * and that a file may lack. One that it lacked then may not have been added. */
pnas_status pnas_content_sum_check(hid_t file, const char *const *optional);

#endif
