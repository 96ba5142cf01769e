#include "io/data/row_store.h"

#include "io/data/row_threads.h"
#include "io/file/little_endian.h"
#include "io/file/locked_file.h"
#include "src/base/log.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* The file's head: magic, key, CRC32 of both; then who writes, as text. Numbers are little-endian. */
#define MAGIC_SIZE    8
#define KEY_SIZE      (PNAS_SHA256_TEXT - 1)
#define OWNER_AT      (MAGIC_SIZE + KEY_SIZE + 4)
#define HEAD_SIZE     (OWNER_AT + PNAS_OWNER_SIZE)

/* A frame: kind (1 byte), stream (1), none (2), size (8), CRC32 of its bytes (4), CRC32 of these 16 (4); then its bytes. */
#define FRAME_HEAD    20
#define BEGIN_SIZE    (8 + 9 * PNAS_ROW_STREAMS_MAX)
#define DEFLATE_LEVEL 6 /* as HDF5's own filter is set */

enum { FRAME_BEGIN = 1, FRAME_CHUNK, FRAME_PIECE, FRAME_COMMIT };

static const unsigned char magic[MAGIC_SIZE] = {'P', 'N', 'A', 'S', 'R', 'O', 'W', '1'};

typedef struct {
    uint64_t at;
    uint32_t size, crc;
} chunk_place;

typedef struct {
    pnas_row_stream kind;
    chunk_place *place; /* [chunks] in the file */
    size_t chunks, place_room;
    unsigned char *rest; /* what stands behind the chunks, in memory */
    size_t size, room;   /* of the rest */
    size_t pieced;       /* bytes of the rest that are in the file */
    uint64_t bytes, stored;
} row_stream;

struct pnas_row_store {
    char *path;
    int file;
    uint64_t end, committed; /* bytes of the file: in use, safe */
    bool begun;
    uint32_t numbers[2];
    size_t streams;
    row_stream stream[PNAS_ROW_STREAMS_MAX];
    unsigned char *packed, *plain; /* room for reading */
    size_t packed_room, plain_room;
};

/* --- bytes --- */

static uint32_t checksum(const unsigned char *bytes, size_t size)
{
    return (uint32_t)crc32_z(crc32_z(0, NULL, 0), bytes, size);
}

static pnas_status write_at(const pnas_row_store *store, const void *bytes, size_t size, uint64_t at)
{
    const unsigned char *from = bytes;
    while (size > 0) {
        ssize_t written = pwrite(store->file, from, size, (off_t)at);
        if (written < 0 && errno == EINTR)
            continue;
        PNAS_CHECK(written > 0, PNAS_ERROR_FILE,
                   "%s: cannot be written: %s; what it has is kept, and the same command goes on",
                   store->path, written < 0 ? pnas_system_reason(errno) : "no space left");
        from += written;
        at += (uint64_t)written;
        size -= (size_t)written;
    }
    return PNAS_OK;
}

static pnas_status read_at(const pnas_row_store *store, void *out, size_t size, uint64_t at)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(store->file, (unsigned char *)out + done, size - done, (off_t)(at + done));
        PNAS_CHECK(got > 0 || (got < 0 && errno == EINTR), PNAS_ERROR_FILE, "%s: cannot be read: %s",
                   store->path, got == 0 ? "it is shorter than it was" : pnas_system_reason(errno));
        done += got > 0 ? (size_t)got : 0;
    }
    return PNAS_OK;
}

static pnas_status sync_file(const pnas_row_store *store)
{
    PNAS_CHECK(fdatasync(store->file) == 0, PNAS_ERROR_FILE, "%s: cannot be synced: %s", store->path,
               pnas_system_reason(errno));
    return PNAS_OK;
}

static pnas_status make_room(const pnas_row_store *store, unsigned char **bytes, size_t *room, size_t wanted)
{
    if (wanted <= *room)
        return PNAS_OK;
    unsigned char *more = realloc(*bytes, wanted);
    PNAS_CHECK(more, PNAS_ERROR_MEMORY, "%s: out of memory for %zu bytes", store->path, wanted);
    *bytes = more;
    *room = wanted;
    return PNAS_OK;
}

/* --- frames --- */

typedef struct {
    unsigned kind, stream;
    uint64_t size;
    uint32_t crc;
} frame;

