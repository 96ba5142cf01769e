/* Private to cl: the host's side of the parameter macros of cl/ops/kernels/view.h, and the route of an
 * op. Local. */
#ifndef PNAS_CL_OP_ARGUMENTS_H
#define PNAS_CL_OP_ARGUMENTS_H

#include "cl/ops/op.h"
#include "cl/ops/route.h"

#include <stdio.h>

#define ARG_SLICE(s) PNAS_ARG_BUFFER((s).buffer), PNAS_ARG_OFFSET((s).offset)
/* A slice that the kernel may not read; a kernel argument must be some buffer, so it gets `other`. */
#define ARG_SLICE_IF(condition, s, other)                                                                    \
    PNAS_ARG_BUFFER((condition) ? (s).buffer : (other)), PNAS_ARG_OFFSET((condition) ? (s).offset : 0)
#define ARG_VIEW(v) ARG_SLICE((v)->at), PNAS_ARG_OFFSET((v)->image_stride)
#define ARG_OPERAND(x)                                                                                       \
    ARG_VIEW(&(x)->view), ARG_SLICE_IF((x)->normalise, (x)->scale_shift, (x)->view.at.buffer),               \
        PNAS_ARG_INT((x)->normalise), PNAS_ARG_INT((x)->relu)
#define ARG_UPSTREAM(y)                                                                                      \
    ARG_VIEW(&(y)->gradient), ARG_SLICE_IF((y)->normalise, (y)->raw.at, (y)->gradient.at.buffer),            \
        PNAS_ARG_OFFSET((y)->normalise ? (y)->raw.image_stride : 0),                                         \
        ARG_SLICE_IF((y)->normalise, (y)->coefficients, (y)->gradient.at.buffer)
#define ARG_DOWNSTREAM(dx) ARG_VIEW(&(dx)->into), PNAS_ARG_INT((dx)->accumulate)
#define ARG_SIZE(v)        PNAS_ARG_INT((v)->height), PNAS_ARG_INT((v)->width)
/* Channels, and how many of them a product must go through. */
#define ARG_CHANNELS(v)    PNAS_ARG_INT((v)->channels), PNAS_ARG_INT(pnas_view_used(v))
#define ARG_WINDOW(w)                                                                                        \
    PNAS_ARG_INT((w)->kernel_h), PNAS_ARG_INT((w)->kernel_w), PNAS_ARG_INT((w)->stride_h),                   \
        PNAS_ARG_INT((w)->stride_w), PNAS_ARG_INT((w)->dilation), PNAS_ARG_INT((w)->pad_top),                \
        PNAS_ARG_INT((w)->pad_left)

static inline int pnas_view_used(const pnas_view *view)
{
    return view->used ? view->used : view->channels;
}

/* Work-items for writing view `v`. Plain: one a value (lanes of a pixel together), channel blocks, images; in
 * groups of the default size. Tile: one a channel block of an image. */
static inline void pnas_op_global(const pnas_cl *cl, pnas_launch_spec *spec, bool tiled, const pnas_view *v,
                                  int N)
{
    size_t blocks = (size_t)v->channels / (size_t)cl->vector, pixels = (size_t)v->height * v->width;
    if (tiled) {
        spec->local[0] = 1;
        spec->global[0] = blocks;
        spec->global[1] = (size_t)N;
        return;
    }
    spec->global[0] = pixels * (size_t)cl->vector;
    spec->global[1] = blocks;
    spec->global[2] = (size_t)N;
}

/* The route that serves `op` here. `window` and `y` (the output) may be NULL. */
static inline pnas_route pnas_op_route_of(const pnas_cl *cl, pnas_op_kind op, int N, const pnas_view *x,
                                          const pnas_window *window, const pnas_view *y)
{
    pnas_route_shape shape = {.N = N, .C = x->channels, .H = x->height, .W = x->width};
    if (window) {
        shape.kernel_h = window->kernel_h;
        shape.kernel_w = window->kernel_w;
        shape.stride = window->stride_w;
        shape.dilation = window->dilation;
    }
    if (y)
        shape.M = y->channels;
    return pnas_route_choose(cl, op, &shape);
}

