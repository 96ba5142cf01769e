/* Pictures become upright, and of the size that is asked for. */
#include "io/data/picture.h"
#include "tests/base/leak_check.h"
#include "tests/io/data/picture_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <png.h>

TestSuite(picture, .init = test_folder_make, .fini = test_folder_remove);

static pnas_picture decode(const char *name, int channels)
{
    pnas_bytes bytes;
    pnas_picture picture;
    cr_assert_eq(pnas_bytes_read(test_path(name), "a picture", NULL, &bytes), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_picture_decode(name, &bytes, channels, NULL, &picture), PNAS_OK, "%s", pnas_message());
    pnas_bytes_free(&bytes);
    return picture;
}

/* --- orientation: four quarters of 16 x 8 pixels, each of one grey, as they are seen upright --- */

enum { TALL = 32, WIDE = 16 };
static const uint8_t quarter[2][2] = {{0, 80}, {160, 240}};

/* What a camera that was held so has in its file: the pixel (y, x) of `h` x `w`, by the upright one. EXIF 2.32, tag
 * 0x0112: which side of the scene the first row and the first column of the file are. */
static uint8_t held(int orientation, int h, int w, int y, int x)
{
    static const struct {
        bool swapped;                 /* its row y is a column of the upright picture */
        bool from_bottom, from_right; /* which is counted backwards */
    } of[] = {{0},
              {false, false, false}, /* row 0 top, column 0 left */
              {false, false, true},  /* top, right */
              {false, true, true},   /* bottom, right */
              {false, true, false},  /* bottom, left */
              {true, false, false},  /* left, top */
              {true, false, true},   /* right, top */
              {true, true, true},    /* right, bottom */
              {true, true, false}};  /* left, bottom */
    int row = of[orientation].swapped ? x : y, column = of[orientation].swapped ? y : x;
    int rows = of[orientation].swapped ? w : h, columns = of[orientation].swapped ? h : w;
    row = of[orientation].from_bottom ? rows - 1 - row : row;
    column = of[orientation].from_right ? columns - 1 - column : column;
    return quarter[row >= rows / 2][column >= columns / 2];
}

static void expect_upright(const char *name, int orientation)
{
    pnas_picture picture = decode(name, 3);
    cr_assert(picture.height == TALL && picture.width == WIDE, "%s, %d: %zu x %zu", name, orientation,
              picture.height, picture.width);
    cr_expect_eq(picture.changes, orientation > 1 ? PNAS_PICTURE_WAS_TURNED : 0u);
    for (int y = 0; y < TALL; y++)
        for (int x = 0; x < WIDE; x++)
            cr_assert(abs(picture.pixels[3 * (y * WIDE + x)] - quarter[y >= TALL / 2][x >= WIDE / 2]) <= 3,
                      "%s, orientation %d: pixel %d, %d", name, orientation, y, x);
    pnas_picture_free(&picture);
}

Test(picture, is_upright_however_the_camera_was_held)
{
    static uint8_t pixels[TALL * WIDE * 3];
    for (int orientation = 1; orientation <= 8; orientation++) {
        int h = orientation >= 5 ? WIDE : TALL, w = orientation >= 5 ? TALL : WIDE;
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                memset(pixels + 3 * (y * w + x), held(orientation, h, w, y, x), 3);
        write_jpeg("a.jpg", h, w, pixels, orientation);
        expect_upright("a.jpg", orientation);
        write_png("a.png", PNG_FORMAT_RGB, h, w, pixels);
        turn_png("a.png", orientation);
        expect_upright("a.png", orientation);
    }
    PNAS_EXPECT_NO_LEAKS();
}

