/* Private to cl: images that come to the device step by step, in the order of an epoch, because they do not lie there
 * whole. A thread reads the next window of them while the one before is used. Local. */
#ifndef PNAS_CL_IMAGE_STREAM_H
#define PNAS_CL_IMAGE_STREAM_H

#include "cl/runtime/buffer.h"
#include "src/net/image_set.h"

typedef struct {
    pnas_image_source source; /* what its payload points at is borrowed for the stream's life */
    size_t image_bytes;
    size_t window; /* images that are read at a time; there is room for two windows */
    size_t batch;  /* images that have a place on the device */
} pnas_image_stream_options;

typedef struct pnas_image_stream pnas_image_stream;

/* `cl` is borrowed for its life. *out is the caller's. */
pnas_status pnas_image_stream_create(pnas_cl *cl, const pnas_image_stream_options *options,
                                     pnas_image_stream **out);
void pnas_image_stream_destroy(pnas_image_stream **stream);

/* uint8 [batch, H, W, C] on the device, borrowed. */
cl_mem pnas_image_stream_pixels(const pnas_image_stream *stream);

/* From here on image i is order[i]; order [count] is copied. */
pnas_status pnas_image_stream_begin(pnas_image_stream *stream, const uint32_t *order, size_t count);

/* Enqueues that the images first ... first + count - 1 of the order, at most a batch, take the places from 0 on, behind
 * what the queue does already. Waits for those that are not read yet. What the source says, if it cannot read them. */
pnas_status pnas_image_stream_upload(pnas_image_stream *stream, size_t first, size_t count);

/* Seconds that uploads have waited for the source so far. */
double pnas_image_stream_waited(const pnas_image_stream *stream);

#endif
