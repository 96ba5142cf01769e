/* Where a network's images come from, image by image. Local. */
#ifndef PNAS_NET_IMAGES_H
#define PNAS_NET_IMAGES_H

#include "src/net/image_set.h"

typedef struct {           /* images in memory; a plain value */
    const char *name;      /* of what they are, for messages */
    const uint8_t *pixels; /* [n, height, width, channels], borrowed */
    int height, width, channels;
    double share; /* of both sides of an image, whose middle is looked at, scaled to its size; 1: all of it */
} pnas_net_images;

/* Borrows the images. All cores scale. */
pnas_image_source pnas_net_images_source(const pnas_net_images *images);

#endif
