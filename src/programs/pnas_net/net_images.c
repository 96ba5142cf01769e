#include "src/programs/pnas_net/net_images.h"

#include "io/data/picture.h"
#include "io/data/row_threads.h"

#include <string.h>

typedef struct { /* of one call */
    const pnas_net_images *images;
    const uint32_t *image;
    size_t bytes;
    uint8_t *out;
} reading;

static size_t image_bytes(const pnas_net_images *images)
{
    return (size_t)images->height * (size_t)images->width * (size_t)images->channels;
}

static pnas_status zoom(void *payload, int thread, size_t row)
{
    const reading *work = payload;
    const pnas_net_images *images = work->images;
    const pnas_picture picture = {.height = (size_t)images->height,
                                  .width = (size_t)images->width,
                                  .channels = images->channels,
                                  .pixels = (uint8_t *)images->pixels + work->image[row] * work->bytes};
    (void)thread;
    return pnas_picture_zoom(images->name, &picture, images->share, work->out + row * work->bytes);
}

static pnas_status read_images(void *payload, const uint32_t *image, size_t count, uint8_t *out)
{
    reading work = {.images = payload, .image = image, .out = out};
    work.bytes = image_bytes(work.images);
    if (work.images->share < 1)
        return pnas_rows_each(count, pnas_row_threads(count, work.bytes), zoom, &work);
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * work.bytes, work.images->pixels + image[i] * work.bytes, work.bytes);
    return PNAS_OK;
}

pnas_image_source pnas_net_images_source(const pnas_net_images *images)
{
    return (pnas_image_source){.payload = (void *)images, .read = read_images};
}
