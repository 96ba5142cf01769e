/* A small set of images that a child can learn: the class is the place of a bright patch, over noise. */
#ifndef PNAS_TESTS_CL_TINY_IMAGES_H
#define PNAS_TESTS_CL_TINY_IMAGES_H

#include "src/base/random.h"
#include "src/net/image_set.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    pnas_image_set set;
    uint8_t *images;
    uint16_t *labels;
    uint32_t *order;
} tiny_images;

/* `train` + `validation` images of size x size x channels in four classes; the first `train` are for
 * training. */
static inline tiny_images tiny_images_make(int size, int channels, size_t train, size_t validation)
{
    size_t count = train + validation, pixels = (size_t)size * (size_t)size * (size_t)channels;
    tiny_images tiny = {.images = malloc(count * pixels),
                        .labels = malloc(count * sizeof *tiny.labels),
                        .order = malloc(count * sizeof *tiny.order)};
    cr_assert(tiny.images && tiny.labels && tiny.order);
    pnas_stream stream = pnas_stream_make(7, PNAS_STREAM_TEST, 1, 0);
    for (size_t i = 0; i < count; ++i) {
        tiny.order[i] = (uint32_t)i;
        tiny.labels[i] = (uint16_t)(i % 4);
        int top = tiny.labels[i] / 2 * (size / 2), left = tiny.labels[i] % 2 * (size / 2);
        for (int h = 0; h < size; ++h)
            for (int w = 0; w < size; ++w)
                for (int c = 0; c < channels; ++c) {
                    int bright = h >= top && h < top + size / 2 && w >= left && w < left + size / 2;
                    tiny.images[i * pixels + (size_t)((h * size + w) * channels + c)] =
                        (uint8_t)(pnas_stream_below(&stream, 120) + (bright ? 80u : 0u));
                }
    }
    tiny.set = (pnas_image_set){.height = size,
                                .width = size,
                                .channels = channels,
                                .classes = 4,
                                .count = count,
                                .images = tiny.images,
                                .labels = tiny.labels,
                                .train_count = train,
                                .validation_count = validation,
                                .train = tiny.order,
                                .validation = tiny.order + train};
    for (int c = 0; c < channels; ++c) {
        tiny.set.mean[c] = 0.3f;
        tiny.set.deviation[c] = 0.2f;
    }
    return tiny;
}

static inline void tiny_images_free(tiny_images *tiny)
{
    free(tiny->images);
    free(tiny->labels);
    free(tiny->order);
    memset(tiny, 0, sizeof *tiny);
}

#endif
