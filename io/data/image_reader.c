#include "io/data/image_reader.h"

#include "io/data/encoded_image.h"
#include "io/data/row_threads.h"
#include "io/file/file_version.h"
#include "io/file/regular_file.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* --- life --- */

static pnas_status open_file(pnas_image_reader *reader)
{
    char trouble[PNAS_FILE_TROUBLE];
    reader->file = pnas_file_open(reader->path, trouble);
    PNAS_CHECK(reader->file >= 0, PNAS_ERROR_FILE, "%s: %s", reader->path, trouble);
    PNAS_CHECK(pnas_file_version_holds(reader->file, &reader->version), PNAS_ERROR_FILE,
               "%s: was changed by another program since it was checked; start again when that has ended",
               reader->path);
    return PNAS_OK;
}

pnas_status pnas_image_reader_open(const char *path, const struct stat *version, pnas_stored_rows *rows,
                                   size_t count, const pnas_image_shape *shape, pnas_image_reader **out)
{
    pnas_image_reader *reader = calloc(1, sizeof *reader);
    *out = NULL;
    if (!reader) {
        pnas_stored_rows_free(rows);
        return pnas_fail(PNAS_ERROR_MEMORY, "%s: out of memory", path);
    }
    *reader = (pnas_image_reader){.path = strdup(path),
                                  .version = *version,
                                  .rows = *rows,
                                  .count = count,
                                  .shape = *shape,
                                  .image_bytes = pnas_image_shape_bytes(shape),
                                  .file = -1};
    *rows = (pnas_stored_rows){0};
    pnas_status status =
        reader->path ? open_file(reader) : pnas_fail(PNAS_ERROR_MEMORY, "%s: out of memory", path);
    if (status == PNAS_OK)
        *out = reader;
    else
        pnas_image_reader_close(&reader);
    return status;
}

void pnas_image_reader_close(pnas_image_reader **reader)
{
    if (!*reader)
        return;
    if ((*reader)->file >= 0)
        close((*reader)->file);
    pnas_stored_rows_free(&(*reader)->rows);
    free((*reader)->path);
    free(*reader);
    *reader = NULL;
}

/* --- reading --- */

typedef struct {
    uint32_t image;
    size_t place; /* of the output */
} wanted_image;

typedef struct {
    unsigned char *bytes;
    size_t room;
} stored_bytes;

typedef struct { /* of one call */
    const pnas_image_reader *reader;
    wanted_image *wanted; /* by image */
    uint8_t *out;
    unsigned char *rows;                        /* of a place, if they are not encoded */
    stored_bytes stored[PNAS_ROW_THREADS_MOST]; /* of a thread */
} reading;

static int by_image(const void *a, const void *b)
{
    const wanted_image *x = a, *y = b;
    return x->image < y->image ? -1 : x->image > y->image;
}

static pnas_status read_bytes(const pnas_image_reader *reader, pnas_stored_place place, unsigned char *out)
{
    for (uint64_t done = 0; done < place.size;) {
        ssize_t got = pread(reader->file, out + done, place.size - done, (off_t)(place.at + done));
        PNAS_CHECK(got > 0 || (got < 0 && errno == EINTR), PNAS_ERROR_FILE, "%s: cannot be read: %s",
                   reader->path, got == 0 ? "it is shorter than it was" : pnas_system_reason(errno));
        done += got > 0 ? (uint64_t)got : 0;
    }
    return PNAS_OK;
}

static pnas_status make_stored_room(const pnas_image_reader *reader, size_t bytes, stored_bytes *stored)
{
    if (bytes <= stored->room)
        return PNAS_OK;
    free(stored->bytes);
    stored->bytes = malloc(bytes);
    stored->room = stored->bytes ? bytes : 0;
    PNAS_CHECK(stored->bytes, PNAS_ERROR_MEMORY, "%s: out of memory for a chunk of %zu bytes", reader->path,
               bytes);
    return PNAS_OK;
}

/* The rows of a place as they are; a chunk at the end is as long as the others. */
static pnas_status read_rows(reading *work, size_t index)
{
    const pnas_image_reader *reader = work->reader;
    pnas_stored_place place = reader->rows.place[index];
    stored_bytes *stored = &work->stored[0];
    uLongf bytes = (uLongf)(reader->rows.rows * reader->image_bytes), found = bytes;
    if (reader->rows.form == PNAS_STORED_PLAIN) {
        PNAS_CHECK(place.size == bytes, PNAS_ERROR_DATA, "%s: is damaged: chunk %zu has %zu bytes, not %zu",
                   reader->path, index, (size_t)place.size, (size_t)bytes);
        return read_bytes(reader, place, work->rows);
    }
    PNAS_TRY(make_stored_room(reader, place.size, stored));
    PNAS_TRY(read_bytes(reader, place, stored->bytes));
    PNAS_CHECK(uncompress(work->rows, &found, stored->bytes, (uLong)place.size) == Z_OK && found == bytes,
               PNAS_ERROR_DATA,
               "%s: is damaged: chunk %zu of its images cannot be unpacked; put a copy of it back",
               reader->path, index);
    return PNAS_OK;
}