static pnas_status append_frame(pnas_row_store *store, unsigned kind, size_t number,
                                const unsigned char *bytes, size_t size)
{
    unsigned char head[FRAME_HEAD] = {(unsigned char)kind, (unsigned char)number};
    pnas_little_put(head + 4, size, 8);
    pnas_little_put(head + 12, checksum(bytes, size), 4);
    pnas_little_put(head + 16, checksum(head, 16), 4);
    pnas_status status = write_at(store, head, sizeof head, store->end);
    if (status == PNAS_OK)
        status = write_at(store, bytes, size, store->end + FRAME_HEAD);
    if (status == PNAS_OK)
        store->end += FRAME_HEAD + size;
    else if (ftruncate(store->file, (off_t)store->committed) != 0) /* a full disk gets its room back */
        errno = 0;
    return status;
}

/* False at the end of what is sound. */
static bool read_frame(const pnas_row_store *store, uint64_t at, uint64_t size, frame *out)
{
    unsigned char head[FRAME_HEAD];
    if (size < at + FRAME_HEAD || read_at(store, head, sizeof head, at) != PNAS_OK ||
        pnas_little_get(head + 16, 4) != checksum(head, 16))
        return false;
    *out = (frame){head[0], head[1], pnas_little_get(head + 4, 8), (uint32_t)pnas_little_get(head + 12, 4)};
    return out->kind >= FRAME_BEGIN && out->kind <= FRAME_COMMIT && out->stream < PNAS_ROW_STREAMS_MAX &&
           out->size <= size - at - FRAME_HEAD;
}

/* Where the last commit ends; 0 without one. What stands before a commit was synced before it was written. */
static uint64_t find_commit(const pnas_row_store *store, uint64_t size)
{
    uint64_t found = 0;
    frame next;
    for (uint64_t at = HEAD_SIZE; read_frame(store, at, size, &next); at += FRAME_HEAD + next.size)
        if (next.kind == FRAME_COMMIT)
            found = at + FRAME_HEAD;
    return found;
}

/* --- what is in the file --- */

static pnas_status note_chunk(pnas_row_store *store, row_stream *to, chunk_place place)
{
    if (to->chunks == to->place_room) {
        size_t room = 2 * to->place_room + 64;
        chunk_place *more = realloc(to->place, room * sizeof *more);
        PNAS_CHECK(more, PNAS_ERROR_MEMORY, "%s: out of memory for %zu chunks", store->path, room);
        to->place = more;
        to->place_room = room;
    }
    to->place[to->chunks++] = place;
    to->stored += place.size;
    return PNAS_OK;
}

static pnas_status append_rest(pnas_row_store *store, row_stream *to, const void *bytes, size_t size)
{
    if (to->size + size > to->room)
        PNAS_TRY(make_room(store, &to->rest, &to->room, 2 * to->size + size));
    memcpy(to->rest + to->size, bytes, size);
    to->size += size;
    to->bytes += size;
    return PNAS_OK;
}

static void take_begin(pnas_row_store *store, const unsigned char *bytes)
{
    for (int i = 0; i < 2; i++)
        store->numbers[i] = (uint32_t)pnas_little_get(bytes + 4 * i, 4);
    store->streams = 0;
    for (size_t i = 0; i < PNAS_ROW_STREAMS_MAX; i++) {
        const unsigned char *at = bytes + 8 + 9 * i;
        store->stream[i].kind = (pnas_row_stream){pnas_little_get(at, 8), at[8]};
        store->streams += store->stream[i].kind.chunk_bytes > 0;
    }
    store->begun = true;
}

static pnas_status take_frame(pnas_row_store *store, const frame *found, uint64_t at)
{
    row_stream *to = &store->stream[found->stream];
    if (found->kind == FRAME_COMMIT)
        return PNAS_OK;
    if (found->kind == FRAME_CHUNK) { /* the pieces before it are in it */
        to->bytes = (to->chunks + 1) * to->kind.chunk_bytes;
        to->size = to->pieced = 0;
        return note_chunk(store, to, (chunk_place){at, (uint32_t)found->size, found->crc});
    }
    PNAS_TRY(make_room(store, &store->packed, &store->packed_room, found->size));
    PNAS_TRY(read_at(store, store->packed, found->size, at));
    PNAS_CHECK(checksum(store->packed, found->size) == found->crc &&
                   (found->kind != FRAME_BEGIN || found->size == BEGIN_SIZE),
               PNAS_ERROR_FILE, "%s: is damaged at byte %llu; remove it, and the import begins anew",
               store->path, (unsigned long long)at);
    if (found->kind == FRAME_BEGIN) {
        take_begin(store, store->packed);
        return PNAS_OK;
    }
    PNAS_TRY(append_rest(store, to, store->packed, found->size));
    to->pieced = to->size;
    return PNAS_OK;
}

