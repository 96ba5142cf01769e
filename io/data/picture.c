#include "io/data/picture.h"

#include "io/data/jpeg_failure.h"
#include "io/data/picture_orientation.h"
#include "io/data/picture_palette.h"

#include <stdlib.h>
#include <string.h>

#include <png.h>
#include <zlib.h>

typedef struct {
    const char *path;
    const pnas_bytes *bytes;
    int channels;
    const size_t *wanted;
} picture_source;

static const unsigned char png_start[] = {0x89, 'P', 'N', 'G'}, jpeg_start[] = {0xff, 0xd8, 0xff};

static bool starts(const unsigned char *first, size_t size, const unsigned char *with, size_t length)
{
    return size >= length && memcmp(first, with, length) == 0;
}

bool pnas_picture_is(const unsigned char *first, size_t size)
{
    return starts(first, size, png_start, sizeof png_start) ||
           starts(first, size, jpeg_start, sizeof jpeg_start);
}

/* Before there is room for its pixels. */
static pnas_status check_size(const picture_source *source, size_t height, size_t width)
{
    PNAS_CHECK(height > 0 && width > 0 && (double)height * (double)width <= PNAS_PICTURE_PIXELS_MAX,
               PNAS_ERROR_DATA, "%s: says that it is %zu pixels high and %zu wide; at most %g are read",
               source->path, height, width, PNAS_PICTURE_PIXELS_MAX);
    return PNAS_OK;
}

/* As it is seen upright. */
static pnas_status check_wanted(const picture_source *source, int orientation, size_t height, size_t width)
{
    const size_t *wanted = source->wanted;
    bool turned = pnas_picture_swaps_sides(orientation);
    size_t high = turned ? width : height, wide = turned ? height : width;
    PNAS_CHECK(!wanted || (high == wanted[0] && wide == wanted[1]), PNAS_ERROR_DATA,
               "%s: is %zu pixels high and %zu wide; %zu and %zu are wanted, so scale it first", source->path,
               high, wide, wanted[0], wanted[1]);
    return PNAS_OK;
}

static pnas_status allocate(const picture_source *source, size_t height, size_t width, int channels,
                            pnas_picture *out)
{
    out->height = height;
    out->width = width;
    out->channels = channels;
    out->pixels = malloc(height * width * (size_t)channels);
    PNAS_CHECK(out->pixels, PNAS_ERROR_MEMORY, "%s: no memory for %zu x %zu pixels", source->path, height,
               width);
    return PNAS_OK;
}

/* --- colours --- */

/* The grey of a JPEG's colours (ITU-R BT.601), so that the same picture gives the same pixels in both
 * formats: libpng would weigh the light instead. In place: a pixel's grey stands before its colours. */
static void make_grey(pnas_picture *picture)
{
    uint8_t *p = picture->pixels;
    size_t pixels = picture->height * picture->width;
    for (size_t i = 0; i < pixels; i++)
        p[i] = (uint8_t)((19595u * p[3 * i] + 38470u * p[3 * i + 1] + 7471u * p[3 * i + 2] + 32768u) >> 16);
    picture->channels = 1;
    picture->changes |= PNAS_PICTURE_WAS_COLOUR;
}

/* Four inks become three colours, in place; Adobe's programs write them the other way round. */
static void make_light(pnas_picture *picture, bool inverted)
{
    uint8_t *p = picture->pixels;
    size_t pixels = picture->height * picture->width;
    for (size_t i = 0; i < pixels; i++) {
        unsigned black = inverted ? p[4 * i + 3] : 255u - p[4 * i + 3];
        for (size_t c = 0; c < 3; c++) {
            unsigned ink = inverted ? p[4 * i + c] : 255u - p[4 * i + c];
            p[3 * i + c] = (uint8_t)((ink * black + 127) / 255);
        }
    }
    picture->channels = 3;
    picture->changes |= PNAS_PICTURE_WAS_INK;
}

/* Colours and opacity become colours on black, in place. libpng would mix amounts of light, and so a half
 * transparent pixel would be lighter than any other program shows it. */
