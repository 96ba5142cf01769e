#include "io/data/picture_palette.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

typedef struct {
    const pnas_bytes *bytes;
    size_t at;
    int largest; /* number of a colour, of all pixels */
    char message[128];
} png_source;

static void read_bytes(png_structp png, png_bytep out, size_t size)
{
    png_source *source = png_get_io_ptr(png);
    if (size > source->bytes->size - source->at)
        png_error(png, "it is cut short");
    memcpy(out, source->bytes->data + source->at, size);
    source->at += size;
}

static void fail(png_structp png, const char *message)
{
    png_source *source = png_get_error_ptr(png);
    snprintf(source->message, sizeof source->message, "%s", message);
    png_longjmp(png, 1);
}

static void ignore(png_structp png, const char *message)
{
}

/* libpng counts them itself only where it transforms rows, which depends on their depth. */
static void note_colours(png_structp png, png_row_infop row, png_bytep pixel)
{
    png_source *source = png_get_user_transform_ptr(png);
    for (png_uint_32 i = 0; i < row->width; i++)
        if (pixel[i] > source->largest)
            source->largest = pixel[i];
}

/* Jumps back where the file is damaged. */
static void read_rows(png_structp png, png_infop info, png_source *source)
{
    png_set_read_fn(png, source, read_bytes);
    png_read_info(png, info);
    png_set_packing(png); /* a byte a pixel */
    png_set_user_transform_info(png, source, 0, 0);
    png_set_read_user_transform_fn(png, note_colours);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    for (int pass = 0; pass < passes; pass++)
        for (png_uint_32 row = 0; row < png_get_image_height(png, info); row++)
            png_read_row(png, NULL, NULL);
}

pnas_status pnas_picture_check_palette(const char *path, const pnas_bytes *bytes)
{
    png_source source = {.bytes = bytes};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, fail, ignore);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return pnas_fail(PNAS_ERROR_MEMORY, "%s: no memory for a picture", path);
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return pnas_fail(PNAS_ERROR_DATA, "%s: is a damaged PNG: %s", path, source.message);
    }
    read_rows(png, info, &source);
    png_colorp palette;
    int colours = 0;
    png_get_PLTE(png, info, &palette, &colours);
    png_destroy_read_struct(&png, &info, NULL);
    PNAS_CHECK(source.largest < colours, PNAS_ERROR_DATA,
               "%s: is a damaged PNG: a pixel has colour %d of a palette of %d", path, source.largest,
               colours);
    return PNAS_OK;
}