static pnas_status load(pnas_row_store *store, uint64_t size)
{
    frame next;
    store->end = store->committed = find_commit(store, size);
    for (uint64_t at = HEAD_SIZE; at < store->end; at += FRAME_HEAD + next.size) {
        if (!read_frame(store, at, store->end, &next))
            return pnas_fail(PNAS_ERROR_FILE, "%s: cannot be read", store->path);
        PNAS_TRY(take_frame(store, &next, at + FRAME_HEAD));
    }
    return PNAS_OK;
}

/* --- life --- */

static pnas_status begin_file(pnas_row_store *store, const char *key)
{
    unsigned char head[HEAD_SIZE] = {0};
    memcpy(head, magic, MAGIC_SIZE);
    memcpy(head + MAGIC_SIZE, key, KEY_SIZE);
    pnas_little_put(head + OWNER_AT - 4, checksum(head, OWNER_AT - 4), 4);
    pnas_locked_file_owner((char *)head + OWNER_AT);
    PNAS_CHECK(ftruncate(store->file, 0) == 0, PNAS_ERROR_FILE, "%s: cannot be written: %s", store->path,
               pnas_system_reason(errno));
    store->end = HEAD_SIZE;
    return write_at(store, head, sizeof head, 0);
}

/* A process may have been killed before the head was whole. */
static pnas_status check_ours(const pnas_row_store *store, const unsigned char *head, size_t size)
{
    size_t compared = size < MAGIC_SIZE ? size : MAGIC_SIZE;
    PNAS_CHECK(memcmp(head, magic, compared) == 0, PNAS_ERROR_FILE,
               "%s: is not a file that this program left; move it away", store->path);
    return PNAS_OK;
}

static pnas_status go_on(pnas_row_store *store, const char *key)
{
    unsigned char head[HEAD_SIZE];
    char owner[PNAS_OWNER_SIZE];
    struct stat info;
    PNAS_CHECK(fstat(store->file, &info) == 0, PNAS_ERROR_FILE, "%s: cannot be read: %s", store->path,
               pnas_system_reason(errno));
    size_t size = info.st_size < HEAD_SIZE ? (size_t)info.st_size : HEAD_SIZE;
    PNAS_TRY(read_at(store, head, size, 0));
    PNAS_TRY(check_ours(store, head, size));
    bool whole = size == HEAD_SIZE && pnas_little_get(head + OWNER_AT - 4, 4) == checksum(head, OWNER_AT - 4);
    uint64_t commit = whole ? find_commit(store, (uint64_t)info.st_size) : 0;
    bool same = whole && memcmp(head + MAGIC_SIZE, key, KEY_SIZE) == 0;
    if (commit == 0 && info.st_size > HEAD_SIZE)
        pnas_warning("%s: holds nothing that can be gone on from; this import begins anew", store->path);
    if (commit > 0 && !same)
        pnas_warning(
            "%s: is of an import of other pictures, with other options or by another version of this "
            "program; this one begins anew",
            store->path);
    if (commit == 0 || !same)
        return begin_file(store, key);
    PNAS_TRY(load(store, (uint64_t)info.st_size));
    PNAS_CHECK(ftruncate(store->file, (off_t)store->end) == 0, PNAS_ERROR_FILE, "%s: cannot be written: %s",
               store->path, pnas_system_reason(errno));
    pnas_locked_file_owner(owner);
    return write_at(store, owner, sizeof owner, OWNER_AT);
}

