#include "cl/train/image_order.h"

#include <stdlib.h>
#include <string.h>

enum { RUNS_A_WINDOW = 16 };

/* The last run may be shorter, wherever it comes. */
static void lay_out_runs(const uint32_t *run, size_t runs, size_t length, const uint32_t *from, size_t count,
                         uint32_t *image)
{
    for (size_t i = 0; i < runs; ++i) {
        size_t begin = run[i] * length, left = count - begin, taken = left < length ? left : length;
        memcpy(image, from + begin, taken * sizeof *image);
        image += taken;
    }
}

static pnas_status shuffle_runs(pnas_stream *stream, uint32_t *image, size_t count, size_t length)
{
    size_t runs = (count + length - 1) / length;
    uint32_t *run = malloc(runs * sizeof *run), *from = malloc(count * sizeof *from);
    pnas_status status = PNAS_OK;
    PNAS_CHECK_CLEANUP(run && from, PNAS_ERROR_MEMORY, "no memory for the order of %zu images", count);
    for (size_t i = 0; i < runs; ++i)
        run[i] = (uint32_t)i;
    pnas_stream_shuffle(stream, run, runs);
    memcpy(from, image, count * sizeof *from);
    lay_out_runs(run, runs, length, from, count, image);
cleanup:
    free(run);
    free(from);
    return status;
}

pnas_status pnas_image_order(pnas_stream *stream, uint32_t *image, size_t count, size_t window)
{
    if (window == 0 || window >= count) {
        pnas_stream_shuffle(stream, image, count);
        return PNAS_OK;
    }
    PNAS_TRY(shuffle_runs(stream, image, count, window > RUNS_A_WINDOW ? window / RUNS_A_WINDOW : 1));
    for (size_t begin = 0; begin < count; begin += window)
        pnas_stream_shuffle(stream, image + begin, count - begin < window ? count - begin : window);
    return PNAS_OK;
}
