/* Images by their recipes on the device and by plain C: they are the same to the bit. Local. */
#ifndef PNAS_CL_CHECK_AUGMENT_CASE_H
#define PNAS_CL_CHECK_AUGMENT_CASE_H

#include "cl/ops/check/op_harness.h"
#include "cl/ops/op_augment.h"

/* out [H][W][C]: the image shown as the recipe says. mean [C]. */
void augment_case_reference(const unsigned char *images, const int *recipe, int C, int H, int W,
                            const float *mean, unsigned char *out);

/* N images by recipes that these settings draw. Of ops of pixels only with 1 or 3 channels. */
void augment_case_check(op_harness *h, int N, int C, int H, int W, const pnas_training_options *training);

#endif