/* What is wanted is the size as it is seen. */
Test(picture, a_turned_picture_has_the_size_that_is_seen)
{
    static uint8_t pixels[TALL * WIDE * 3];
    const size_t seen[] = {TALL, WIDE}, stored[] = {WIDE, TALL};
    for (int format = 0; format < 2; format++) {
        const char *name = format ? "a.jpg" : "a.png";
        pnas_bytes bytes;
        pnas_picture picture;
        if (format)
            write_jpeg(name, WIDE, TALL, pixels, 6);
        else {
            write_png(name, PNG_FORMAT_RGB, WIDE, TALL, pixels);
            turn_png(name, 6);
        }
        cr_assert_eq(pnas_bytes_read(test_path(name), "a picture", NULL, &bytes), PNAS_OK);
        cr_expect_eq(pnas_picture_decode(name, &bytes, 3, stored, &picture), PNAS_ERROR_DATA);
        cr_expect_eq(pnas_picture_decode(name, &bytes, 3, seen, &picture), PNAS_OK, "%s", pnas_message());
        pnas_picture_free(&picture);
        pnas_bytes_free(&bytes);
    }
    PNAS_EXPECT_NO_LEAKS();
}

Test(picture, an_orientation_that_is_none_turns_nothing)
{
    static uint8_t pixels[TALL * WIDE * 3];
    static const int none[] = {0, 9, 255};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        write_jpeg("a.jpg", TALL, WIDE, pixels, none[i]);
        pnas_picture picture = decode("a.jpg", 1);
        cr_expect(picture.height == TALL && picture.width == WIDE && picture.channels == 1);
        cr_expect_eq(picture.changes, (unsigned)PNAS_PICTURE_WAS_COLOUR);
        pnas_picture_free(&picture);
        write_png("a.png", PNG_FORMAT_RGB, TALL, WIDE, pixels);
        turn_png("a.png", none[i]);
        picture = decode("a.png", 3);
        cr_expect(picture.height == TALL && picture.width == WIDE && picture.changes == 0);
        pnas_picture_free(&picture);
    }
    PNAS_EXPECT_NO_LEAKS();
}

Test(picture, an_orientation_that_is_cut_anywhere_turns_nothing)
{
    static uint8_t pixels[TALL * WIDE * 3];
    uint8_t exif[] = EXIF_WITH(6), chunk[sizeof exif] = {'e', 'X', 'I', 'f'};
    memcpy(chunk + 4, exif + EXIF_NAME, sizeof exif - EXIF_NAME);
    for (size_t size = 4; size < 4 + 20; size++) { /* the value ends there */
        write_png("a.png", PNG_FORMAT_RGB, TALL, WIDE, pixels);
        add_png_chunk("a.png", chunk, size);
        pnas_picture picture = decode("a.png", 3);
        cr_expect_eq(picture.changes, 0, "%zu bytes", size);
        pnas_picture_free(&picture);
    }
    PNAS_EXPECT_NO_LEAKS();
}

/* --- sizes --- */

static double share(double distance, double reach)
{
    return fmax(1 - fabs(distance) / reach, 0);
}

/* A pixel of the result by its definition, in two dimensions at once; top, left: what is cut off, in pixels of the
 * scaled picture. */
static double expected(const pnas_picture *picture, double scaled_h, double scaled_w, double y, double x,
                       int c)
{
    double sy = (double)picture->height / scaled_h, sx = (double)picture->width / scaled_w, sum = 0,
           weights = 0;
    for (size_t h = 0; h < picture->height; h++)
        for (size_t w = 0; w < picture->width; w++) {
            double weight = share((double)h + 0.5 - (y + 0.5) * sy, fmax(sy, 1)) *
                            share((double)w + 0.5 - (x + 0.5) * sx, fmax(sx, 1));
            sum += weight * picture->pixels[(h * picture->width + w) * (size_t)picture->channels + (size_t)c];
            weights += weight;
        }
    return sum / weights;
}

