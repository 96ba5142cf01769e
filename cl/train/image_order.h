/* Private to cl: the order in which an epoch shows its images. Local. */
#ifndef PNAS_CL_IMAGE_ORDER_H
#define PNAS_CL_IMAGE_ORDER_H

#include "src/base/random.h"
#include "src/base/status.h"

#include <stddef.h>
#include <stdint.h>

/* Shuffles image [count] in place by numbers of `stream`. window 0, or as large as count: all of them. Else what is near
 * in a file stays near, so that it can be read in pieces: the images are cut into runs of a sixteenth of a window, the
 * runs are shuffled, and then each `window` images that follow each other. PNAS_ERROR_MEMORY. */
pnas_status pnas_image_order(pnas_stream *stream, uint32_t *image, size_t count, size_t window);

#endif
