/* libFuzzer on the reader of images that stay in their file: whatever lies at their places, or wherever these are, is
 * images, or a message.
 *
 * The input's first bytes say how the images are stored, how many lie together, how many such places there are, and what
 * size they have; then come the places, two bytes where and two how much; the rest is the file. */
#include "io/data/image_reader.h"
#include "tests/fuzz/scratch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLACES_MOST 8
#define HEAD        4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    scratch_begin();
    return 0;
}

static pnas_image_reader *open_reader(const char *path, const uint8_t *head, const pnas_image_shape *shape)
{
    struct stat version;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &version) != 0 || close(file) != 0) /* nobody changes it */
        abort();
    pnas_stored_rows rows = {.form = (pnas_stored_form)(head[0] % (PNAS_STORED_ENCODED + 1)),
                             .count = 1 + head[2] % PLACES_MOST};
    rows.rows = rows.form == PNAS_STORED_ENCODED ? 1 : 1 + head[1] % 4;
    rows.place = calloc(rows.count, sizeof *rows.place);
    for (size_t i = 0; i < rows.count; i++) {
        const uint8_t *place = head + HEAD + 4 * i;
        rows.place[i] =
            (pnas_stored_place){place[0] | (uint64_t)place[1] << 8, place[2] | (uint64_t)place[3] << 8};
    }
    pnas_image_reader *reader = NULL;
    if (pnas_image_reader_open(path, &version, &rows, rows.rows * rows.count, shape, &reader) != PNAS_OK)
        abort();
    return reader;
}

/* All of them, backwards, the last one twice. */
static void read_all(pnas_image_reader *reader, size_t image_bytes)
{
    size_t count = reader->count + 1;
    uint32_t *wanted = malloc(count * sizeof *wanted);
    uint8_t *out = malloc(count * image_bytes);
    memset(out, 0, count * image_bytes);
    for (size_t i = 0; i < count; i++)
        wanted[i] = (uint32_t)(i < reader->count ? reader->count - 1 - i : reader->count - 1);
    pnas_image_source source = pnas_image_reader_source(reader);
    pnas_status status = source.read(source.payload, wanted, count, out);
    if (status == PNAS_OK ? memcmp(out, out + (count - 1) * image_bytes, image_bytes) != 0
                          : (status != PNAS_ERROR_DATA && status != PNAS_ERROR_FILE) || !*pnas_message())
        abort();
    free(wanted);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const pnas_image_shape shapes[] = {{8, 8, 1}, {4, 3, 3}, {13, 18, 3}, {2, 2, 5}};
    uint8_t head[HEAD + 4 * PLACES_MOST] = {0};
    const char *path = scratch_path("images");
    if (size < HEAD)
        return 0;
    size_t taken = HEAD + 4 * (size_t)(1 + data[2] % PLACES_MOST);
    taken = taken < size ? taken : size;
    memcpy(head, data, taken);
    const pnas_image_shape *shape = &shapes[head[3] % (sizeof shapes / sizeof *shapes)];
    scratch_write(path, data + taken, size - taken);
    pnas_image_reader *reader = open_reader(path, head, shape);
    read_all(reader, (size_t)shape->height * (size_t)shape->width * (size_t)shape->channels);
    pnas_image_reader_close(&reader);
    return 0;
}