static void expect_resized(int height, int width, pnas_picture_fit fit, size_t side)
{
    uint8_t pixels[40 * 40 * 3], out[40 * 40 * 3];
    for (int i = 0; i < 3 * height * width; i++)
        pixels[i] = (uint8_t)((unsigned)i * 2654435761u >> 24);
    pnas_picture picture = {
        .height = (size_t)height, .width = (size_t)width, .channels = 3, .pixels = pixels};
    cr_assert_eq(pnas_picture_resize("a", &picture, fit, side, out), PNAS_OK, "%s", pnas_message());
    double shorter = height < width ? height : width, n = (double)side;
    double h = fit == PNAS_RESIZE_STRETCH ? n
               : fit == PNAS_RESIZE_CROP  ? height
                                          : round(height * n / shorter);
    double w = fit == PNAS_RESIZE_STRETCH ? n : fit == PNAS_RESIZE_CROP ? width : round(width * n / shorter);
    double top = floor((h - n) / 2), left = floor((w - n) / 2);
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++)
            for (int c = 0; c < 3; c++) {
                double want = expected(&picture, h, w, top + (double)y, left + (double)x, c);
                cr_assert(fabs(out[(y * side + x) * 3 + (size_t)c] - want) <= 0.51,
                          "%d x %d, fit %d to %zu: pixel %zu, %zu: %d, not %g", height, width, (int)fit, side,
                          y, x, out[(y * side + x) * 3 + (size_t)c], want);
            }
}

Test(picture, is_scaled_and_cut_as_defined)
{
    static const int sizes[][2] = {{8, 8}, {7, 31}, {40, 9}, {5, 6}, {1, 3}, {33, 40}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t side = 1; side <= 12; side++) {
            int shorter = sizes[i][0] < sizes[i][1] ? sizes[i][0] : sizes[i][1];
            expect_resized(sizes[i][0], sizes[i][1], PNAS_RESIZE_SHORTER, side);
            expect_resized(sizes[i][0], sizes[i][1], PNAS_RESIZE_STRETCH, side);
            if ((size_t)shorter >= side)
                expect_resized(sizes[i][0], sizes[i][1], PNAS_RESIZE_CROP, side);
        }
    PNAS_EXPECT_NO_LEAKS();
}

Test(picture, the_middle_is_enlarged_as_defined)
{
    static const int sizes[][2] = {{8, 8}, {7, 31}, {1, 3}};
    static const double shares[] = {1, 0.875, 0.5, 0.1};
    uint8_t pixels[40 * 40 * 3], out[40 * 40 * 3];
    for (int i = 0; i < (int)sizeof pixels; i++)
        pixels[i] = (uint8_t)((unsigned)i * 2654435761u >> 24);
    for (int i = 0; i < 3 * 4; i++) {
        size_t height = (size_t)sizes[i / 4][0], width = (size_t)sizes[i / 4][1];
        double h = (double)height / shares[i % 4], w = (double)width / shares[i % 4];
        double top = (h - (double)height) / 2, left = (w - (double)width) / 2;
        pnas_picture picture = {.height = height, .width = width, .channels = 3, .pixels = pixels};
        cr_assert_eq(pnas_picture_zoom("a", &picture, shares[i % 4], out), PNAS_OK, "%s", pnas_message());
        for (size_t k = 0; k < height * width * 3; k++) {
            size_t row = k / 3 / width, column = k / 3 % width;
            double want = expected(&picture, h, w, top + (double)row, left + (double)column, (int)(k % 3));
            cr_assert(fabs(out[k] - want) <= 0.51, "%zu x %zu, share %g: value %zu: %d, not %g", height,
                      width, shares[i % 4], k, out[k], want);
        }
    }
    PNAS_EXPECT_NO_LEAKS();
}

Test(picture, too_small_a_picture_is_not_cut)
{
    uint8_t pixels[2 * 5] = {0}, out[9];
    const pnas_picture picture = {.height = 2, .width = 5, .channels = 1, .pixels = pixels};
    cr_expect_eq(pnas_picture_resize("x/a.png", &picture, PNAS_RESIZE_CROP, 3, out), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "x/a.png: is 2 pixels high and 5 wide, too small"), "%s",
                       pnas_message());
}

/* --- transparency --- */