static inline bool pnas_op_tiled(const pnas_cl *cl, pnas_op_kind op, int N, const pnas_view *x,
                                 const pnas_window *window, const pnas_view *y)
{
    return pnas_op_route_of(cl, op, N, x, window, y) == PNAS_ROUTE_TILE;
}

/* What an op reads or writes, for pnas_launch_spec.access: N images of a view, so many floats of a slice. */
static inline pnas_access pnas_view_access(const pnas_view *view, int N, bool write)
{
    size_t value = view->half ? sizeof(cl_half) : sizeof(cl_float);
    return (pnas_access){.buffer = view->at.buffer,
                         .first = view->at.offset * value,
                         .length =
                             (size_t)view->channels * (size_t)view->height * (size_t)view->width * value,
                         .stride = view->image_stride * value,
                         .count = (size_t)N,
                         .write = write};
}

static inline pnas_access pnas_slice_access(pnas_slice slice, size_t floats, bool write)
{
    return (pnas_access){.buffer = slice.buffer,
                         .first = slice.offset * sizeof(cl_float),
                         .length = floats * sizeof(cl_float),
                         .stride = 0,
                         .count = 1,
                         .write = write};
}

static inline pnas_access pnas_access_if(bool condition, pnas_access access)
{
    return condition ? access : (pnas_access){.buffer = NULL};
}

/* Entries of PNAS_ACCESSES, which makes the fields `access` and `accesses` of a pnas_launch_spec, for operands and
 * gradients of N images. */
#define PNAS_ACCESSES(...)                                                                                   \
    .access = (const pnas_access[]){__VA_ARGS__},                                                            \
    .accesses = (int)(sizeof((pnas_access[]){__VA_ARGS__}) / sizeof(pnas_access))
#define PNAS_SET_ACCESSES(spec, ...)                                                                         \
    ((spec).access = (const pnas_access[]){__VA_ARGS__},                                                     \
     (spec).accesses = (int)(sizeof((pnas_access[]){__VA_ARGS__}) / sizeof(pnas_access)))
#define READS_TRANSFORM(x)                                                                                   \
    pnas_access_if((x)->normalise, pnas_slice_access((x)->scale_shift, 2 * (size_t)(x)->view.channels, false))
#define READS_OPERAND(x, N) pnas_view_access(&(x)->view, N, false), READS_TRANSFORM(x)
/* The same where only the rectifier of x is asked. */
#define READS_MASK(x, N)                                                                                     \
    pnas_access_if((x)->relu, pnas_view_access(&(x)->view, N, false)),                                       \
        pnas_access_if((x)->relu, READS_TRANSFORM(x))
#define READS_UPSTREAM(y, N)                                                                                 \
    pnas_view_access(&(y)->gradient, N, false),                                                              \
        pnas_access_if((y)->normalise, pnas_view_access(&(y)->raw, N, false)),                               \
        pnas_access_if((y)->normalise,                                                                       \
                       pnas_slice_access((y)->coefficients, 3 * (size_t)(y)->gradient.channels, false))

/* A launch of a GPU's route in `groups` groups of so many work-items. */
static inline void pnas_op_groups(pnas_launch_spec *spec, size_t groups, size_t items)
{
    spec->jobs = true;
    spec->global[0] = groups * items;
    spec->local[0] = items;
}

enum { PNAS_SPREAD_GROUP = 128, PNAS_SPREAD_EACH = 2 }; /* as in kernels/spread.h */

/* The same where work-items share `count` things evenly, `each` an item. */
static inline void pnas_op_spread(pnas_launch_spec *spec, size_t count, size_t each)
{
    size_t of_group = PNAS_SPREAD_GROUP * each;
    pnas_op_groups(spec, (count + of_group - 1) / of_group, PNAS_SPREAD_GROUP);
}

