/* A seal at the end of a file: its length and CRC32, so that damage is seen before anything reads the file.
 *
 * HDF5 itself ignores what stands behind its data; another program that changes the file drops or overwrites
 * the seal, which makes it an unsealed file, not a damaged one. Bytes behind HDF5's data that are no seal are
 * one that was damaged. Local. */
#ifndef PNAS_IO_FILE_SEAL_H
#define PNAS_IO_FILE_SEAL_H

#include "src/base/status.h"

#include <stdbool.h>

/* Appends the seal; `path` is for messages. PNAS_ERROR_FILE if it cannot be read or written. */
pnas_status pnas_file_seal(int file, const char *path);

/* Whether an open file has a seal; a pipe has none. PNAS_ERROR_DATA if there is one and the file is not what
 * was sealed, or if there was one; PNAS_ERROR_FILE if it cannot be read. */
pnas_status pnas_file_check_seal(int file, const char *path, bool *sealed);

#endif
