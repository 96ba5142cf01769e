#include "io/data/picture.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The side of a picture, as it is seen in the result: all of it scaled to `scaled` pixels, of which the result shows
 * those from `offset` on. */
typedef struct {
    size_t size;
    double scaled, offset;
} side_view;

/* Which pixels of a side make each of the result's, and how much of each. */
typedef struct {
    size_t most; /* pixels that make one */
    size_t *first, *count;
    float *weight; /* [side][most] */
} side_taps;

static side_view view_of(size_t size, size_t shorter, pnas_picture_fit fit, size_t side)
{
    if (fit == PNAS_RESIZE_STRETCH)
        return (side_view){size, (double)side, 0};
    size_t scaled = fit == PNAS_RESIZE_CROP ? size : (size * side + shorter / 2) / shorter;
    size_t offset = (scaled - side) / 2; /* whole pixels */
    return (side_view){size, (double)scaled, (double)offset};
}

static void free_taps(side_taps *taps)
{
    free(taps->first);
    free(taps->count);
    free(taps->weight);
}

/* A triangle as wide as two pixels of the result, or of the picture where that is larger. */
static void make_tap(const side_view *view, size_t out, side_taps *taps, size_t i)
{
    double scale = (double)view->size / view->scaled, reach = fmax(scale, 1);
    double middle = (view->offset + (double)out + 0.5) * scale, sum = 0;
    double low = floor(middle - reach + 0.5), high = floor(middle + reach + 0.5);
    size_t first = low > 0 ? (size_t)low : 0;
    size_t end = high < (double)view->size ? (size_t)high : view->size;
    float *weight = taps->weight + i * taps->most;
    taps->first[i] = first;
    taps->count[i] = end - first;
    for (size_t k = first; k < end; k++)
        sum += fmax(1 - fabs((double)k + 0.5 - middle) / reach, 0);
    for (size_t k = first; k < end; k++)
        weight[k - first] = (float)(fmax(1 - fabs((double)k + 0.5 - middle) / reach, 0) / sum);
}

static bool make_taps(const side_view *view, size_t side, side_taps *taps)
{
    double scale = (double)view->size / view->scaled;
    taps->most = 2 * (size_t)ceil(fmax(scale, 1)) + 2;
    taps->first = calloc(side, sizeof *taps->first);
    taps->count = calloc(side, sizeof *taps->count);
    taps->weight = calloc(side * taps->most, sizeof *taps->weight);
    if (!taps->first || !taps->count || !taps->weight)
        return false;
    for (size_t i = 0; i < side; i++)
        make_tap(view, i, taps, i);
    return true;
}

/* One row of the picture, made as wide as the result. */
static void scale_row(const uint8_t *row, const side_taps *across, size_t width, size_t channels, float *out)
{
    for (size_t x = 0; x < width; x++) {
        const float *weight = across->weight + x * across->most;
        const uint8_t *from = row + across->first[x] * channels;
        for (size_t c = 0; c < channels; c++) {
            float sum = 0;
            for (size_t k = 0; k < across->count[x]; k++)
                sum += weight[k] * (float)from[k * channels + c];
            *out++ = sum;
        }
    }
}

/* What join_rows needs of the picture is made row by row: of a picture that is far higher than the result, all rows
 * would take far more memory than its pixels. Of the rows made last, y stands in place y % most. */
typedef struct {
    const pnas_picture *picture;
    const side_taps *across, *down;
    size_t width; /* of the result */
    size_t made;  /* rows before this one are made, or not needed */
    float *row;   /* [most][width * channels] */
} row_ring;

static float *row_of(const row_ring *ring, size_t y)
{
    return ring->row + y % ring->down->most * ring->width * (size_t)ring->picture->channels;
}

static void make_rows(row_ring *ring, size_t first, size_t end)
{
    const pnas_picture *picture = ring->picture;
    size_t channels = (size_t)picture->channels;
    for (ring->made = ring->made > first ? ring->made : first; ring->made < end; ring->made++)
        scale_row(picture->pixels + ring->made * picture->width * channels, ring->across, ring->width,
                  channels, row_of(ring, ring->made));
}

static void join_rows(row_ring *ring, size_t height, uint8_t *out)
{
    const side_taps *down = ring->down;
    size_t values = ring->width * (size_t)ring->picture->channels;
    for (size_t y = 0; y < height; y++) {
        const float *weight = down->weight + y * down->most;
        make_rows(ring, down->first[y], down->first[y] + down->count[y]);
        for (size_t x = 0; x < values; x++) {
            float sum = 0;
            for (size_t k = 0; k < down->count[y]; k++)
                sum += weight[k] * row_of(ring, down->first[y] + k)[x];
            *out++ = (uint8_t)fminf(fmaxf(floorf(sum + 0.5f), 0), 255);
        }
    }
}

static pnas_status scale(const char *path, const pnas_picture *picture, const side_view *down,
                         const side_view *across, size_t height, size_t width, uint8_t *out)
{
    side_taps taps_down = {0}, taps_across = {0};
    row_ring ring = {.picture = picture, .across = &taps_across, .down = &taps_down, .width = width};
    bool room = make_taps(down, height, &taps_down) && make_taps(across, width, &taps_across);
    if (room)
        ring.row = calloc(taps_down.most * width * (size_t)picture->channels, sizeof *ring.row);
    room = room && ring.row;
    if (room)
        join_rows(&ring, height, out);
    free_taps(&taps_down);
    free_taps(&taps_across);
    free(ring.row);
    PNAS_CHECK(room, PNAS_ERROR_MEMORY, "%s: no memory to scale %zu x %zu pixels", path, picture->height,
               picture->width);
    return PNAS_OK;
}

static void copy_middle(const pnas_picture *picture, size_t top, size_t left, size_t side, uint8_t *out)
{
    size_t channels = (size_t)picture->channels;
    for (size_t y = 0; y < side; y++)
        memcpy(out + y * side * channels, picture->pixels + ((top + y) * picture->width + left) * channels,
               side * channels);
}

pnas_status pnas_picture_resize(const char *path, const pnas_picture *picture, pnas_picture_fit fit,
                                size_t side, uint8_t *out)
{
    size_t shorter = picture->height < picture->width ? picture->height : picture->width;
    assert(side > 0 && shorter > 0);
    PNAS_CHECK(fit != PNAS_RESIZE_CROP || shorter >= side, PNAS_ERROR_DATA,
               "%s: is %zu pixels high and %zu wide, too small to cut %zu x %zu out of it", path,
               picture->height, picture->width, side, side);
    side_view down = view_of(picture->height, shorter, fit, side);
    side_view across = view_of(picture->width, shorter, fit, side);
    if (down.scaled == (double)down.size && across.scaled == (double)across.size) {
        copy_middle(picture, (size_t)down.offset, (size_t)across.offset, side, out);
        return PNAS_OK;
    }
    return scale(path, picture, &down, &across, side, side, out);
}

pnas_status pnas_picture_zoom(const char *path, const pnas_picture *picture, double share, uint8_t *out)
{
    double high = (double)picture->height / share, wide = (double)picture->width / share;
    side_view down = {picture->height, high, (high - (double)picture->height) / 2};
    side_view across = {picture->width, wide, (wide - (double)picture->width) / 2};
    return scale(path, picture, &down, &across, picture->height, picture->width, out);
}
