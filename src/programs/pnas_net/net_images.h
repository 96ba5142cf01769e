/* Where a network's images come from, image by image. Local. */
#ifndef PNAS_NET_IMAGES_H
#define PNAS_NET_IMAGES_H

#include "io/data/dataset.h"
#include "src/net/image_set.h"

typedef struct {           /* a plain value */
    const char *name;      /* of what they are, for messages */
    const uint8_t *pixels; /* [n, height, width, channels], borrowed; NULL: they are read from */
    pnas_image_source file;
    int height, width, channels;
    double share; /* of both sides of an image, whose middle is looked at, scaled to its size; 1: all of it */
} pnas_net_images;

/* Of a part of a data set, which is borrowed. */
pnas_net_images pnas_net_images_of(const pnas_dataset *dataset, const pnas_dataset_part *part, double share);

/* Borrows the images. All cores scale. */
pnas_image_source pnas_net_images_source(const pnas_net_images *images);

#endif
