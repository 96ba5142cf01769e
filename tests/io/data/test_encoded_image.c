/* One image as JPEG and back: the same pixels always, and a sentence for everything that is no such image. */
#include "io/data/encoded_image.h"
#include "tests/base/leak_check.h"

#include <criterion/criterion.h>
#include <stdio.h> /* before jpeglib.h, which needs it */
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <zlib.h>

enum { HEIGHT = 13, WIDTH = 18, PIXELS = HEIGHT * WIDTH };

static const pnas_image_shape colour = {HEIGHT, WIDTH, 3}, grey = {HEIGHT, WIDTH, 1};

static void fill(const pnas_image_shape *shape, uint8_t *pixels)
{
    for (int h = 0; h < shape->height; h++)
        for (int w = 0; w < shape->width; w++)
            for (int c = 0; c < shape->channels; c++)
                *pixels++ = (uint8_t)(c == 0 ? w * 14 + h : c == 1 ? h * 19 : 255 - w * 9 - h * 5);
}

static void expect_message(const char *text)
{
    cr_expect_not_null(strstr(pnas_message(), text), "expected \"%s\" in \"%s\"", text, pnas_message());
}

static void expect_refused(const uint8_t *bytes, size_t size, const pnas_image_shape *shape, const char *text)
{
    uint8_t out[3 * PIXELS];
    cr_expect_eq(pnas_encoded_image_decode(bytes, size, shape, out), PNAS_ERROR_DATA, "%s", text);
    expect_message(text);
}

static void expect_near(const pnas_image_shape *shape)
{
    uint8_t before[3 * PIXELS], after[3 * PIXELS], *bytes;
    size_t size;
    fill(shape, before);
    cr_assert_eq(pnas_encoded_image_make(shape, 95, before, &bytes, &size), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_encoded_image_decode(bytes, size, shape, after), PNAS_OK, "%s", pnas_message());
    for (int i = 0; i < PIXELS * shape->channels; i++)
        cr_assert_leq(abs(before[i] - after[i]), 12, "value %d: %d became %d", i, before[i], after[i]);
    free(bytes);
}

Test(encoded_image, pixels_come_back_nearly_as_they_were)
{
    expect_near(&colour);
    expect_near(&grey);
    PNAS_EXPECT_NO_LEAKS();
}

/* Of 13 x 18 pixels, with colours of half the size, made with "cjpeg -quality 60 -sample 2x2 -optimize". */
static const uint8_t of_cjpeg[] = {
    0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 0x4a, 0x46, 0x49, 0x46, 0x00, 0x01, 0x01, 0x00, 0x00, 0x01, 0x00,
    0x01, 0x00, 0x00, 0xff, 0xdb, 0x00, 0x43, 0x00, 0x0d, 0x09, 0x0a, 0x0b, 0x0a, 0x08, 0x0d, 0x0b, 0x0a,
    0x0b, 0x0e, 0x0e, 0x0d, 0x0f, 0x13, 0x20, 0x15, 0x13, 0x12, 0x12, 0x13, 0x27, 0x1c, 0x1e, 0x17, 0x20,
    0x2e, 0x29, 0x31, 0x30, 0x2e, 0x29, 0x2d, 0x2c, 0x33, 0x3a, 0x4a, 0x3e, 0x33, 0x36, 0x46, 0x37, 0x2c,
    0x2d, 0x40, 0x57, 0x41, 0x46, 0x4c, 0x4e, 0x52, 0x53, 0x52, 0x32, 0x3e, 0x5a, 0x61, 0x5a, 0x50, 0x60,
    0x4a, 0x51, 0x52, 0x4f, 0xff, 0xdb, 0x00, 0x43, 0x01, 0x0e, 0x0e, 0x0e, 0x13, 0x11, 0x13, 0x26, 0x15,
    0x15, 0x26, 0x4f, 0x35, 0x2d, 0x35, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f,
    0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f,
    0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0x4f,
    0x4f, 0x4f, 0x4f, 0x4f, 0x4f, 0xff, 0xc0, 0x00, 0x11, 0x08, 0x00, 0x0d, 0x00, 0x12, 0x03, 0x01, 0x22,
    0x00, 0x02, 0x11, 0x01, 0x03, 0x11, 0x01, 0xff, 0xc4, 0x00, 0x17, 0x00, 0x00, 0x03, 0x01, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x05, 0x06, 0xff, 0xc4,
    0x00, 0x1f, 0x10, 0x00, 0x02, 0x02, 0x02, 0x02, 0x03, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x02, 0x03, 0x00, 0x01, 0x04, 0x11, 0x05, 0x62, 0x12, 0x31, 0x51, 0x91, 0xff, 0xc4, 0x00,
    0x16, 0x01, 0x01, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x02, 0x03, 0x05, 0xff, 0xc4, 0x00, 0x20, 0x11, 0x00, 0x01, 0x02, 0x05, 0x05, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x05, 0x02, 0x04, 0x06, 0x11, 0x21, 0x14,
    0x22, 0x41, 0x71, 0xd1, 0xff, 0xda, 0x00, 0x0c, 0x03, 0x01, 0x00, 0x02, 0x11, 0x03, 0x11, 0x00, 0x3f,
    0x00, 0x84, 0x9e, 0x2b, 0xac, 0x7d, 0x3c, 0x57, 0x59, 0xa4, 0x4e, 0x12, 0xa3, 0xe9, 0xc2, 0x54, 0xb3,
    0x93, 0xb4, 0x59, 0x41, 0xae, 0x78, 0xe1, 0x63, 0x09, 0x78, 0x80, 0x76, 0x04, 0x7a, 0x21, 0xbd, 0x5d,
    0x78, 0xdf, 0xbf, 0xc8, 0x4a, 0x2c, 0xc6, 0x5b, 0x18, 0x4c, 0x2a, 0xad, 0x95, 0xd9, 0x5e, 0xab, 0xec,
    0x26, 0x46, 0xac, 0x72, 0x4a, 0x11, 0x55, 0x93, 0x37, 0xda, 0x05, 0xba, 0x3e, 0xaf, 0xff, 0xd9};

