#include "io/data/image_file.h"

#include "io/file/byte_file.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h> /* before jpeglib.h, which needs it */
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

#define ENCODED_MAX 67108864.0 /* bytes of a PNG or JPEG */
#define EXPECTED    "a PNG, JPEG or IDX file of images"

typedef struct {
    const char *path;
    const pnas_image_shape *shape;
    pnas_bytes bytes;
} image_source;

static size_t pixels_of(const pnas_image_shape *shape)
{
    return (size_t)shape->height * (size_t)shape->width * (size_t)shape->channels;
}

static pnas_status allocate(const image_source *source, size_t count, uint8_t **out)
{
    *out = malloc(count * pixels_of(source->shape));
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

static pnas_status check_channels(const image_source *source)
{
    PNAS_CHECK(source->shape->channels == 1 || source->shape->channels == 3, PNAS_ERROR_DATA,
               "%s: a PNG or JPEG gives 1 or 3 channels; %d are wanted", source->path,
               source->shape->channels);
    return PNAS_OK;
}

/* --- PNG --- */

static pnas_status finish_png(const image_source *source, png_image *image, unsigned format, uint8_t *out)
{
    const png_color black = {0, 0, 0};
    image->format = format;
    PNAS_CHECK(png_image_finish_read(image, &black, out, 0, NULL), PNAS_ERROR_DATA,
               "%s: is a damaged PNG: %s", source->path, image->message);
    return PNAS_OK;
}

/* The grey of a JPEG's colours (ITU-R BT.601), so that the same picture gives the same pixels in both formats:
 * libpng would weigh the light instead. */
static pnas_status finish_png_in_grey(const image_source *source, png_image *image, uint8_t *out)
{
    size_t pixels = pixels_of(source->shape);
    uint8_t *colours = malloc(3 * pixels);
    PNAS_CHECK(colours, PNAS_ERROR_MEMORY, "%s: no memory for its colours", source->path);
    pnas_status status = finish_png(source, image, PNG_FORMAT_RGB, colours);
    for (size_t i = 0; status == PNAS_OK && i < pixels; i++)
        out[i] = (uint8_t)((19595u * colours[3 * i] + 38470u * colours[3 * i + 1] +
                            7471u * colours[3 * i + 2] + 32768u) >>
                           16);
    free(colours);
    return status;
}

static pnas_status decode_png(const image_source *source, uint8_t **out)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    bool to_grey = source->shape->channels == 1;
    PNAS_CHECK(png_image_begin_read_from_memory(&image, source->bytes.data, source->bytes.size),
               PNAS_ERROR_DATA, "%s: is a damaged PNG: %s", source->path, image.message);
    image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB; /* libpng would take 16 bits for amounts of light */
    pnas_status status = check_size(source, image.height, image.width);
    if (status == PNAS_OK)
        status = allocate(source, 1, out);
    if (status == PNAS_OK && to_grey && (image.format & PNG_FORMAT_FLAG_COLOR))
        status = finish_png_in_grey(source, &image, *out);
    else if (status == PNAS_OK)
        status = finish_png(source, &image, to_grey ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB, *out);
    png_image_free(&image);
    return status;
}

/* --- JPEG --- */

typedef struct {
    struct jpeg_error_mgr manager; /* first: libjpeg knows only this */
    jmp_buf jump;
    char message[JMSG_LENGTH_MAX];
} jpeg_failure;

static void leave_jpeg(j_common_ptr common)
{
    jpeg_failure *failure = (jpeg_failure *)common->err;
    common->err->format_message(common, failure->message);
    longjmp(failure->jump, 1);
}

/* A warning is damage: what is shown in place of what is missing would be classified. */
static void note_jpeg(j_common_ptr common, int level)
{
    if (level < 0)
        leave_jpeg(common);
}

static void read_rows(struct jpeg_decompress_struct *jpeg, uint8_t *pixels)
{
    size_t row = (size_t)jpeg->output_width * (size_t)jpeg->output_components;
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW at = pixels + jpeg->output_scanline * row;
        jpeg_read_scanlines(jpeg, &at, 1);
    }
    jpeg_finish_decompress(jpeg);
}

/* Nothing that this function changes is read after a jump but `status`, which is volatile, and *out. */
static pnas_status decode_jpeg(const image_source *source, uint8_t **out)
{
    jpeg_failure failure;
    struct jpeg_decompress_struct jpeg = {.err = jpeg_std_error(&failure.manager)};
    volatile pnas_status status = PNAS_OK;
    failure.manager.error_exit = leave_jpeg;
    failure.manager.emit_message = note_jpeg;
    if (setjmp(failure.jump)) {
        jpeg_destroy_decompress(&jpeg);
        return pnas_fail(PNAS_ERROR_DATA, "%s: is a damaged JPEG: %s", source->path, failure.message);
    }
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, source->bytes.data, source->bytes.size);
    jpeg_read_header(&jpeg, TRUE);
    status = check_size(source, jpeg.image_height, jpeg.image_width);
    if (status == PNAS_OK && (jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK))
        status = pnas_fail(PNAS_ERROR_DATA, "%s: has the colours of a printer (CMYK); make it RGB first",
                           source->path);
    if (status == PNAS_OK)
        status = allocate(source, 1, out);
    if (status == PNAS_OK) {
        jpeg.out_color_space = source->shape->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
        jpeg_start_decompress(&jpeg);
        read_rows(&jpeg, *out);
    }
    jpeg_destroy_decompress(&jpeg);
    return status;
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
    size_t wanted = images * pixels_of(source->shape), found = source->bytes.size - header;
    PNAS_CHECK(images > 0 && wanted == found, PNAS_ERROR_DATA,
               "%s: says that it has %zu images, which are %zu bytes; it has %zu", source->path, images,
               wanted, found);
    PNAS_TRY(allocate(source, images, out));
    memcpy(*out, data + header, wanted);
    *count = images;
    return PNAS_OK;
}

/* --- which of them --- */

typedef enum { NO_IMAGE, IDX, PNG, JPEG } image_kind;

static image_kind kind_of(const unsigned char *first, size_t size)
{
    static const unsigned char idx[] = {0, 0, 8}, png[] = {0x89, 'P', 'N', 'G'}, jpeg[] = {0xff, 0xd8, 0xff};
    if (size < 4)
        return NO_IMAGE;
    if (memcmp(first, idx, sizeof idx) == 0 && (first[3] == 3 || first[3] == 4))
        return IDX;
    if (memcmp(first, png, sizeof png) == 0)
        return PNG;
    return memcmp(first, jpeg, sizeof jpeg) == 0 ? JPEG : NO_IMAGE;
}

/* What follows the first bytes of a file that is no image is of no interest. */
static double claim(const unsigned char *first, size_t size)
{
    image_kind kind = kind_of(first, size);
    double values = 1;
    if (kind != IDX || size < 20)
        return kind == PNG || kind == JPEG ? ENCODED_MAX : 0;
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
    PNAS_TRY(check_channels(source));
    return kind == PNG ? decode_png(source, out) : decode_jpeg(source, out);
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
