#include "io/data/encoded_part.h"

#include "io/data/encoded_image.h"
#include "io/data/row_threads.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

uint64_t pnas_encoded_begin(const uint64_t *ends, size_t i)
{
    return i > 0 ? ends[i - 1] : 0;
}

pnas_status pnas_encoded_ends_check(const pnas_image_shape *shape, const uint64_t *ends, size_t count,
                                    uint64_t total)
{
    size_t most = pnas_encoded_image_most(shape);
    for (size_t i = 0; i < count; ++i) {
        uint64_t begin = pnas_encoded_begin(ends, i);
        PNAS_CHECK(ends[i] > begin && ends[i] <= total && ends[i] - begin <= most, PNAS_ERROR_DATA,
                   "image %zu: lies from byte %" PRIu64 " to %" PRIu64 " of %" PRIu64
                   "; 1 to %zu bytes are expected",
                   i, begin, ends[i], total, most);
    }
    PNAS_CHECK(pnas_encoded_begin(ends, count) == total, PNAS_ERROR_DATA,
               "the last image ends at byte %" PRIu64 " of %" PRIu64, pnas_encoded_begin(ends, count), total);
    return PNAS_OK;
}

/* --- encoding --- */

typedef struct {
    const pnas_image_shape *shape;
    const pnas_dataset_part *part;
    int quality;
    uint8_t **image; /* [count] */
} part_making;

static pnas_status make_image(void *payload, int thread, size_t row)
{
    part_making *work = payload;
    size_t size = 0;
    (void)thread;
    pnas_status status = pnas_encoded_image_make(
        work->shape, work->quality, work->part->images + row * pnas_image_shape_bytes(work->shape),
        &work->image[row], &size);
    work->part->ends[row] = size;
    return status == PNAS_OK ? PNAS_OK : pnas_fail_at(status, "image %zu", row);
}

/* Sizes become ends. */
static pnas_status join(const part_making *work, pnas_dataset_part *part)
{
    for (size_t i = 0; i < part->count; ++i)
        part->ends[i] += pnas_encoded_begin(part->ends, i);
    size_t total = pnas_encoded_begin(part->ends, part->count);
    part->encoded = malloc(total + 1);
    PNAS_CHECK(part->encoded, PNAS_ERROR_MEMORY, "no memory for %zu encoded images", part->count);
    for (size_t i = 0; i < part->count; ++i) {
        size_t begin = pnas_encoded_begin(part->ends, i);
        memcpy(part->encoded + begin, work->image[i], part->ends[i] - begin);
    }
    return PNAS_OK;
}

pnas_status pnas_encoded_part_make(const pnas_image_shape *shape, int quality, pnas_dataset_part *part)
{
    size_t count = part->count;
    part_making work = {shape, part, quality, calloc(count + 1, sizeof *work.image)};
    part->ends = calloc(count + 1, sizeof *part->ends);
    pnas_status status = work.image && part->ends
                             ? PNAS_OK
                             : pnas_fail(PNAS_ERROR_MEMORY, "no memory for %zu encoded images", count);
    if (status == PNAS_OK)
        status =
            pnas_rows_each(count, pnas_row_threads(count, pnas_image_shape_bytes(shape)), make_image, &work);
    if (status == PNAS_OK)
        status = join(&work, part);
    for (size_t i = 0; work.image && i < count; ++i)
        free(work.image[i]);
    free(work.image);
    return status;
}

/* --- decoding --- */

typedef struct { /* of a thread */
    uint8_t *pixels;
    pnas_dataset_sum sum;
} decoding_room;

typedef struct {
    const pnas_image_shape *shape;
    const pnas_dataset_part *part;
    uint8_t *out; /* NULL: each goes to its thread's room */
    bool measures;
    decoding_room room[PNAS_ROW_THREADS_MOST];
} part_decoding;

static pnas_status decode_image(void *payload, int thread, size_t row)
{
    part_decoding *work = payload;
    const pnas_dataset_part *part = work->part;
    uint64_t begin = pnas_encoded_begin(part->ends, row);
    uint8_t *to =
        work->out ? work->out + row * pnas_image_shape_bytes(work->shape) : work->room[thread].pixels;
    pnas_status status =
        pnas_encoded_image_decode(part->encoded + begin, part->ends[row] - begin, work->shape, to);
    if (status != PNAS_OK)
        return pnas_fail_at(status, "image %zu", row);
    if (work->measures)
        pnas_dataset_sum_measure(&work->room[thread].sum, work->shape->channels, to,
                                 pnas_image_shape_bytes(work->shape));
    return PNAS_OK;
}

static pnas_status decode_all(part_decoding *work)
{
    size_t count = work->part->count, size = pnas_image_shape_bytes(work->shape);
    int threads = pnas_row_threads(count, size);
    uint8_t *pixels = work->out ? NULL : malloc((size_t)threads * size);
    PNAS_CHECK(work->out || pixels, PNAS_ERROR_MEMORY, "no memory for decoding %d images at a time", threads);
    for (int i = 0; i < threads && pixels; ++i)
        work->room[i].pixels = pixels + (size_t)i * size;
    pnas_status status = pnas_rows_each(count, threads, decode_image, work);
    free(pixels);
    return status;
}

pnas_status pnas_encoded_part_decode(const pnas_image_shape *shape, const pnas_dataset_part *part,
                                     uint8_t *out)
{
    part_decoding work = {.shape = shape, .part = part, .out = out};
    return decode_all(&work);
}

pnas_status pnas_encoded_part_measure(const pnas_image_shape *shape, const pnas_dataset_part *part,
                                      pnas_dataset_sum *sum)
{
    part_decoding work = {.shape = shape, .part = part, .measures = true};
    PNAS_TRY(decode_all(&work));
    for (int i = 0; i < PNAS_ROW_THREADS_MOST; ++i)
        for (int c = 0; c < shape->channels; ++c) {
            sum->sum[c] += work.room[i].sum.sum[c];
            sum->squares[c] += work.room[i].sum.squares[c];
        }
    return PNAS_OK;
}