/* As other programs show it: each value times its opacity. */
Test(picture, what_is_half_transparent_is_half_as_light)
{
    static const uint8_t colours[] = {186, 59, 10, 224, 62, 175, 149, 34, 21, 4, 51, 0, 8, 16, 24, 255};
    static const uint8_t greys[] = {200, 128, 100, 51, 77, 0, 99, 255}, grey[] = {100, 20, 0, 99};
    static const uint8_t on_black[] = {163, 52, 9, 8, 23, 20, 0, 0, 0, 8, 16, 24};
    write_png("a.png", PNG_FORMAT_RGBA, 2, 2, colours);
    pnas_picture picture = decode("a.png", 3);
    cr_expect(picture.channels == 3 && picture.changes == PNAS_PICTURE_WAS_CLEAR);
    cr_expect_arr_eq(picture.pixels, on_black, sizeof on_black);
    pnas_picture_free(&picture);
    picture = decode("a.png", 1);
    cr_expect(picture.channels == 1 && picture.pixels[0] == 80 && picture.pixels[2] == 0);
    pnas_picture_free(&picture);
    write_png("a.png", PNG_FORMAT_GA, 2, 2, greys);
    picture = decode("a.png", 1);
    cr_expect_arr_eq(picture.pixels, grey, sizeof grey);
    pnas_picture_free(&picture);
    picture = decode("a.png", 3);
    cr_expect(picture.channels == 3 && picture.pixels[0] == 100 && picture.pixels[5] == 20);
    pnas_picture_free(&picture);
    PNAS_EXPECT_NO_LEAKS();
}

/* --- what is refused --- */

static void expect_refused(const void *data, size_t size, const char *sentence)
{
    pnas_picture picture;
    const pnas_bytes bytes = {.data = (unsigned char *)data, .size = size};
    cr_expect_eq(pnas_picture_decode("x/a.png", &bytes, 3, NULL, &picture), PNAS_ERROR_DATA);
    cr_expect_null(picture.pixels);
    cr_expect(strstr(pnas_message(), "x/a.png: ") && strstr(pnas_message(), sentence), "%s", pnas_message());
}

/* A head that says 60000 x 60000, and the beginning of its data. */
Test(picture, a_bomb_is_refused_before_it_takes_memory)
{
    static const uint8_t bomb[] = {0x89, 'P', 'N', 'G', 13,  10,   26,   10,   0,    0, 0,    13,
                                   'I',  'H', 'D', 'R', 0,   0,    0xea, 0x60, 0,    0, 0xea, 0x60,
                                   8,    2,   0,   0,   0,   0x0f, 0xb0, 0xe2, 0x15, 0, 0,    0,
                                   1,    'I', 'D', 'A', 'T', 0,    0,    0,    0};
    expect_refused(bomb, sizeof bomb, "says that it is 60000 pixels high and 60000 wide; at most");
    expect_refused("GIF89a", 6, "is no PNG or JPEG");
    expect_refused("", 0, "is no PNG or JPEG");
}

Test(picture, a_picture_cut_anywhere_is_refused)
{
    static uint8_t pixels[TALL * WIDE * 3];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * i >> 3);
    for (int format = 0; format < 2; format++) {
        const char *name = format ? "a.jpg" : "a.png";
        pnas_bytes bytes;
        if (format)
            write_jpeg(name, TALL, WIDE, pixels, 6);
        else
            write_png(name, PNG_FORMAT_RGB, TALL, WIDE, pixels);
        cr_assert_eq(pnas_bytes_read(test_path(name), "a picture", NULL, &bytes), PNAS_OK);
        for (size_t size = 0; size < bytes.size; size += 7)
            expect_refused(bytes.data, size, "is ");
        pnas_bytes_free(&bytes);
    }
    PNAS_EXPECT_NO_LEAKS();
}

