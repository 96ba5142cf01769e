/* What a long import has made so far, in one file beside its result: streams of bytes, such as the images of a part,
 * that are appended to and kept in chunks of one size, as HDF5 stores them. A process may be killed at any moment: the
 * next one goes on from the last commit. docs/formats.md has the bytes. Local; one thread.
 *
 * PNAS_ERROR_FILE, naming the file, where it cannot be written or read; what was committed is still there then. */
#ifndef PNAS_IO_ROW_STORE_H
#define PNAS_IO_ROW_STORE_H

#include "io/file/sha256.h"
#include "src/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PNAS_ROW_STREAMS_MAX 8

typedef struct {
    uint64_t
        chunk_bytes; /* above 0; of each chunk before it is packed; the last one is filled up with zeros */
    bool deflated;   /* chunks are packed by zlib */
} pnas_row_stream;

typedef struct pnas_row_store pnas_row_store;

/* Opens or creates the file and locks it. If it was made for the same key, it stands as at its last commit; if for
 * another one, it is emptied, which a warning tells. PNAS_ERROR_FILE, too, if another process holds it, or if it is
 * anything else. Messages of the lock name `shown`. *out is the caller's. */
pnas_status pnas_row_store_open(const char *path, const char *shown, const char key[PNAS_SHA256_TEXT],
                                pnas_row_store **out);

/* Unlocks; the file stays if something is committed, and is removed if not. */
void pnas_row_store_close(pnas_row_store **store);

/* The file has done its work: removes it. */
void pnas_row_store_remove(pnas_row_store **store);

/* Borrowed. */
const char *pnas_row_store_path(const pnas_row_store *store);

/* Whether pnas_row_store_begin was called, by whichever process. */
bool pnas_row_store_begun(const pnas_row_store *store);

/* Of an empty store: its streams, and two numbers of the caller, which are kept. */
pnas_status pnas_row_store_begin(pnas_row_store *store, const pnas_row_stream *stream, size_t streams,
                                 const uint32_t numbers[2]);
void pnas_row_store_numbers(const pnas_row_store *store, uint32_t numbers[2]);

/* Bytes in a stream. */
uint64_t pnas_row_store_bytes(const pnas_row_store *store, size_t stream);

/* All bytes of a stream to `out`. */
pnas_status pnas_row_store_copy(pnas_row_store *store, size_t stream, unsigned char *out);

/* Appends to a stream, in memory. */
pnas_status pnas_row_store_add(pnas_row_store *store, size_t stream, const void *bytes, size_t size);

/* Packs, by all cores, and writes what are whole chunks. */
pnas_status pnas_row_store_flush(pnas_row_store *store);

/* All that was added will be there, whatever happens from now on. */
pnas_status pnas_row_store_commit(pnas_row_store *store);

/* All was added: the rest becomes a chunk of each stream. Before reading. */
pnas_status pnas_row_store_end(pnas_row_store *store);

/* After pnas_row_store_end. */
size_t pnas_row_store_chunks(const pnas_row_store *store, size_t stream);
uint64_t pnas_row_store_stored(const pnas_row_store *store,
                               size_t stream); /* bytes of all chunks as stored */

typedef struct { /* borrowed until the next call of the store */
    const unsigned char *stored, *plain;
    size_t stored_size, plain_size; /* the zeros behind the last chunk are not counted in plain_size */
} pnas_row_chunk;

/* PNAS_ERROR_DATA if it is not what was written. */
pnas_status pnas_row_store_chunk(pnas_row_store *store, size_t stream, size_t chunk, pnas_row_chunk *out);

#endif
