#include "cl/train/training_images.h"

#include <stdlib.h>
#include <string.h>

static void *copy_array(const void *from, size_t bytes)
{
    void *to = malloc(bytes ? bytes : 1);
    if (to && bytes)
        memcpy(to, from, bytes);
    return to;
}

/* --- images that the host has, as a source --- */

typedef struct {
    const uint8_t *images;
    size_t bytes; /* of one */
} images_in_memory;

static pnas_status copy_images(void *payload, const uint32_t *image, size_t count, uint8_t *out)
{
    const images_in_memory *from = payload;
    for (size_t i = 0; i < count; ++i)
        memcpy(out + i * from->bytes, from->images + image[i] * from->bytes, from->bytes);
    return PNAS_OK;
}

enum { BATCHES_A_WINDOW = 8 }; /* where the order wants none */

static pnas_status prepare_stream(pnas_cl *cl, const pnas_image_set *images, size_t batch,
                                  pnas_training_images *out)
{
    size_t bytes = (size_t)images->height * (size_t)images->width * (size_t)images->channels;
    size_t window = images->window ? images->window : batch * BATCHES_A_WINDOW;
    out->stream = (pnas_image_stream_options){images->source, bytes, window, batch};
    out->bytes = bytes * (batch + (cl->info.cpu ? 2 * window : 0));
    if (!images->images)
        return PNAS_OK;
    images_in_memory *from = malloc(sizeof *from);
    PNAS_CHECK(from, PNAS_ERROR_MEMORY, "no memory for a stream of images");
    *from = (images_in_memory){images->images, bytes};
    out->memory = from;
    out->stream.source = (pnas_image_source){from, copy_images};
    return PNAS_OK;
}

pnas_status pnas_training_images_stream(const pnas_training_images *images, pnas_cl *cl,
                                        pnas_image_stream **out)
{
    *out = NULL;
    return images->pixels ? PNAS_OK : pnas_image_stream_create(cl, &images->stream, out);
}

/* --- on the device --- */

static pnas_status upload_pixels(pnas_cl *cl, const pnas_image_set *images, pnas_training_images *out)
{
    size_t bytes = images->count * (size_t)images->height * (size_t)images->width * (size_t)images->channels;
    size_t sharers = images->sharers > 1 ? (size_t)images->sharers : 1;
    if (pnas_buffer_may_borrow(cl, images->images)) {
        out->bytes = (bytes + sharers - 1) / sharers;
        return pnas_buffer_borrow(cl, bytes, images->images, &out->pixels);
    }
    out->bytes = bytes;
    PNAS_TRY(pnas_buffer_create(cl, bytes, &out->pixels));
    return pnas_buffer_write(cl, out->pixels, 0, bytes, images->images);
}

/* Those that a CPU reads where they are take no more memory than they do already. */
static bool are_streamed(const pnas_cl *cl, const pnas_image_set *images, uint64_t memory)
{
    uint64_t bytes = (uint64_t)images->count * (uint64_t)images->height * (uint64_t)images->width *
                     (uint64_t)images->channels;
    if (!images->images || images->room > 0)
        return !images->images || bytes > images->room;
    return !pnas_buffer_may_borrow(cl, images->images) && bytes > memory / 2;
}

static pnas_status upload_figures(pnas_cl *cl, const pnas_image_set *images, pnas_training_images *out)
{
    float figures[2 * PNAS_IMAGE_CHANNELS_MAX];
    memcpy(figures, images->mean, (size_t)images->channels * sizeof *figures);
    memcpy(figures + images->channels, images->deviation, (size_t)images->channels * sizeof *figures);
    size_t bytes = 2 * (size_t)images->channels * sizeof *figures;
    PNAS_TRY(pnas_buffer_create(cl, bytes, &out->mean_deviation));
    return pnas_buffer_write(cl, out->mean_deviation, 0, bytes, figures);
}

pnas_status pnas_training_images_create(pnas_cl *cl, const pnas_image_set *images, size_t batch,
                                        uint64_t memory, pnas_training_images *out)
{
    *out = (pnas_training_images){0};
    PNAS_CHECK(images->train_count > 0, PNAS_ERROR_DATA, "the data set leaves no training images");
    PNAS_CHECK(images->count <= INT32_MAX, PNAS_ERROR_DATA,
               "the data set has %zu images; at most %d can be used", images->count, INT32_MAX);
    out->samples = (pnas_sample_set){
        .train_count = images->train_count,
        .validation_count = images->validation_count,
        .train = copy_array(images->train, images->train_count * sizeof(uint32_t)),
        .validation = copy_array(images->validation, images->validation_count * sizeof(uint32_t)),
        .labels = copy_array(images->labels, images->count * sizeof(uint16_t)),
        .height = images->height,
        .width = images->width,
        .window = images->window};
    PNAS_CHECK(out->samples.train && out->samples.validation && out->samples.labels, PNAS_ERROR_MEMORY,
               "no memory for the labels of %zu images", images->count);
    PNAS_TRY(are_streamed(cl, images, memory) ? prepare_stream(cl, images, batch, out)
                                              : upload_pixels(cl, images, out));
    return upload_figures(cl, images, out);
}

void pnas_training_images_release(pnas_training_images *images)
{
    pnas_buffer_release(&images->pixels);
    pnas_buffer_release(&images->mean_deviation);
    free(images->memory);
    images->memory = NULL;
    free(images->samples.train);
    free(images->samples.validation);
    free(images->samples.labels);
    images->samples = (pnas_sample_set){0};
}
