#include "io/data/picture_orientation.h"

#include <stdlib.h>
#include <string.h>

#define ORIENTATION_TAG 0x0112
#define ENTRY_SIZE      12

typedef struct { /* a TIFF structure, in the order of bytes that it says */
    const unsigned char *data;
    size_t size;
    bool little;
} tiff_bytes;

/* 0 beyond its end. */
static unsigned long read_bytes(const tiff_bytes *tiff, size_t at, int bytes)
{
    unsigned long value = 0;
    if (at > tiff->size || tiff->size - at < (size_t)bytes)
        return 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | tiff->data[at + (size_t)(tiff->little ? bytes - 1 - i : i)];
    return value;
}

int pnas_picture_orientation(const unsigned char *data, size_t size)
{
    if (size < 8)
        return 1;
    tiff_bytes tiff = {data, size, data[0] == 'I'};
    size_t directory = read_bytes(&tiff, 4, 4), entries = read_bytes(&tiff, directory, 2);
    for (size_t i = 0; i < entries; i++) {
        size_t at = directory + 2 + i * ENTRY_SIZE;
        unsigned long value = read_bytes(&tiff, at + 8, 2);
        if (read_bytes(&tiff, at, 2) == ORIENTATION_TAG)
            return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

int pnas_picture_orientation_of_marker(const unsigned char *data, size_t size)
{
    static const char start[] = "Exif\0";
    if (size < sizeof start || memcmp(data, start, sizeof start) != 0)
        return 1;
    return pnas_picture_orientation(data + sizeof start, size - sizeof start);
}

bool pnas_picture_swaps_sides(int orientation)
{
    return orientation >= 5;
}

/* Where the upright picture's pixel (y, x) is in one of height h and width w. */
static size_t place_of(int orientation, size_t h, size_t w, size_t y, size_t x)
{
    switch (orientation) {
    case 2:
        return y * w + (w - 1 - x);
    case 3:
        return (h - 1 - y) * w + (w - 1 - x);
    case 4:
        return (h - 1 - y) * w + x;
    case 5:
        return x * w + y;
    case 6:
        return (h - 1 - x) * w + y;
    case 7:
        return (h - 1 - x) * w + (w - 1 - y);
    case 8:
        return x * w + (w - 1 - y);
    default:
        return y * w + x;
    }
}

pnas_status pnas_picture_turn(const char *path, int orientation, pnas_picture *picture)
{
    size_t channels = (size_t)picture->channels, h = picture->height, w = picture->width;
    bool swaps = pnas_picture_swaps_sides(orientation);
    size_t height = swaps ? w : h, width = swaps ? h : w;
    uint8_t *turned = malloc(h * w * channels);
    PNAS_CHECK(turned, PNAS_ERROR_MEMORY, "%s: no memory to turn %zu x %zu pixels", path, h, w);
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            memcpy(turned + (y * width + x) * channels,
                   picture->pixels + place_of(orientation, h, w, y, x) * channels, channels);
    free(picture->pixels);
    picture->pixels = turned;
    picture->height = height;
    picture->width = width;
    picture->changes |= PNAS_PICTURE_WAS_TURNED;
    return PNAS_OK;
}
