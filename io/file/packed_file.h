/* A file that may be gzipped (RFC 1952; told by its first bytes), as a stream of unpacked bytes. Unlike zlib's own
 * reader it takes nothing for the end but the end: what stands behind a member must be another one, or zeros that
 * fill a block. Not for callers outside of this room. Local. */
#ifndef PNAS_IO_PACKED_FILE_H
#define PNAS_IO_PACKED_FILE_H

#include "src/base/status.h"

#include <stddef.h>

typedef struct pnas_packed_file pnas_packed_file;

/* Takes `descriptor`, also where it fails. `path` is for messages, and borrowed. */
pnas_status pnas_packed_file_open(const char *path, int descriptor, pnas_packed_file **out);
void pnas_packed_file_close(pnas_packed_file **file);

/* The next bytes, as many as wanted unless the file ends. PNAS_ERROR_DATA if it is cut short or damaged. */
pnas_status pnas_packed_file_read(pnas_packed_file *file, unsigned char *out, size_t wanted, size_t *got);

#endif
