#include "io/data/image_file.h"

#include "io/data/picture.h"

#include <stdlib.h>
#include <string.h>

#define EXPECTED "a PNG, JPEG or IDX file of images"

typedef struct {
    const char *path;
    const pnas_image_shape *shape;
    pnas_bytes bytes;
} image_source;

static pnas_status allocate(const image_source *source, size_t count, uint8_t **out)
{
    *out = malloc(count * pnas_image_shape_bytes(source->shape));
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "%s: no memory for %zu images", source->path, count);
    return PNAS_OK;
}

static pnas_status check_size(const image_source *source, size_t height, size_t width)
{
    const pnas_image_shape *shape = source->shape;
    PNAS_CHECK(height == (size_t)shape->height && width == (size_t)shape->width, PNAS_ERROR_DATA,
               "%s: is %zu pixels high and %zu wide; %d and %d are wanted, so scale it first", source->path,
               height, width, shape->height, shape->width);
    return PNAS_OK;
}

static pnas_status decode_picture(const image_source *source, uint8_t **out)
{
    pnas_picture picture;
    const size_t wanted[] = {(size_t)source->shape->height, (size_t)source->shape->width};
    PNAS_TRY(pnas_picture_decode(source->path, &source->bytes, source->shape->channels, wanted, &picture));
    *out = picture.pixels;
    return PNAS_OK;
}

/* --- IDX: [count, H, W] or [count, H, W, C] unsigned bytes --- */

static size_t idx_size(const unsigned char *header, int dimension)
{
    const unsigned char *b = header + 4 + 4 * dimension;
    return (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
}

static pnas_status decode_idx(const image_source *source, uint8_t **out, size_t *count)
{
    const unsigned char *data = source->bytes.data;
    int dimensions = data[3];
    size_t header = 4 + 4 * (size_t)dimensions;
    PNAS_CHECK(source->bytes.size >= header, PNAS_ERROR_DATA, "%s: is cut short: it ends inside its header",
               source->path);
    size_t images = idx_size(data, 0), channels = dimensions == 4 ? idx_size(data, 3) : 1;
    PNAS_TRY(check_size(source, idx_size(data, 1), idx_size(data, 2)));
    PNAS_CHECK(channels == (size_t)source->shape->channels, PNAS_ERROR_DATA,
               "%s: has images of %zu channels; %d are wanted", source->path, channels,
               source->shape->channels);
    size_t wanted = images * pnas_image_shape_bytes(source->shape), found = source->bytes.size - header;
    PNAS_CHECK(images > 0 && wanted == found, PNAS_ERROR_DATA,
               "%s: says that it has %zu images, which are %zu bytes; it has %zu", source->path, images,
               wanted, found);
    PNAS_TRY(allocate(source, images, out));
    memcpy(*out, data + header, wanted);
    *count = images;
    return PNAS_OK;
}

/* --- which of them --- */

typedef enum { NO_IMAGE, IDX, PICTURE } image_kind;

static image_kind kind_of(const unsigned char *first, size_t size)
{
    static const unsigned char idx[] = {0, 0, 8};
    if (size < 4)
        return NO_IMAGE;
    if (memcmp(first, idx, sizeof idx) == 0 && (first[3] == 3 || first[3] == 4))
        return IDX;
    return pnas_picture_is(first, size) ? PICTURE : NO_IMAGE;
}

/* What follows the first bytes of a file that is no image is of no interest. */
static double claim(const unsigned char *first, size_t size)
{
    image_kind kind = kind_of(first, size);
    double values = 1;
    if (kind != IDX || size < 20)
        return kind == PICTURE ? PNAS_PICTURE_BYTES_MAX : 0;
    for (int i = 0; i < first[3]; i++)
        values *= (double)idx_size(first, i);
    return 4 + 4.0 * first[3] + values;
}

static pnas_status decode(const image_source *source, uint8_t **out, size_t *count)
{
    image_kind kind = kind_of(source->bytes.data, source->bytes.size);
    *count = 1;
    if (kind == IDX)
        return decode_idx(source, out, count);
    PNAS_CHECK(kind != NO_IMAGE, PNAS_ERROR_DATA, "%s: is no image; expected " EXPECTED, source->path);
    return decode_picture(source, out);
}

pnas_status pnas_image_file_read(const char *path, const pnas_image_shape *shape, uint8_t **out,
                                 size_t *count)
{
    image_source source = {.path = path, .shape = shape};
    *out = NULL;
    *count = 0;
    PNAS_TRY(pnas_bytes_read(path, EXPECTED, claim, &source.bytes));
    pnas_status status = decode(&source, out, count);
    pnas_bytes_free(&source.bytes);
    if (status != PNAS_OK) {
        free(*out);
        *out = NULL;
        *count = 0;
    }
    return status;
}
