#include "cl/ops/op_augment.h"

#include "cl/ops/op_arguments.h"

#include <string.h>

enum { GROUP = 128 }; /* as in kernels/augment_gpu.cl */

void pnas_recipe_write(const pnas_augmentation *drawn, int image, cl_int *recipe)
{
    recipe[PNAS_RECIPE_IMAGE] = image;
    memcpy(recipe + PNAS_RECIPE_AFFINE, drawn->affine, sizeof drawn->affine);
    recipe[PNAS_RECIPE_OPS] = drawn->ops;
    memcpy(recipe + PNAS_RECIPE_OP, drawn->op, sizeof drawn->op);
}

pnas_status pnas_op_augment_images(pnas_cl *cl, pnas_launch_list *list, int N, cl_mem images, int channels,
                                   int H, int W, pnas_slice mean_deviation, pnas_slice recipes,
                                   pnas_slice state, int period, pnas_slice shown)
{
    pnas_view all = {.channels = cl->vector, .height = H, .width = W};
    pnas_route route = pnas_op_route_of(cl, PNAS_OP_AUGMENT, N, &all, NULL, NULL);
    size_t bytes = (size_t)N * (size_t)H * (size_t)W * (size_t)channels;
    pnas_launch_spec spec = {
        .label = "augment images",
        .file = pnas_route_file(PNAS_OP_AUGMENT, route),
        .kernel = PNAS_KERNEL_OF(route, "augment_images"),
        .global = {(size_t)N},
        .local = {1},
        .bytes = 2.0 * (double)bytes,
        PNAS_ACCESSES(
            pnas_slice_access(mean_deviation, 2 * (size_t)channels, false),
            pnas_slice_access(recipes, (size_t)period * (size_t)N * PNAS_RECIPE_INTS, false),
            pnas_slice_access(state, 1, false),
            {.buffer = shown.buffer, .first = shown.offset, .length = bytes, .count = 1, .write = true})};
    if (route == PNAS_ROUTE_GPU)
        pnas_op_groups(&spec, (size_t)N, GROUP);
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(PNAS_ARG_INT(N), PNAS_ARG_BUFFER(images), PNAS_ARG_INT(channels),
                                        ARG_SLICE(mean_deviation), ARG_SLICE(recipes), ARG_SLICE(state),
                                        PNAS_ARG_INT(period), ARG_SLICE(shown), PNAS_ARG_INT(H),
                                        PNAS_ARG_INT(W)));
}