enum { PNAS_PIXELS_OF_ITEM = 4 }; /* at least: an item that only waits for one value wastes its place */

/* Work-items, a power of two, that share an image of so many pixels in a group of `group`: few for small
 * images, of which a group then has several. */
static inline int pnas_op_items_of_image(int pixels, int group)
{
    int items = 1;
    while (items < group && items * PNAS_PIXELS_OF_ITEM < pixels)
        items *= 2;
    return items;
}

/* A launch whose groups have a channel block of group / items images each, block by block. */
static inline void pnas_op_image_groups(const pnas_cl *cl, pnas_launch_spec *spec, int N, int channels,
                                        int items, int group)
{
    int images = group / items;
    pnas_op_groups(spec, (size_t)((N + images - 1) / images) * (size_t)(channels / cl->vector),
                   (size_t)group);
}

/* The kernel of a route: the routes of an op name theirs alike. */
#define PNAS_KERNEL_OF(route, name)                                                                          \
    ((route) == PNAS_ROUTE_GPU    ? name "_gpu"                                                              \
     : (route) == PNAS_ROUTE_TILE ? name "_tile"                                                             \
     : (route) == PNAS_ROUTE_WIDE ? name "_wide"                                                             \
                                  : name)

/* One work-item has a large piece of work. */
static inline bool pnas_route_tiled(pnas_route route)
{
    return route == PNAS_ROUTE_TILE || route == PNAS_ROUTE_WIDE;
}

/* Work-items for writing view `v` by any route: pnas_op_global, or the float4s of N images. */
static inline void pnas_op_range(const pnas_cl *cl, pnas_launch_spec *spec, pnas_route route,
                                 const pnas_view *v, int N)
{
    if (route == PNAS_ROUTE_GPU)
        pnas_op_spread(spec, (size_t)N * v->height * v->width * ((size_t)v->channels / (size_t)cl->vector),
                       PNAS_SPREAD_EACH);
    else
        pnas_op_global(cl, spec, route == PNAS_ROUTE_TILE, v, N);
}

/* Appends a launch whose last `own` arguments only the kernels of the GPU's route have. */
static inline pnas_status pnas_op_append(pnas_cl *cl, pnas_launch_list *list, const pnas_launch_spec *spec,
                                         pnas_route route, int own, const pnas_arg *arguments, int count)
{
    return pnas_launch_append(cl, list, spec, arguments, route == PNAS_ROUTE_GPU ? count : count - own);
}

typedef struct {
    char text[128];
} pnas_op_options;

/* Build options of a kernel with a window: tile kernels unroll over a row of it. Borrowed from `options`. */
static inline const char *pnas_op_window_options(pnas_op_options *options, bool tiled,
                                                 const pnas_window *window, bool upstream_normalised)
{
    if (tiled)
        snprintf(
            options->text, sizeof options->text,
            "-DKERNEL_H=%d -DKERNEL_W=%d -DSTRIDE_H=%d -DSTRIDE_W=%d -DDILATION=%d -DUPSTREAM_NORMALISED=%d",
            window->kernel_h, window->kernel_w, window->stride_h, window->stride_w, window->dilation,
            upstream_normalised);
    else
        snprintf(options->text, sizeof options->text, "-DUPSTREAM_NORMALISED=%d", upstream_normalised);
    return options->text;
}

/* Values that one image of a view holds, and their bytes, as figures for benchmarks. */
static inline double pnas_view_values(const pnas_view *view)
{
    return (double)view->channels * view->height * view->width;
}

static inline double pnas_view_bytes(const pnas_view *view)
{
    return pnas_view_values(view) * (view->half ? sizeof(cl_half) : sizeof(cl_float));
}

static inline double pnas_upstream_bytes(const pnas_upstream *y)
{
    return pnas_view_bytes(&y->gradient) + (y->normalise ? pnas_view_bytes(&y->raw) : 0);
}

#endif
