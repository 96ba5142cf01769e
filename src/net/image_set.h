/* Images and labels in host memory, as training reads them. Made by io, read by cl.
 *
 * Images are uint8 [n, H, W, C] row-major; a pixel x of channel c becomes (x / 255 - mean[c]) / deviation[c].
 * Training and validation are index lists into `images`; every child of a run shares them. */
#ifndef PNAS_NET_IMAGE_SET_H
#define PNAS_NET_IMAGE_SET_H

#include "src/base/status.h"

#include <stddef.h>
#include <stdint.h>

#define PNAS_IMAGE_CHANNELS_MAX 16

typedef struct { /* where images come from that are not in memory; any thread may read */
    void *payload;
    /* out [count, H, W, C]: the images of these numbers, in this order. */
    pnas_status (*read)(void *payload, const uint32_t *image, size_t count, uint8_t *out);
} pnas_image_source;

typedef struct {
    int height, width, channels, classes;
    size_t count;
    const uint8_t *images; /* [count, H, W, C], borrowed; NULL: only `source` has them */
    pnas_image_source source;
    size_t window; /* an epoch shuffles what is near in the file, within so many images; 0: all of them */
    uint64_t room; /* bytes of a device that images may take, else they are streamed to it; 0: half of it */
    int sharers;   /* processes of this machine that have them in common; 0 or 1: this one alone */
    const uint16_t *labels; /* [count], 0 .. classes-1, borrowed */
    float mean[PNAS_IMAGE_CHANNELS_MAX], deviation[PNAS_IMAGE_CHANNELS_MAX];
    size_t train_count, validation_count;
    const uint32_t *train;      /* [train_count] indices, borrowed */
    const uint32_t *validation; /* [validation_count] indices, borrowed; disjoint from train */
} pnas_image_set;

#endif
