#include "io/data/pictures_read.h"

#include "io/data/encoded_image.h"
#include "io/data/row_threads.h"
#include "src/base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PICTURE_WORK (1024 * 1024) /* a picture is worth a thread, however small its image is */

typedef struct {
    pnas_pictures_batch *batch;
    size_t image_size;
    double end;
    atomic_bool *done; /* [count] */
} pictures_work;

static double claim(const unsigned char *first, size_t size)
{
    return pnas_picture_is(first, size) ? PNAS_PICTURE_BYTES_MAX : 0;
}

static pnas_status read_picture(const pnas_picture_entry *file, int channels, pnas_picture *out)
{
    pnas_bytes bytes;
    *out = (pnas_picture){0};
    PNAS_CHECK(!file->refused, PNAS_ERROR_DATA, "%s: %s", file->path, file->refused);
    PNAS_TRY(pnas_bytes_read(file->path, "a PNG or JPEG", claim, &bytes));
    pnas_status status = pnas_picture_decode(file->path, &bytes, channels, NULL, out);
    pnas_bytes_free(&bytes);
    return status;
}

static pnas_status read_image(const pnas_picture_entry *file, const pnas_pictures_wish *wish,
                              const size_t size[2], uint8_t *to, unsigned *changes)
{
    pnas_picture picture;
    PNAS_TRY(read_picture(file, wish->channels, &picture));
    *changes = picture.changes;
    pnas_status status = PNAS_OK;
    if (wish->side > 0)
        status = pnas_picture_resize(file->path, &picture, wish->fit, wish->side, to);
    else if (picture.height == size[0] && picture.width == size[1])
        memcpy(to, picture.pixels, size[0] * size[1] * (size_t)wish->channels);
    else
        status =
            pnas_fail(PNAS_ERROR_DATA,
                      "%s: is %zu pixels high and %zu wide, others are %zu and %zu; --size N makes all alike",
                      file->path, picture.height, picture.width, size[0], size[1]);
    pnas_picture_free(&picture);
    return status;
}

/* --- a batch --- */

/* The row becomes what the encoded image is seen as. */
static pnas_status encode_row(const pnas_pictures_batch *batch, uint8_t *row, pnas_picture_outcome *outcome)
{
    const pnas_image_shape shape = {(int)batch->height, (int)batch->width, batch->wish->channels};
    PNAS_TRY(pnas_encoded_image_make(&shape, batch->wish->quality, row, &outcome->encoded,
                                     &outcome->encoded_size));
    return pnas_encoded_image_decode(outcome->encoded, outcome->encoded_size, &shape, row);
}

static pnas_status read_row(void *payload, int thread, size_t i)
{
    pictures_work *work = payload;
    pnas_pictures_batch *batch = work->batch;
    pnas_picture_outcome *outcome = &batch->outcome[i];
    const size_t size[] = {batch->height, batch->width};
    (void)thread;
    if (i > 0 && pnas_clock_seconds() >= work->end)
        return PNAS_OK;
    uint8_t *row = batch->rows + i * work->image_size;
    outcome->status = read_image(batch->file[i], batch->wish, size, row, &outcome->changes);
    if (outcome->status == PNAS_OK && batch->wish->quality > 0)
        PNAS_TRY(encode_row(batch, row, outcome));
    PNAS_CHECK(outcome->status != PNAS_ERROR_MEMORY, PNAS_ERROR_MEMORY, "%s", pnas_message());
    if (outcome->status != PNAS_OK)
        outcome->error = strdup(pnas_message());
    PNAS_CHECK(outcome->status == PNAS_OK || outcome->error, PNAS_ERROR_MEMORY,
               "%s: no memory for what is wrong with it", batch->file[i]->path);
    atomic_store(&work->done[i], true);
    return PNAS_OK;
}

void pnas_picture_outcome_free(pnas_picture_outcome *outcome)
{
    free(outcome->error);
    free(outcome->encoded);
    *outcome = (pnas_picture_outcome){0};
}

pnas_status pnas_pictures_read(pnas_pictures_batch *batch)
{
    pictures_work work = {.batch = batch,
                          .image_size = batch->height * batch->width * (size_t)batch->wish->channels,
                          .end = pnas_clock_seconds() + batch->seconds,
                          .done = calloc(batch->count, sizeof *work.done)};
    PNAS_CHECK(work.done, PNAS_ERROR_MEMORY, "no memory for %zu pictures", batch->count);
    memset(batch->outcome, 0, batch->count * sizeof *batch->outcome);
    pnas_status status =
        pnas_rows_each(batch->count, pnas_row_threads(batch->count, PICTURE_WORK), read_row, &work);
    batch->done = 0;
    while (status == PNAS_OK && batch->done < batch->count && atomic_load(&work.done[batch->done]))
        batch->done++;
    for (size_t i = batch->done; i < batch->count; i++)
        pnas_picture_outcome_free(&batch->outcome[i]);
    free(work.done);
    return status;
}

/* --- one --- */

pnas_status pnas_pictures_look(const pnas_picture_entry *file, const pnas_pictures_wish *wish, size_t height,
                               size_t width)
{
    unsigned changes;
    const size_t size[] = {height, width};
    uint8_t *row = malloc(height * width * (size_t)wish->channels);
    PNAS_CHECK(row, PNAS_ERROR_MEMORY, "no memory for an image of %zu x %zu", height, width);
    pnas_status status = read_image(file, wish, size, row, &changes);
    free(row);
    return status;
}

pnas_status pnas_pictures_size(const pnas_picture_list *list, const pnas_pictures_wish *wish, size_t *height,
                               size_t *width)
{
    pnas_status status = PNAS_ERROR_DATA;
    char first[600] = "";
    *height = *width = wish->side;
    if (wish->side > 0)
        return PNAS_OK;
    for (size_t i = 0; i < list->files && status == PNAS_ERROR_DATA; i++) {
        pnas_picture picture;
        status = read_picture(&list->file[i], wish->channels, &picture);
        *height = picture.height;
        *width = picture.width;
        pnas_picture_free(&picture);
        if (i == 0 && status != PNAS_OK)
            snprintf(first, sizeof first, "%s", pnas_message());
    }
    PNAS_CHECK(status != PNAS_ERROR_DATA, status, "%s: none of its %zu pictures can be read, the first: %s%s",
               list->root, list->files, first, list->once ? " (--root says where relative paths begin)" : "");
    return status;
}
