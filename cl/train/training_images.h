/* Private to cl: the images of a data set on the device, with what the host needs of them. Local. */
#ifndef PNAS_CL_TRAINING_IMAGES_H
#define PNAS_CL_TRAINING_IMAGES_H

#include "cl/train/child_epoch.h"
#include "cl/train/image_stream.h"
#include "src/net/image_set.h"

typedef struct {
    pnas_sample_set samples; /* owned */
    size_t bytes;  /* of the device, for the pixels; of those that lie there for several processes, a share */
    cl_mem pixels; /* uint8 [n, H, W, C]; NULL: they are streamed */
    cl_mem mean_deviation;            /* [2][C] */
    pnas_image_stream_options stream; /* of those that are streamed */
    void *memory;                     /* owned: where they come from, if the host has them */
} pnas_training_images;

/* Copies and uploads; `images` is borrowed for this call, and its pixels until the release, as a CPU reads them where
 * they are if they begin with a page, and a stream reads them. They are streamed, a step of `batch` at a time, where the
 * host does not have them, and where they take more than images->room of a device of `memory` bytes. *out is the
 * caller's, also after a failure (pnas_training_images_release). PNAS_ERROR_DATA if there are none to train on, or too
 * many. */
pnas_status pnas_training_images_create(pnas_cl *cl, const pnas_image_set *images, size_t batch,
                                        uint64_t memory, pnas_training_images *out);

/* For one child; `images` is borrowed for its life. NULL where all lie on the device. */
pnas_status pnas_training_images_stream(const pnas_training_images *images, pnas_cl *cl,
                                        pnas_image_stream **out);
void pnas_training_images_release(pnas_training_images *images);

#endif
