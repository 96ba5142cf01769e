/* Kernels of the GPU's routes that treat every float4 of N images alike: all of them in one line, SPREAD_EACH a
 * work-item, so that images that are smaller than a group leave no item idle. Group-local: a group's part of the line
 * follows from its number. pnas_op_spread (cl/ops/op_arguments.h) has the launch's size. */
#ifndef SPREAD_H
#define SPREAD_H

#define SPREAD_GROUP 128
#define SPREAD_EACH  2

typedef struct {
    int n, block, pixel;
} spread_place;

/* Item `i` of an image's float4s for each of N images; false behind the end. */
INLINE bool spread_at(const uint i, const int N, const int blocks, const int pixels, spread_place *place)
{
    const uint of_image = (uint)blocks * (uint)pixels, n = i / of_image, rest = i - n * of_image;
    place->n = (int)n;
    place->block = (int)(rest / (uint)pixels);
    place->pixel = (int)(rest - (uint)place->block * (uint)pixels);
    return n < (uint)N;
}

/* The k-th of this item. */
#define SPREAD_INDEX(k)                                                                                      \
    ((uint)JOB_GROUP * (SPREAD_GROUP * SPREAD_EACH) + (k)*SPREAD_GROUP + (uint)get_local_id(0))

/* The only one of an item where an item has one. */
#define SPREAD_ITEM ((uint)JOB_GROUP * SPREAD_GROUP + (uint)get_local_id(0))

#endif