static void put_on_black(pnas_picture *picture, size_t channels)
{
    uint8_t *p = picture->pixels;
    size_t pixels = picture->height * picture->width;
    for (size_t i = 0; i < pixels; i++) {
        unsigned opacity = p[i * (channels + 1) + channels];
        for (size_t c = 0; c < channels; c++)
            p[i * channels + c] = (uint8_t)((p[i * (channels + 1) + c] * opacity + 127) / 255);
    }
    picture->channels = (int)channels;
    picture->changes |= PNAS_PICTURE_WAS_CLEAR;
}

/* --- PNG --- */

#define PNG_START   8  /* bytes before the first chunk */
#define CHUNK_FRAME 12 /* bytes of a chunk besides its data: length, name, CRC32 */

static uint32_t big_endian(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* libpng leaves out what is damaged and not needed to show something, such as transparency or the brightness
 * of colours, and shows other pixels. The orientation is that of the first eXIf, of which there may be but
 * one. */
static pnas_status check_chunks(const picture_source *source, int *orientation)
{
    const unsigned char *data = source->bytes->data;
    size_t size = source->bytes->size, at = PNG_START;
    *orientation = 0;
    while (size >= at + CHUNK_FRAME) {
        const unsigned char *chunk = data + at;
        size_t length = big_endian(chunk);
        if (length > size - at - CHUNK_FRAME)
            break;
        PNAS_CHECK(crc32(0, chunk + 4, (uInt)length + 4) == big_endian(chunk + 8 + length), PNAS_ERROR_DATA,
                   "%s: is a damaged PNG: the CRC32 at byte %zu is wrong", source->path, at + 8 + length);
        if (memcmp(chunk + 4, "eXIf", 4) == 0 && *orientation == 0)
            *orientation = pnas_picture_orientation(chunk + 8, length);
        if (memcmp(chunk + 4, "IEND", 4) == 0)
            return PNAS_OK;
        at += CHUNK_FRAME + length;
    }
    return pnas_fail(PNAS_ERROR_DATA, "%s: is a damaged PNG: it is cut short", source->path);
}

/* Data behind those of the last row are taken, as by other programs: some encoders leave a few bytes there, and no pixel
 * comes of them. */
static pnas_status finish_png(const picture_source *source, png_image *image, pnas_picture *out)
{
    bool colour = image->format & PNG_FORMAT_FLAG_COLOR, clear = image->format & PNG_FORMAT_FLAG_ALPHA;
    int channels = colour ? 3 : source->channels;
    if (image->format & PNG_FORMAT_FLAG_LINEAR)
        out->changes |= PNAS_PICTURE_WAS_DEEP;
    if (!colour && source->channels == 3)
        out->changes |= PNAS_PICTURE_WAS_GREY;
    image->format = (channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB) | (clear ? PNG_FORMAT_FLAG_ALPHA : 0);
    PNAS_TRY(allocate(source, image->height, image->width, channels + clear, out));
    PNAS_CHECK(png_image_finish_read(image, NULL, out->pixels, 0, NULL), PNAS_ERROR_DATA,
               "%s: is a damaged PNG: %s", source->path, image->message);
    if (clear)
        put_on_black(out, (size_t)channels);
    return PNAS_OK;
}

static pnas_status decode_png(const picture_source *source, pnas_picture *out)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    PNAS_CHECK(png_image_begin_read_from_memory(&image, source->bytes->data, source->bytes->size),
               PNAS_ERROR_DATA, "%s: is a damaged PNG: %s", source->path, image.message);
    image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB; /* libpng would take 16 bits for amounts of light */
    int orientation = 1;
    pnas_status status = check_size(source, image.height, image.width);
    if (status == PNAS_OK)
        status = check_chunks(source, &orientation);
    if (status == PNAS_OK)
        status = check_wanted(source, orientation, image.height, image.width);
    if (status == PNAS_OK && (image.format & PNG_FORMAT_FLAG_COLORMAP))
        status = pnas_picture_check_palette(source->path, source->bytes);
    if (status == PNAS_OK)
        status = finish_png(source, &image, out);
    png_image_free(&image);
    if (status == PNAS_OK && orientation > 1)
        status = pnas_picture_turn(source->path, orientation, out);
    return status;
}

