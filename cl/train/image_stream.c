#include "cl/train/image_stream.h"

#include "cl/runtime/cl_error.h"
#include "cl/runtime/event_wait.h"
#include "src/base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    size_t window; /* the one that it holds */
    bool full;
    uint8_t *pixels;
    cl_event upload; /* the last one from here, or NULL */
} stream_half;

struct pnas_image_stream {
    pnas_cl *cl;
    pnas_image_stream_options options;
    cl_mem pixels;
    double waited;
    pthread_t reader;
    bool has_reader;
    /* Under `lock`; `changed` tells of any change. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t *order; /* [count]; the reader uses it while `reading` */
    size_t count, wanted;
    stream_half half[2]; /* that of a window: its number modulo 2 */
    bool reading, ends;
    pnas_status failure;
    char message[PNAS_MESSAGE_MAX];
};

/* --- the reader --- */

static stream_half *half_of(pnas_image_stream *stream, size_t window)
{
    return &stream->half[window % 2];
}

static bool holds(pnas_image_stream *stream, size_t window)
{
    const stream_half *half = half_of(stream, window);
    return half->full && half->window == window;
}

/* The window that is used, then the one behind it. */
static bool choose_window(pnas_image_stream *stream, size_t *out)
{
    size_t windows = (stream->count + stream->options.window - 1) / stream->options.window;
    for (*out = stream->wanted; *out < windows && *out <= stream->wanted + 1; ++*out)
        if (!holds(stream, *out))
            return stream->failure == PNAS_OK;
    return false;
}

static pnas_status await_upload(const pnas_image_stream *stream, cl_event *upload)
{
    if (!*upload)
        return PNAS_OK;
    pnas_status status = pnas_event_wait(stream->cl, *upload);
    clReleaseEvent(*upload);
    *upload = NULL;
    return status;
}

/* Without the lock: the half is the reader's while it is not full. */
static pnas_status read_window(const pnas_image_stream *stream, stream_half *half, size_t window)
{
    size_t first = window * stream->options.window, left = stream->count - first;
    PNAS_TRY(await_upload(stream, &half->upload));
    const pnas_image_source *source = &stream->options.source;
    return source->read(source->payload, stream->order + first,
                        left < stream->options.window ? left : stream->options.window, half->pixels);
}

static void *read_windows(void *payload)
{
    pnas_image_stream *stream = payload;
    size_t window;
    pthread_mutex_lock(&stream->lock);
    while (!stream->ends) {
        if (!choose_window(stream, &window)) {
            pthread_cond_wait(&stream->changed, &stream->lock);
            continue;
        }
        stream_half *half = half_of(stream, window);
        half->full = false;
        stream->reading = true;
        pthread_mutex_unlock(&stream->lock);
        pnas_status status = read_window(stream, half, window);
        pthread_mutex_lock(&stream->lock);
        stream->reading = false;
        half->window = window;
        half->full = status == PNAS_OK;
        stream->failure = status;
        if (status != PNAS_OK)
            snprintf(stream->message, sizeof stream->message, "%s", pnas_message());
        pthread_cond_broadcast(&stream->changed);
    }
    pthread_mutex_unlock(&stream->lock);
    return NULL;
}

/* --- life --- */

static pnas_status start_reader(pnas_image_stream *stream)
{
    if (!stream->has_reader)
        stream->has_reader = pthread_create(&stream->reader, NULL, read_windows, stream) == 0;
    PNAS_CHECK(stream->has_reader, PNAS_ERROR_MEMORY, "no thread can be started that reads images");
    return PNAS_OK;
}

static pnas_status make_room(pnas_image_stream *stream)
{
    const pnas_image_stream_options *options = &stream->options;
    for (int i = 0; i < 2; ++i) {
        stream->half[i].pixels = malloc(options->window * options->image_bytes);
        PNAS_CHECK(stream->half[i].pixels, PNAS_ERROR_MEMORY, "no memory for two windows of %zu images",
                   options->window);
    }
    return pnas_buffer_create(stream->cl, options->batch * options->image_bytes, &stream->pixels);
}