pnas_status pnas_row_store_open(const char *path, const char *shown, const char key[PNAS_SHA256_TEXT],
                                pnas_row_store **out)
{
    *out = NULL;
    pnas_row_store *store = calloc(1, sizeof *store);
    PNAS_CHECK(store, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    store->file = -1;
    store->path = strdup(path);
    pnas_status status = store->path ? pnas_locked_file_open(path, shown, OWNER_AT, &store->file)
                                     : pnas_fail(PNAS_ERROR_MEMORY, "%s: out of memory", path);
    if (status == PNAS_OK) {
        status = go_on(store, key);
        store->committed = status == PNAS_OK ? store->committed : UINT64_MAX; /* it is not removed */
    }
    if (status == PNAS_OK)
        *out = store;
    else
        pnas_row_store_close(&store);
    return status;
}

static void release(pnas_row_store **store)
{
    if ((*store)->file >= 0)
        close((*store)->file);
    for (size_t i = 0; i < PNAS_ROW_STREAMS_MAX; i++) {
        free((*store)->stream[i].place);
        free((*store)->stream[i].rest);
    }
    free((*store)->packed);
    free((*store)->plain);
    free((*store)->path);
    free(*store);
    *store = NULL;
}

void pnas_row_store_close(pnas_row_store **store)
{
    if (!*store)
        return;
    if ((*store)->file >= 0 && (*store)->committed == 0)
        unlink((*store)->path);
    release(store);
}

void pnas_row_store_remove(pnas_row_store **store)
{
    if (!*store)
        return;
    unlink((*store)->path);
    release(store);
}

const char *pnas_row_store_path(const pnas_row_store *store)
{
    return store->path;
}

bool pnas_row_store_begun(const pnas_row_store *store)
{
    return store->begun;
}

pnas_status pnas_row_store_begin(pnas_row_store *store, const pnas_row_stream *stream, size_t streams,
                                 const uint32_t numbers[2])
{
    unsigned char bytes[BEGIN_SIZE] = {0};
    assert(!store->begun && streams <= PNAS_ROW_STREAMS_MAX);
    for (int i = 0; i < 2; i++)
        pnas_little_put(bytes + 4 * i, numbers[i], 4);
    for (size_t i = 0; i < streams; i++) {
        pnas_little_put(bytes + 8 + 9 * i, stream[i].chunk_bytes, 8);
        bytes[8 + 9 * i + 8] = stream[i].deflated;
    }
    PNAS_TRY(append_frame(store, FRAME_BEGIN, 0, bytes, sizeof bytes));
    take_begin(store, bytes);
    return PNAS_OK;
}

void pnas_row_store_numbers(const pnas_row_store *store, uint32_t numbers[2])
{
    memcpy(numbers, store->numbers, sizeof store->numbers);
}

uint64_t pnas_row_store_bytes(const pnas_row_store *store, size_t number)
{
    return store->stream[number].bytes;
}

/* --- writing --- */

pnas_status pnas_row_store_add(pnas_row_store *store, size_t number, const void *bytes, size_t size)
{
    assert(number < store->streams);
    return append_rest(store, &store->stream[number], bytes, size);
}

typedef struct {
    size_t stream;
    const unsigned char *plain;
    unsigned char *packed; /* the caller's; NULL: not deflated */
    size_t size;           /* of what is to be written */
} chunk_job;

typedef struct {
    const pnas_row_store *store;
    chunk_job *job;
} packing;

static pnas_status pack(void *payload, int thread, size_t row)
{
    const packing *work = payload;
    chunk_job *job = &work->job[row];
    const pnas_row_stream *kind = &work->store->stream[job->stream].kind;
    (void)thread;
    job->size = kind->chunk_bytes;
    if (!kind->deflated)
        return PNAS_OK;
    uLongf size = compressBound((uLong)kind->chunk_bytes);
    job->packed = malloc(size);
    PNAS_CHECK(job->packed &&
                   compress2(job->packed, &size, job->plain, (uLong)kind->chunk_bytes, DEFLATE_LEVEL) == Z_OK,
               PNAS_ERROR_MEMORY, "%s: out of memory for packing %zu bytes", work->store->path, job->size);
    job->size = size;
    unsigned char *less = realloc(job->packed, size);
    job->packed = less ? less : job->packed;
    return PNAS_OK;
}

static pnas_status write_chunks(pnas_row_store *store, const chunk_job *job, size_t jobs)
{
    for (size_t i = 0; i < jobs; i++) {
        const unsigned char *bytes = job[i].packed ? job[i].packed : job[i].plain;
        chunk_place place = {store->end + FRAME_HEAD, (uint32_t)job[i].size, checksum(bytes, job[i].size)};
        PNAS_TRY(append_frame(store, FRAME_CHUNK, job[i].stream, bytes, job[i].size));
        PNAS_TRY(note_chunk(store, &store->stream[job[i].stream], place));
    }
    return PNAS_OK;
}

/* The whole chunks of the rest are in the file. */
static void drop_chunks(row_stream *from)
{
    size_t whole = from->size / from->kind.chunk_bytes * from->kind.chunk_bytes;
    if (whole == 0)
        return;
    memmove(from->rest, from->rest + whole, from->size - whole);
    from->size -= whole;
    from->pieced = 0;
}

pnas_status pnas_row_store_flush(pnas_row_store *store)
{
    size_t jobs = 0, bytes = 0;
    for (size_t i = 0; i < store->streams; i++)
        jobs += store->stream[i].size / store->stream[i].kind.chunk_bytes;
    if (jobs == 0)
        return PNAS_OK;
    packing work = {store, calloc(jobs, sizeof *work.job)};
    PNAS_CHECK(work.job, PNAS_ERROR_MEMORY, "%s: out of memory for %zu chunks", store->path, jobs);
    jobs = 0;
    for (size_t i = 0; i < store->streams; i++) {
        const row_stream *from = &store->stream[i];
        for (size_t at = 0; from->size - at >= from->kind.chunk_bytes; at += from->kind.chunk_bytes)
            work.job[jobs++] = (chunk_job){.stream = i, .plain = from->rest + at};
        bytes += from->size;
    }
    pnas_status status = pnas_rows_each(jobs, pnas_row_threads(1, bytes), pack, &work);
    if (status == PNAS_OK)
        status = write_chunks(store, work.job, jobs);
    for (size_t i = 0; i < jobs; i++)
        free(work.job[i].packed);
    free(work.job);
    for (size_t i = 0; i < store->streams && status == PNAS_OK; i++)
        drop_chunks(&store->stream[i]);
    return status;
}

pnas_status pnas_row_store_commit(pnas_row_store *store)
{
    PNAS_TRY(pnas_row_store_flush(store));
    for (size_t i = 0; i < store->streams; i++) {
        row_stream *from = &store->stream[i];
        if (from->size == from->pieced)
            continue;
        PNAS_TRY(append_frame(store, FRAME_PIECE, i, from->rest + from->pieced, from->size - from->pieced));
        from->pieced = from->size;
    }
    PNAS_TRY(sync_file(store));
    PNAS_TRY(append_frame(store, FRAME_COMMIT, 0, NULL, 0));
    PNAS_TRY(sync_file(store));
    store->committed = store->end;
    return PNAS_OK;
}

pnas_status pnas_row_store_end(pnas_row_store *store)
{
    for (size_t i = 0; i < store->streams; i++) {
        row_stream *from = &store->stream[i];
        size_t over = from->size % from->kind.chunk_bytes, zeros = over ? from->kind.chunk_bytes - over : 0;
        if (zeros == 0)
            continue;
        PNAS_TRY(make_room(store, &from->rest, &from->room, from->size + zeros));
        memset(from->rest + from->size, 0, zeros);
        from->size += zeros; /* its bytes are those without */
    }
    return pnas_row_store_flush(store);
}

/* --- reading --- */

size_t pnas_row_store_chunks(const pnas_row_store *store, size_t number)
{
    return store->stream[number].chunks;
}

uint64_t pnas_row_store_stored(const pnas_row_store *store, size_t number)
{
    return store->stream[number].stored;
}

pnas_status pnas_row_store_chunk(pnas_row_store *store, size_t number, size_t chunk, pnas_row_chunk *out)
{
    const row_stream *from = &store->stream[number];
    const chunk_place *place = &from->place[chunk];
    uint64_t bytes = from->kind.chunk_bytes, left = from->bytes - chunk * bytes;
    uLongf found = (uLongf)bytes;
    PNAS_TRY(make_room(store, &store->packed, &store->packed_room, place->size));
    PNAS_TRY(read_at(store, store->packed, place->size, place->at));
    bool sound = checksum(store->packed, place->size) == place->crc;
    *out = (pnas_row_chunk){store->packed, store->packed, place->size, left < bytes ? left : bytes};
    if (from->kind.deflated) {
        PNAS_TRY(make_room(store, &store->plain, &store->plain_room, bytes));
        sound = sound && uncompress(store->plain, &found, store->packed, place->size) == Z_OK;
        out->plain = store->plain;
    }
    PNAS_CHECK(sound && found == bytes, PNAS_ERROR_DATA,
               "%s: is damaged at byte %llu; remove it, and the import begins anew", store->path,
               (unsigned long long)place->at);
    return PNAS_OK;
}

pnas_status pnas_row_store_copy(pnas_row_store *store, size_t number, unsigned char *out)
{
    const row_stream *from = &store->stream[number];
    for (size_t i = 0; i < from->chunks; i++) {
        pnas_row_chunk chunk;
        PNAS_TRY(pnas_row_store_chunk(store, number, i, &chunk));
        memcpy(out + i * from->kind.chunk_bytes, chunk.plain, chunk.plain_size);
    }
    if (from->size > 0)
        memcpy(out + from->chunks * from->kind.chunk_bytes, from->rest, from->size);
    return PNAS_OK;
}