/* Each chunk once. */
static pnas_status read_wanted(reading *work, size_t count)
{
    const pnas_image_reader *reader = work->reader;
    size_t bytes = reader->image_bytes, rows = reader->rows.rows, held = SIZE_MAX;
    work->rows = malloc(rows * bytes);
    PNAS_CHECK(work->rows, PNAS_ERROR_MEMORY, "%s: out of memory for a chunk of %zu images", reader->path,
               rows);
    for (size_t i = 0; i < count; ++i) {
        const wanted_image *wanted = &work->wanted[i];
        size_t index = wanted->image / rows;
        if (index != held)
            PNAS_TRY(read_rows(work, index));
        held = index;
        memcpy(work->out + wanted->place * bytes, work->rows + wanted->image % rows * bytes, bytes);
    }
    return PNAS_OK;
}

static pnas_status decode_wanted(void *payload, int thread, size_t row)
{
    reading *work = payload;
    const pnas_image_reader *reader = work->reader;
    const wanted_image *wanted = &work->wanted[row];
    pnas_stored_place place = reader->rows.place[wanted->image];
    stored_bytes *stored = &work->stored[thread];
    PNAS_TRY(make_stored_room(reader, place.size, stored));
    PNAS_TRY(read_bytes(reader, place, stored->bytes));
    pnas_status status = pnas_encoded_image_decode(stored->bytes, place.size, &reader->shape,
                                                   work->out + wanted->place * reader->image_bytes);
    return status == PNAS_OK ? PNAS_OK : pnas_fail_at(status, "%s: image %u", reader->path, wanted->image);
}

/* What is read behind a change of the file may be anything, and an error of it says less than that. */
static pnas_status check_version(const pnas_image_reader *reader, pnas_status status)
{
    PNAS_CHECK(
        pnas_file_version_holds(reader->file, &reader->version), PNAS_ERROR_FILE,
        "%s: was changed by another program while its images were read; put a copy of it back, and the same "
        "command goes on",
        reader->path);
    return status;
}

static void free_reading(reading *work)
{
    for (int i = 0; i < PNAS_ROW_THREADS_MOST; ++i)
        free(work->stored[i].bytes);
    free(work->rows);
    free(work->wanted);
}

static pnas_status read_images(void *payload, const uint32_t *image, size_t count, uint8_t *out)
{
    const pnas_image_reader *reader = payload;
    reading work = {.reader = reader, .out = out, .wanted = malloc((count + 1) * sizeof *work.wanted)};
    PNAS_CHECK(work.wanted, PNAS_ERROR_MEMORY, "%s: out of memory for %zu images", reader->path, count);
    for (size_t i = 0; i < count; ++i) {
        assert(image[i] < reader->count);
        work.wanted[i] = (wanted_image){image[i], i};
    }
    qsort(work.wanted, count, sizeof *work.wanted, by_image);
    pnas_status status =
        reader->rows.form == PNAS_STORED_ENCODED
            ? pnas_rows_each(count, pnas_row_threads(count, reader->image_bytes), decode_wanted, &work)
            : read_wanted(&work, count);
    free_reading(&work);
    return check_version(reader, status);
}

pnas_image_source pnas_image_reader_source(pnas_image_reader *reader)
{
    return (pnas_image_source){.payload = reader, .read = read_images};
}

uint64_t pnas_image_reader_stored_bytes(const pnas_image_reader *reader, size_t first, size_t count)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; ++i)
        bytes += reader->rows.place[first + i].size;
    return bytes;
}

pnas_status pnas_image_reader_stored(const pnas_image_reader *reader, size_t first, size_t count,
                                     uint8_t *out)
{
    pnas_status status = PNAS_OK;
    assert(reader->rows.form == PNAS_STORED_ENCODED);
    for (size_t i = 0; i < count && status == PNAS_OK; ++i) {
        pnas_stored_place place = reader->rows.place[first + i];
        status = read_bytes(reader, place, out);
        out += place.size;
    }
    return check_version(reader, status);
}