pnas_status pnas_image_stream_create(pnas_cl *cl, const pnas_image_stream_options *options,
                                     pnas_image_stream **out)
{
    pnas_image_stream *stream = calloc(1, sizeof *stream);
    *out = stream;
    PNAS_CHECK(stream, PNAS_ERROR_MEMORY, "no memory for a stream of images");
    stream->cl = cl;
    stream->options = *options;
    pthread_mutex_init(&stream->lock, NULL);
    pthread_cond_init(&stream->changed, NULL);
    pnas_status status = make_room(stream);
    if (status != PNAS_OK)
        pnas_image_stream_destroy(out);
    return status;
}

static void end_reader(pnas_image_stream *stream)
{
    if (!stream->has_reader)
        return;
    pthread_mutex_lock(&stream->lock);
    stream->ends = true;
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->lock);
    pthread_join(stream->reader, NULL);
}

void pnas_image_stream_destroy(pnas_image_stream **pointer)
{
    pnas_image_stream *stream = *pointer;
    if (!stream)
        return;
    end_reader(stream);
    for (int i = 0; i < 2; ++i) {
        await_upload(stream, &stream->half[i].upload);
        free(stream->half[i].pixels);
    }
    pnas_buffer_release(&stream->pixels);
    pthread_mutex_destroy(&stream->lock);
    pthread_cond_destroy(&stream->changed);
    free(stream->order);
    free(stream);
    *pointer = NULL;
}

cl_mem pnas_image_stream_pixels(const pnas_image_stream *stream)
{
    return stream->pixels;
}

double pnas_image_stream_waited(const pnas_image_stream *stream)
{
    return stream->waited;
}

/* --- use --- */

pnas_status pnas_image_stream_begin(pnas_image_stream *stream, const uint32_t *order, size_t count)
{
    uint32_t *copy = malloc((count ? count : 1) * sizeof *copy);
    PNAS_CHECK(copy, PNAS_ERROR_MEMORY, "no memory for the order of %zu images", count);
    memcpy(copy, order, count * sizeof *copy);
    pthread_mutex_lock(&stream->lock);
    stream->count = 0; /* it begins no other window */
    while (stream->reading)
        pthread_cond_wait(&stream->changed, &stream->lock);
    free(stream->order);
    stream->order = copy;
    stream->wanted = 0;
    stream->failure = PNAS_OK;
    stream->half[0].full = stream->half[1].full = false;
    stream->count = count;
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->lock);
    return start_reader(stream);
}

static pnas_status await_window(pnas_image_stream *stream, size_t window)
{
    pthread_mutex_lock(&stream->lock);
    if (stream->wanted != window || !holds(stream, window)) {
        double begun = pnas_clock_seconds();
        stream->wanted = window;
        pthread_cond_broadcast(&stream->changed);
        while (!holds(stream, window) && stream->failure == PNAS_OK)
            pthread_cond_wait(&stream->changed, &stream->lock);
        stream->waited += pnas_clock_seconds() - begun;
    }
    pnas_status status = holds(stream, window) ? PNAS_OK : pnas_fail(stream->failure, "%s", stream->message);
    pthread_mutex_unlock(&stream->lock);
    return status;
}

/* The device reads the half until the event; only then is it read over. */
static pnas_status enqueue(pnas_image_stream *stream, size_t from, size_t to, size_t count)
{
    size_t bytes = stream->options.image_bytes, window = stream->options.window;
    stream_half *half = half_of(stream, from / window);
    cl_event event = NULL;
    PNAS_TRY(pnas_cl_status(clEnqueueWriteBuffer(stream->cl->queue, stream->pixels, CL_FALSE, to * bytes,
                                                 count * bytes, half->pixels + from % window * bytes, 0, NULL,
                                                 &event),
                            "clEnqueueWriteBuffer"));
    if (half->upload)
        clReleaseEvent(half->upload);
    half->upload = event;
    return pnas_cl_status(clFlush(stream->cl->queue), "clFlush");
}

pnas_status pnas_image_stream_upload(pnas_image_stream *stream, size_t first, size_t count)
{
    size_t window = stream->options.window;
    for (size_t at = first, end = first + count; at < end;) {
        size_t left = window - at % window, taken = end - at < left ? end - at : left;
        PNAS_TRY(await_window(stream, at / window));
        PNAS_TRY(enqueue(stream, at, at - first, taken));
        at += taken;
    }
    return PNAS_OK;
}
