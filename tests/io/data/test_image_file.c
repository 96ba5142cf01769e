/* Images of PNG, JPEG and IDX files come out as they are; what is none is refused with a sentence. */
#include "io/data/image_file.h"
#include "tests/base/leak_check.h"
#include "tests/io/test_folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jpeglib.h>
#include <png.h>

TestSuite(image_file, .init = test_folder_make, .fini = test_folder_remove);

enum { HEIGHT = 6, WIDTH = 5 };

static const pnas_image_shape grey = {HEIGHT, WIDTH, 1}, colour = {HEIGHT, WIDTH, 3};
static uint8_t pixels[HEIGHT * WIDTH * 3];

static void make_png(unsigned format)
{
    png_image image = {.version = PNG_IMAGE_VERSION, .width = WIDTH, .height = HEIGHT, .format = format};
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(37 * i);
    cr_assert(png_image_write_to_file(&image, test_path("i"), 0, pixels, 0, NULL));
}

/* Grey, 16 bits a pixel: `pixels` times 257. */
static void make_deep_png(void)
{
    FILE *file = fopen(test_path("i"), "wb");
    png_struct *png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_info *info = png ? png_create_info_struct(png) : NULL;
    cr_assert(file && info);
    png_init_io(png, file);
    png_set_IHDR(png, info, WIDTH, HEIGHT, 16, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
    png_write_info(png, info);
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(37 * i);
    for (int h = 0; h < HEIGHT; h++) {
        uint8_t row[2 * WIDTH];
        for (size_t i = 0; i < sizeof row; i++)
            row[i] = pixels[h * WIDTH + (int)i / 2];
        png_write_row(png, row);
    }
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

/* One colour all over, which JPEG keeps but for rounding. */
static void make_jpeg_of(J_COLOR_SPACE space, int components)
{
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct jpeg = {.err = jpeg_std_error(&errors)};
    FILE *file = fopen(test_path("i"), "wb");
    cr_assert_not_null(file);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = WIDTH;
    jpeg.image_height = HEIGHT;
    jpeg.input_components = components;
    jpeg.in_color_space = space;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(40 + 80 * (i % 3));
    for (int h = 0; h < HEIGHT; h++) {
        JSAMPROW row = pixels; /* any row is as good */
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    fclose(file);
}

static void make_jpeg(void)
{
    make_jpeg_of(JCS_RGB, 3);
}

static void expect_read(const pnas_image_shape *shape, size_t images, int tolerance)
{
    uint8_t *read = NULL;
    size_t count = 0, size = images * HEIGHT * WIDTH * (size_t)shape->channels;
    cr_assert_eq(pnas_image_file_read(test_path("i"), shape, &read, &count), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(count, images);
    for (size_t i = 0; i < size; i++)
        cr_expect(abs(read[i] - pixels[i]) <= tolerance, "pixel %zu is %d, not %d", i, read[i], pixels[i]);
    free(read);
}

static void expect_refused(const pnas_image_shape *shape, const char *sentence)
{
    uint8_t *read = pixels;
    size_t count = 1;
    cr_expect_eq(pnas_image_file_read(test_path("i"), shape, &read, &count), PNAS_ERROR_DATA, "%s", sentence);
    cr_expect_not_null(strstr(pnas_message(), "/i: "), "%s", pnas_message());
    cr_expect_not_null(strstr(pnas_message(), sentence), "%s", pnas_message());
    cr_expect(!read && count == 0);
}

Test(image_file, png_keeps_its_pixels)
{
    make_png(PNG_FORMAT_RGB);
    expect_read(&colour, 1, 0);
    make_png(PNG_FORMAT_GRAY);
    expect_read(&grey, 1, 0);
    make_deep_png();
    expect_read(&grey, 1, 0);
    PNAS_EXPECT_NO_LEAKS();
}

Test(image_file, a_colour_png_becomes_the_grey_of_a_jpeg)
{
    make_png(PNG_FORMAT_RGB);
    for (size_t i = 0; i < HEIGHT * WIDTH; i++)
        pixels[i] =
            (uint8_t)(0.299 * pixels[3 * i] + 0.587 * pixels[3 * i + 1] + 0.114 * pixels[3 * i + 2] + 0.5);
    expect_read(&grey, 1, 1);
    PNAS_EXPECT_NO_LEAKS();
}

/* Adobe's way, which libjpeg writes: 255 is no ink. */
Test(image_file, a_jpeg_of_four_inks_becomes_colours)
{
    uint8_t ink[4 * HEIGHT * WIDTH];
    make_jpeg_of(JCS_CMYK, 4);
    for (size_t i = 0; i < sizeof ink; i++)
        ink[i] = (uint8_t)(40 + 80 * (i % 3));
    for (size_t i = 0; i < HEIGHT * WIDTH; i++)
        for (size_t c = 0; c < 3; c++)
            pixels[3 * i + c] = (uint8_t)(ink[4 * (i % WIDTH) + c] * ink[4 * (i % WIDTH) + 3] / 255);
    expect_read(&colour, 1, 12);
    PNAS_EXPECT_NO_LEAKS();
}

Test(image_file, jpeg_becomes_colour_or_grey)
{
    make_jpeg();
    expect_read(&colour, 1, 3);
    memset(pixels, (int)(0.299 * 40 + 0.587 * 120 + 0.114 * 200), sizeof pixels);
    expect_read(&grey, 1, 3);
    PNAS_EXPECT_NO_LEAKS();
}

Test(image_file, idx_holds_many)
{
    static uint8_t file[16 + sizeof pixels] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, HEIGHT, 0, 0, 0, WIDTH};
    for (size_t i = 0; i < sizeof pixels; i++)
        file[16 + i] = pixels[i] = (uint8_t)(11 * i);
    test_write_gzip("i", file, sizeof file);
    expect_read(&grey, 3, 0);
    expect_refused(&colour, "images of 1 channels; 3 are wanted");
    test_write_file("i", file, sizeof file - 1);
    expect_refused(&grey, "says that it has 3 images");
    test_write_file("i", file, 9);
    expect_refused(&grey, "inside its header");
    file[3] = 4; /* colour images whose channels are pixels */
    test_write_file("i", file, sizeof file);
    expect_refused(&colour, "images of");
}

Test(image_file, another_size_is_refused)
{
    const pnas_image_shape larger = {HEIGHT + 1, WIDTH, 3}, many = {HEIGHT, WIDTH, 4};
    make_png(PNG_FORMAT_RGB);
    expect_refused(&larger, "is 6 pixels high and 5 wide; 7 and 5 are wanted");
    expect_refused(&many, "a PNG or JPEG gives 1 or 3 channels; 4 are wanted");
    make_jpeg();
    expect_refused(&larger, "is 6 pixels high and 5 wide; 7 and 5 are wanted");
}

/* Every piece of the file: no piece is an image, and none ends the program. */
static void expect_pieces_refused(void)
{
    for (size_t size = test_file_size("i") - 1; size > 0; size--) {
        uint8_t *read = NULL;
        size_t count = 0;
        cr_assert_eq(truncate(test_path("i"), (off_t)size), 0);
        pnas_status status = pnas_image_file_read(test_path("i"), &colour, &read, &count);
        cr_expect(status == PNAS_OK || (status == PNAS_ERROR_DATA && !read), "%zu bytes: %s", size,
                  pnas_message());
        free(read);
    }
}

Test(image_file, a_cut_file_is_refused)
{
    make_png(PNG_FORMAT_RGB);
    cr_assert_eq(truncate(test_path("i"), (off_t)(test_file_size("i") - 20)), 0);
    expect_refused(&colour, "is a damaged PNG");
    expect_pieces_refused();
    make_jpeg();
    cr_assert_eq(truncate(test_path("i"), (off_t)(test_file_size("i") - 20)), 0);
    expect_refused(&colour, "is a damaged JPEG");
    test_write_file("i", "\x1f\x8bzzzzzzzzzzzzzzzz", 18);
    expect_refused(&colour, "the gzip file is damaged after 0 unpacked bytes (unknown compression method)");
    expect_pieces_refused();
    test_write_file("i", "hello", 5);
    expect_refused(&colour, "is no image");
    PNAS_EXPECT_NO_LEAKS();
}
