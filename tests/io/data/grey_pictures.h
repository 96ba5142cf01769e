/* Small pictures that a grey tells apart, and how they look in a data set. */
#ifndef PNAS_TESTS_GREY_PICTURES_H
#define PNAS_TESTS_GREY_PICTURES_H

#include "tests/io/data/import_test.h"
#include "tests/io/data/picture_files.h"

enum { SIDE = 6 };

/* A grey that says which picture it is. */
static inline void fill(uint8_t *pixels, size_t bytes, int value)
{
    memset(pixels, value, bytes);
}

static inline void put(const char *name, int value)
{
    uint8_t pixels[SIDE * SIDE * 3];
    fill(pixels, sizeof pixels, value);
    if (strcasecmp(name + strlen(name) - 3, "png") == 0)
        write_png(name, PNG_FORMAT_RGB, SIDE, SIDE, pixels);
    else
        write_jpeg(name, SIDE, SIDE, pixels, 0);
}

static inline void expect_value(const pnas_dataset *dataset, size_t image, int value)
{
    size_t size = (size_t)dataset->height * (size_t)dataset->width * (size_t)dataset->channels;
    for (size_t i = 0; i < size; i++)
        cr_assert(abs(dataset->train.images[image * size + i] - value) <= 2, "image %zu: %d, not %d", image,
                  dataset->train.images[image * size + i], value);
}

#endif
