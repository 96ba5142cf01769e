/* A whole file written at once: it is there complete or not at all. Local. */
#ifndef PNAS_IO_BYTE_OUTPUT_H
#define PNAS_IO_BYTE_OUTPUT_H

#include "src/base/status.h"

#include <stddef.h>

/* Synced before it takes its place (io/file/output_file.h). PNAS_ERROR_FILE; what was at `path` is then still there. */
pnas_status pnas_bytes_write(const char *path, const void *data, size_t size);

#endif