/* --- JPEG --- */

static void read_rows(struct jpeg_decompress_struct *jpeg, uint8_t *pixels)
{
    size_t row = (size_t)jpeg->output_width * (size_t)jpeg->output_components;
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW at = pixels + jpeg->output_scanline * row;
        jpeg_read_scanlines(jpeg, &at, 1);
    }
    jpeg_finish_decompress(jpeg);
}

static int orientation_of(const struct jpeg_decompress_struct *jpeg)
{
    for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker; marker = marker->next) {
        int orientation = pnas_picture_orientation_of_marker(marker->data, marker->data_length);
        if (orientation > 1)
            return orientation;
    }
    return 1;
}

/* Reads the header, chooses the colours and makes room. */
static pnas_status begin_jpeg(const picture_source *source, struct jpeg_decompress_struct *jpeg,
                              pnas_picture *out, int *orientation)
{
    jpeg_mem_src(jpeg, source->bytes->data, source->bytes->size);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    *orientation = orientation_of(jpeg);
    bool ink = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    PNAS_TRY(check_size(source, jpeg->image_height, jpeg->image_width));
    PNAS_TRY(check_wanted(source, *orientation, jpeg->image_height, jpeg->image_width));
    if (jpeg->num_components == 1 && source->channels == 3)
        out->changes |= PNAS_PICTURE_WAS_GREY;
    if (jpeg->num_components > 1 && source->channels == 1 && !ink)
        out->changes |= PNAS_PICTURE_WAS_COLOUR;
    jpeg->out_color_space = ink ? JCS_CMYK : source->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    return allocate(source, jpeg->image_height, jpeg->image_width, ink ? 4 : source->channels, out);
}

/* Nothing that this function changes is read after a jump but `status`, which is volatile, and *out. */
static pnas_status decode_jpeg(const picture_source *source, pnas_picture *out)
{
    pnas_jpeg_failure failure;
    struct jpeg_decompress_struct jpeg = {.err = pnas_jpeg_failure_begin(&failure)};
    volatile pnas_status status = PNAS_OK;
    int orientation = 1;
    if (setjmp(failure.jump)) {
        jpeg_destroy_decompress(&jpeg);
        return pnas_fail(PNAS_ERROR_DATA, "%s: is a damaged JPEG: %s", source->path, failure.message);
    }
    jpeg_create_decompress(&jpeg);
    status = begin_jpeg(source, &jpeg, out, &orientation);
    if (status == PNAS_OK) {
        jpeg_start_decompress(&jpeg);
        read_rows(&jpeg, out->pixels);
    }
    bool inverted = jpeg.saw_Adobe_marker;
    jpeg_destroy_decompress(&jpeg);
    if (status == PNAS_OK && out->channels == 4)
        make_light(out, inverted);
    if (status == PNAS_OK && orientation > 1)
        status = pnas_picture_turn(source->path, orientation, out);
    return status;
}

/* --- the whole --- */

pnas_status pnas_picture_decode(const char *path, const pnas_bytes *bytes, int channels,
                                const size_t wanted[2], pnas_picture *out)
{
    const picture_source source = {path, bytes, channels, wanted};
    *out = (pnas_picture){0};
    PNAS_CHECK(channels == 1 || channels == 3, PNAS_ERROR_DATA,
               "%s: a PNG or JPEG gives 1 or 3 channels; %d are wanted", path, channels);
    PNAS_CHECK(pnas_picture_is(bytes->data, bytes->size), PNAS_ERROR_DATA, "%s: is no PNG or JPEG", path);
    bool png = starts(bytes->data, bytes->size, png_start, sizeof png_start);
    pnas_status status = png ? decode_png(&source, out) : decode_jpeg(&source, out);
    if (status == PNAS_OK && channels == 1 && out->channels == 3)
        make_grey(out);
    if (status != PNAS_OK)
        pnas_picture_free(out);
    return status;
}

void pnas_picture_free(pnas_picture *picture)
{
    free(picture->pixels);
    *picture = (pnas_picture){0};
}
