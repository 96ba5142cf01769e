/* Pictures that tests write. */
#ifndef PNAS_TESTS_PICTURE_FILES_H
#define PNAS_TESTS_PICTURE_FILES_H

#include "io/file/byte_file.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h> /* before jpeglib.h, which needs it */
#include <string.h>

#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

/* pixels: [height, width, 3] red, green, blue, or what `format` says. */
static inline void write_png(const char *name, unsigned format, int height, int width, const void *pixels)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = format};
    cr_assert(png_image_write_to_file(&image, test_path(name), 0, pixels, 0, NULL), "%s", image.message);
}

/* One entry: tag 0x0112, a SHORT, one of them. The JPEG marker begins with "Exif"; the PNG chunk with what
 * follows. */
#define EXIF_WITH(orientation)                                                                               \
    {                                                                                                        \
        'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0,           \
            (uint8_t)(orientation), 0, 0, 0, 0, 0, 0                                                         \
    }
enum { EXIF_NAME = 6 };

/* The file with a chunk behind its first one, in its place; data: its name and contents, [size]. */
static inline void add_png_chunk(const char *name, const uint8_t *data, size_t size)
{
    enum { AFTER_HEAD = 8 + 25 };
    pnas_bytes bytes;
    cr_assert_eq(pnas_bytes_read(test_path(name), "a picture", NULL, &bytes), PNAS_OK, "%s", pnas_message());
    uint32_t length = (uint32_t)size - 4, sum = (uint32_t)crc32(0, data, (uInt)size);
    FILE *file = fopen(test_path(name), "wb");
    cr_assert_not_null(file);
    fwrite(bytes.data, 1, AFTER_HEAD, file);
    for (int i = 3; i >= 0; i--)
        fputc((int)(length >> 8 * i & 255), file);
    fwrite(data, 1, size, file);
    for (int i = 3; i >= 0; i--)
        fputc((int)(sum >> 8 * i & 255), file);
    fwrite(bytes.data + AFTER_HEAD, 1, bytes.size - AFTER_HEAD, file);
    fclose(file);
    pnas_bytes_free(&bytes);
}

/* Says how the camera was held. */
static inline void turn_png(const char *name, int orientation)
{
    uint8_t exif[] = EXIF_WITH(orientation), chunk[sizeof exif - EXIF_NAME + 4] = {'e', 'X', 'I', 'f'};
    memcpy(chunk + 4, exif + EXIF_NAME, sizeof exif - EXIF_NAME);
    add_png_chunk(name, chunk, sizeof chunk);
}

/* pixels: [height, width, 3]; orientation 0: nothing is said of it. */
static inline void write_jpeg(const char *name, int height, int width, const uint8_t *pixels, int orientation)
{
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct jpeg = {.err = jpeg_std_error(&errors)};
    uint8_t exif[] = EXIF_WITH(orientation);
    FILE *file = fopen(test_path(name), "wb");
    cr_assert_not_null(file);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    if (orientation > 0)
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, exif, sizeof exif);
    for (int h = 0; h < height; h++) {
        JSAMPROW row = (uint8_t *)pixels + 3 * h * width;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    fclose(file);
}

#endif
