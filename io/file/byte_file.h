/* A whole file in memory, unpacked if it is gzipped (told by its first bytes, not by its name). Local. */
#ifndef PNAS_IO_BYTE_FILE_H
#define PNAS_IO_BYTE_FILE_H

#include "src/base/status.h"

#include <stddef.h>

typedef struct { /* data is followed by a 0 byte that is not counted in size */
    unsigned char *data;
    size_t size;
} pnas_bytes;

/* How many bytes a file may have by what its first ones say (`size` of them: all, or at least 64); 0 if they
 * say that it is not what it should be. Asked again as more is read. */
typedef double (*pnas_bytes_claim)(const unsigned char *first, size_t size);

/* `expected` ("an IDX file") is for messages. No more is read than one byte beyond what `claim` (NULL: any
 * number) allows, however much may come out of the file. PNAS_ERROR_DATA if the file is a folder, empty, or a
 * gzip file that is cut short or damaged; PNAS_ERROR_FILE if it is missing or cannot be read. `out` is the
 * caller's (pnas_bytes_free). */
pnas_status pnas_bytes_read(const char *path, const char *expected, pnas_bytes_claim claim, pnas_bytes *out);
void pnas_bytes_free(pnas_bytes *bytes);

/* The first bytes, at most `size`, unpacked if the file is gzipped. Returns how many: 0 for what is no
 * regular file or cannot be read (a pipe would lose what is read here). Leaves the message as it was. */
size_t pnas_bytes_peek(const char *path, unsigned char *out, size_t size);

/* PNAS_ERROR_DATA with the line if there is a byte of 0, as in a file whose end a bad disk has zeroed: no
 * text has one. */
pnas_status pnas_bytes_check_text(const char *path, const pnas_bytes *bytes);

/* Where text of `size` bytes begins, behind the UTF-8 byte order mark that some spreadsheets write.
 * Borrowed. */
const char *pnas_bytes_text(const char *text, size_t size);

#endif
