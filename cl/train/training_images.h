/* Private to cl: the images of a data set on the device, with what the host needs of them. Local. */
#ifndef PNAS_CL_TRAINING_IMAGES_H
#define PNAS_CL_TRAINING_IMAGES_H

#include "cl/train/child_epoch.h"
#include "src/net/image_set.h"

typedef struct {
    pnas_sample_set samples; /* owned */
    size_t bytes;  /* of the device, for the pixels; of those that lie there for several processes, a share */
    cl_mem pixels; /* uint8 [n, H, W, C] */
    cl_mem mean_deviation; /* [2][C] */
} pnas_training_images;

/* Copies and uploads; `images` is borrowed for this call, and its pixels until the release, as a CPU reads them where
 * they are if they begin with a page. *out is the caller's, also after a failure
 * (pnas_training_images_release). PNAS_ERROR_DATA if there are none to train on, or too many. */
pnas_status pnas_training_images_create(pnas_cl *cl, const pnas_image_set *images, pnas_training_images *out);
void pnas_training_images_release(pnas_training_images *images);

#endif
