/* Private to cl: images changed by resampling and by ops of pixels, before a step loads them. Local. */
#ifndef PNAS_CL_OP_AUGMENT_H
#define PNAS_CL_OP_AUGMENT_H

#include "cl/ops/op.h"
#include "src/net/augmentation.h"

/* Recipe r of step s is recipes[(s % period) * N + r], 24 ints: image index; a, b, c, d, e, f of the affine map; how many
 * ops of pixels; of each its kind and its value (src/net/augmentation.h). */
enum {
    PNAS_RECIPE_IMAGE,
    PNAS_RECIPE_AFFINE,
    PNAS_RECIPE_OPS = PNAS_RECIPE_AFFINE + 6,
    PNAS_RECIPE_OP,
    PNAS_RECIPE_INTS = PNAS_RECIPE_OP + 2 * PNAS_PIXEL_OPS_MAX
};

/* Writes such a recipe, PNAS_RECIPE_INTS, of what was drawn for the image of this index. */
void pnas_recipe_write(const pnas_augmentation *drawn, int image, cl_int *recipe);

/* shown uint8 [N][H][W][channels], a slice of bytes, becomes the images of the recipes. mean_deviation [2][channels]:
 * what lies outside of an image gets the level nearest to the mean. With ops of pixels, 1 or 3 channels. All in whole
 * numbers: the same on every device. */
pnas_status pnas_op_augment_images(pnas_cl *cl, pnas_launch_list *list, int N, cl_mem images, int channels,
                                   int H, int W, pnas_slice mean_deviation, pnas_slice recipes,
                                   pnas_slice state, int period, pnas_slice shown);

#endif