/* What a byte that flips makes libpng leave out changes colours: here the gamma, an optional chunk. */
Test(picture, a_png_with_a_flipped_bit_anywhere_is_refused)
{
    static uint8_t pixels[TALL * WIDE * 3];
    static const uint8_t gamma[] = {0, 0, 0, 4, 'g', 'A', 'M', 'A', 0, 0, 0x4e, 0x20, 0xde, 0xb1, 0x22, 0x0e};
    enum { AFTER_HEAD = 8 + 25 };
    pnas_bytes bytes;
    pnas_picture picture;
    write_png("a.png", PNG_FORMAT_RGB, TALL, WIDE, pixels);
    cr_assert_eq(pnas_bytes_read(test_path("a.png"), "a picture", NULL, &bytes), PNAS_OK);
    size_t size = bytes.size + sizeof gamma;
    uint8_t *data = malloc(size);
    cr_assert_not_null(data);
    memcpy(data, bytes.data, AFTER_HEAD);
    memcpy(data + AFTER_HEAD, gamma, sizeof gamma);
    memcpy(data + AFTER_HEAD + sizeof gamma, bytes.data + AFTER_HEAD, bytes.size - AFTER_HEAD);
    const pnas_bytes whole = {.data = data, .size = size};
    cr_assert_eq(pnas_picture_decode("a.png", &whole, 3, NULL, &picture), PNAS_OK, "%s", pnas_message());
    pnas_picture_free(&picture);
    for (size_t at = 0; at < size; at++) {
        data[at] ^= 0x10;
        expect_refused(data, size, "is ");
        data[at] ^= 0x10;
    }
    free(data);
    pnas_bytes_free(&bytes);
    PNAS_EXPECT_NO_LEAKS();
}

/* 20 x 3 pixels, all of colour 0 but one, with a palette of two. */
static size_t write_palette(uint8_t colour, int depth, int interlace, uint8_t *out, size_t size)
{
    static png_color palette[2] = {{1, 2, 3}, {40, 50, 60}};
    uint8_t pixels[3][20] = {{0}};
    png_bytep rows[3] = {pixels[0], pixels[1], pixels[2]};
    FILE *file = fmemopen(out, size, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    cr_assert(file && png && info);
    pixels[1][19] = colour;
    png_init_io(png, file);
    png_set_IHDR(png, info, 20, 3, depth, PNG_COLOR_TYPE_PALETTE, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_set_PLTE(png, info, palette, 2);
    png_set_check_for_invalid_index(png, 0);
    png_set_rows(png, info, rows);
    png_write_png(png, info, PNG_TRANSFORM_PACKING, NULL);
    png_destroy_write_struct(&png, &info);
    size_t written = (size_t)ftell(file);
    fclose(file);
    return written;
}

Test(picture, a_pixel_of_a_colour_that_the_palette_has_not_is_damage)
{
    static uint8_t data[4096];
    for (int kind = 0; kind < 4; kind++) {
        int depth = kind % 2 ? 2 : 8, interlace = kind < 2 ? PNG_INTERLACE_NONE : PNG_INTERLACE_ADAM7;
        pnas_picture picture;
        pnas_bytes bytes = {.data = data, .size = write_palette(1, depth, interlace, data, sizeof data)};
        cr_assert_eq(pnas_picture_decode("a.png", &bytes, 3, NULL, &picture), PNAS_OK, "%s", pnas_message());
        cr_expect(picture.pixels[3 * 39] == 40 && picture.pixels[0] == 1);
        pnas_picture_free(&picture);
        size_t size = write_palette(2, depth, interlace, data, sizeof data);
        expect_refused(data, size, "is a damaged PNG: a pixel has colour 2 of a palette of 2");
    }
    PNAS_EXPECT_NO_LEAKS();
}

/* A million rows of one pixel: as rows of the result's width they would take gigabytes. */
Test(picture, a_long_strip_takes_little_memory)
{
    enum { ROWS = 1000000, SIDE = 224 };
    static uint8_t pixels[ROWS], out[SIDE * SIDE];
    const pnas_picture picture = {.height = ROWS, .width = 1, .channels = 1, .pixels = pixels};
    memset(pixels, 9, sizeof pixels);
#ifndef __SANITIZE_ADDRESS__ /* which needs more by itself */
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_DATA, &limit), 0);
    limit.rlim_cur = 256 << 20; /* of this test's process */
    cr_assert_eq(setrlimit(RLIMIT_DATA, &limit), 0);
#endif
    for (int fit = 0; fit < 2; fit++) {
        cr_assert_eq(pnas_picture_resize("a", &picture, (pnas_picture_fit)fit, SIDE, out), PNAS_OK, "%s",
                     pnas_message());
        for (size_t i = 0; i < sizeof out; i++)
            cr_assert_eq(out[i], 9);
    }
}
