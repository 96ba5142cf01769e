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

static pnas_status upload(pnas_cl *cl, const pnas_image_set *images, pnas_training_images *out)
{
    PNAS_TRY(upload_pixels(cl, images, out));
    float figures[2 * PNAS_IMAGE_CHANNELS_MAX];
    memcpy(figures, images->mean, (size_t)images->channels * sizeof *figures);
    memcpy(figures + images->channels, images->deviation, (size_t)images->channels * sizeof *figures);
    size_t bytes = 2 * (size_t)images->channels * sizeof *figures;
    PNAS_TRY(pnas_buffer_create(cl, bytes, &out->mean_deviation));
    return pnas_buffer_write(cl, out->mean_deviation, 0, bytes, figures);
}

pnas_status pnas_training_images_create(pnas_cl *cl, const pnas_image_set *images, pnas_training_images *out)
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
        .width = images->width};
    PNAS_CHECK(out->samples.train && out->samples.validation && out->samples.labels, PNAS_ERROR_MEMORY,
               "no memory for the labels of %zu images", images->count);
    return upload(cl, images, out);
}

void pnas_training_images_release(pnas_training_images *images)
{
    pnas_buffer_release(&images->pixels);
    pnas_buffer_release(&images->mean_deviation);
    free(images->samples.train);
    free(images->samples.validation);
    free(images->samples.labels);
    images->samples = (pnas_sample_set){0};
}