/* Those of "djpeg -dct int -nosmooth". */
Test(encoded_image, pixels_are_the_same_wherever_they_are_decoded)
{
    uint8_t out[3 * PIXELS];
    cr_assert_eq(pnas_encoded_image_decode(of_cjpeg, sizeof of_cjpeg, &colour, out), PNAS_OK, "%s",
                 pnas_message());
    cr_expect_eq(crc32(0, out, sizeof out), 0xbddde3d1);
}

Test(encoded_image, what_is_not_the_whole_of_one_image_is_refused)
{
    uint8_t bytes[sizeof of_cjpeg + 3];
    const pnas_image_shape other = {WIDTH, HEIGHT, 3}, deep = {HEIGHT, WIDTH, 4};
    memcpy(bytes, of_cjpeg, sizeof of_cjpeg);
    memset(bytes + sizeof of_cjpeg, 7, 3);
    for (size_t size = 1; size < sizeof of_cjpeg; size++)
        expect_refused(bytes, size, &colour, "is a damaged JPEG: ");
    expect_refused(bytes, 0, &colour, "has 0 bytes; 1 to ");
    expect_refused(bytes, sizeof bytes, &colour, "has 3 bytes behind its end");
    expect_refused(bytes, sizeof of_cjpeg, &other, "is 13 x 18 x 3; 18 x 13 x 3 are wanted");
    expect_refused(bytes, sizeof of_cjpeg, &grey, "is 13 x 18 x 3; 13 x 18 x 1 are wanted");
    expect_refused(bytes, sizeof of_cjpeg, &deep, "a JPEG has 1 or 3 channels, not 4");
    expect_refused((const uint8_t *)"\x89PNG", 4, &colour, "is a damaged JPEG: Not a JPEG file");
    PNAS_EXPECT_NO_LEAKS();
}

/* Of a picture of 65,500 x 65,500 pixels there is only the head. */
Test(encoded_image, a_bomb_takes_no_memory)
{
    uint8_t bytes[sizeof of_cjpeg];
    memcpy(bytes, of_cjpeg, sizeof bytes);
    uint8_t *sides = memchr(bytes + 150, 0xc0, 40); /* start of frame: length, precision, height, width */
    cr_assert(sides && sides[-1] == 0xff && sides[5] == HEIGHT && sides[7] == WIDTH);
    sides[4] = sides[6] = 0xff;
    expect_refused(bytes, sizeof bytes, &colour, "is 65293 x 65298 x 3; 13 x 18 x 3 are wanted");
}

static void write_progressive(uint8_t **out, unsigned long *size)
{
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct jpeg = {.err = jpeg_std_error(&errors)};
    uint8_t pixels[3 * PIXELS];
    fill(&colour, pixels);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, out, size);
    jpeg.image_height = HEIGHT;
    jpeg.image_width = WIDTH;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (int h = 0; h < HEIGHT; h++) {
        JSAMPROW row = pixels + 3 * h * WIDTH;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
}

Test(encoded_image, a_progressive_one_is_refused)
{
    uint8_t *bytes = NULL;
    unsigned long size = 0;
    write_progressive(&bytes, &size);
    expect_refused(bytes, size, &colour, "is no baseline JPEG in one scan");
    free(bytes);
}

/* As much noise as there can be, in the best quality. */
Test(encoded_image, no_image_has_more_bytes_than_are_expected)
{
    enum { SIDE = 64 };
    const pnas_image_shape shape = {SIDE, SIDE, 3};
    static uint8_t pixels[3 * SIDE * SIDE];
    uint8_t *bytes;
    size_t size;
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (random = random * 1664525 + 1013904223) >> 31 ? 255 : 0;
    cr_assert_eq(pnas_encoded_image_make(&shape, 100, pixels, &bytes, &size), PNAS_OK);
    cr_expect_lt(size, pnas_encoded_image_most(&shape) - (1 << 20), "%zu", size);
    free(bytes);
}
