/* libFuzzer on pictures as importers of folders and lists take them: whatever a file holds is a picture that can be
 * scaled, all of its pixels there, or a message. The input's first byte says how, the rest is the file. */
#include "io/data/picture.h"

#include <stdlib.h>
#include <string.h>

#define PIXELS_SCALED 4096 /* of larger ones scaling takes too long */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A byte that depends on all of them, so that the sanitizers see each. */
static unsigned look_at(const uint8_t *pixels, size_t bytes)
{
    unsigned any = 0;
    for (size_t i = 0; i < bytes; ++i)
        any = any * 31 + pixels[i];
    return any;
}

static void scale(const pnas_picture *picture, unsigned how)
{
    const size_t side = 1 + how % 16;
    uint8_t *out = malloc(side * side * (size_t)picture->channels);
    for (int fit = PNAS_RESIZE_SHORTER; fit <= PNAS_RESIZE_CROP; ++fit) {
        pnas_status status = pnas_picture_resize("a", picture, (pnas_picture_fit)fit, side, out);
        if (status == PNAS_OK && look_at(out, side * side * (size_t)picture->channels) == 1)
            free(malloc(1));
        if (status != PNAS_OK && (fit != PNAS_RESIZE_CROP || status != PNAS_ERROR_DATA))
            abort();
    }
    free(out);
    size_t bytes = picture->height * picture->width * (size_t)picture->channels;
    out = malloc(bytes);
    if (pnas_picture_zoom("a", picture, (1 + how % 8) / 8.0, out) == PNAS_OK && look_at(out, bytes) == 1)
        free(malloc(1));
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t wanted[2] = {5, 7};
    if (size < 2)
        return 0;
    unsigned how = data[0];
    const pnas_bytes bytes = {.data = (unsigned char *)data + 1, .size = size - 1};
    pnas_picture picture;
    int channels = how & 128 ? 1 : 3;
    pnas_status status = pnas_picture_decode("a", &bytes, channels, how & 64 ? wanted : NULL, &picture);
    if (status != PNAS_OK) {
        if (status != PNAS_ERROR_DATA || picture.pixels || !*pnas_message())
            abort();
        return 0;
    }
    if (picture.channels != channels || !picture.pixels ||
        (how & 64 && (picture.height != wanted[0] || picture.width != wanted[1])))
        abort();
    if (picture.height * picture.width <= PIXELS_SCALED)
        scale(&picture, how);
    pnas_picture_free(&picture);
    return 0;
}
