#include "src/programs/pnas_net/net_images.h"

#include "io/data/image_reader.h"
#include "io/data/picture.h"
#include "io/data/row_threads.h"

#include <stdlib.h>
#include <string.h>

typedef struct { /* of one call */
    const pnas_net_images *images;
    size_t bytes; /* of an image */
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
    uint8_t *at = work->out + row * work->bytes, *whole = malloc(work->bytes);
    (void)thread;
    PNAS_CHECK(whole, PNAS_ERROR_MEMORY, "no memory for an image");
    memcpy(whole, at, work->bytes);
    const pnas_picture picture = {.height = (size_t)images->height,
                                  .width = (size_t)images->width,
                                  .channels = images->channels,
                                  .pixels = whole};
    pnas_status status = pnas_picture_zoom(images->name, &picture, images->share, at);
    free(whole);
    return status;
}

static pnas_status read_images(void *payload, const uint32_t *image, size_t count, uint8_t *out)
{
    const pnas_net_images *images = payload;
    reading work = {images, image_bytes(images), out};
    if (!images->pixels)
        PNAS_TRY(images->file.read(images->file.payload, image, count, out));
    for (size_t i = 0; images->pixels && i < count; i++)
        memcpy(out + i * work.bytes, images->pixels + image[i] * work.bytes, work.bytes);
    return images->share < 1 ? pnas_rows_each(count, pnas_row_threads(count, work.bytes), zoom, &work)
                             : PNAS_OK;
}

pnas_net_images pnas_net_images_of(const pnas_dataset *dataset, const pnas_dataset_part *part, double share)
{
    pnas_net_images images = {.name = dataset->name,
                              .pixels = part->images,
                              .height = dataset->height,
                              .width = dataset->width,
                              .channels = dataset->channels,
                              .share = share};
    if (part->reader)
        images.file = pnas_image_reader_source(part->reader);
    return images;
}

pnas_image_source pnas_net_images_source(const pnas_net_images *images)
{
    return (pnas_image_source){.payload = (void *)images, .read = read_images};
}
