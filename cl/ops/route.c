#include "cl/ops/route.h"

#include "cl/runtime/tuned_table.h"

/* Tiles of a row of the window: what the kernels unroll and the rows they keep must stay small, and a tile be
 * a multiple of the stride. */
static bool is_small(const pnas_route_shape *shape)
{
    return (shape->kernel_h - 1) * shape->dilation < 32 && shape->kernel_w <= 15 &&
           (shape->kernel_w - 1) * shape->dilation < 32 && shape->stride <= 2;
}

static bool has_what_it_needs(const pnas_op_route *route, const pnas_cl *cl, const pnas_route_shape *shape)
{
    switch (route->needs) {
    case PNAS_NEEDS_NOTHING:
        return true;
    case PNAS_NEEDS_V8:
        return cl->vector == 8;
    case PNAS_NEEDS_SMALL_WINDOW:
        return cl->vector == 8 && is_small(shape);
    case PNAS_NEEDS_CLBLAST:
        return !cl->clblast->refused;
    case PNAS_NEEDS_V4_SMALL_WINDOW:
        return cl->vector == 4 && is_small(shape);
    case PNAS_NEEDS_V4:
        return cl->vector == 4;
    }
    return false;
}

static bool fits_device(const pnas_op_route *route, const pnas_cl *cl)
{
    if (route->device == PNAS_ON_GPU)
        return !cl->info.cpu;
    return cl->info.cpu && !cl->no_tiles && (route->device == PNAS_ON_CPU || cl->info.float_width >= 16);
}

/* It may run there, and `pnas_device tune` measures it; but is it the one to take without a measurement? */
static bool is_first_choice(const pnas_op_route *route, const pnas_cl *cl)
{
    return fits_device(route, cl) && !(route->device == PNAS_ON_WHOLE_CPU && cl->info.halves_vectors);
}

/* The row of a route of an op; NULL if it is PLAIN or there is none. */
static const pnas_op_route *find(pnas_op_kind op, pnas_route route)
{
    const pnas_op_route *other = pnas_op_kind_row_of(op)->other;
    for (int i = 0; i < PNAS_OP_ROUTES_MAX && other[i].route != PNAS_ROUTE_AUTO; ++i)
        if (other[i].route == route)
            return &other[i];
    return NULL;
}

bool pnas_route_possible(const pnas_cl *cl, pnas_op_kind op, pnas_route route, const pnas_route_shape *shape)
{
    const pnas_op_route *row = find(op, route);
    return route == PNAS_ROUTE_PLAIN || (row && has_what_it_needs(row, cl, shape));
}

static pnas_route choose_built_in(const pnas_cl *cl, pnas_op_kind op, const pnas_route_shape *shape)
{
    const pnas_op_route *other = pnas_op_kind_row_of(op)->other;
    for (int i = 0; i < PNAS_OP_ROUTES_MAX && other[i].route != PNAS_ROUTE_AUTO; ++i)
        if (is_first_choice(&other[i], cl) && has_what_it_needs(&other[i], cl, shape))
            return other[i].route;
    return PNAS_ROUTE_PLAIN;
}

pnas_route pnas_route_explain(const pnas_cl *cl, pnas_op_kind op, const pnas_route_shape *shape,
                              const char **source)
{
    pnas_route forced = cl->route;
    *source = "forced";
    /* A forced route is for measurements and tests: it need not suit the device, only be possible. */
    if (forced != PNAS_ROUTE_AUTO)
        return pnas_route_possible(cl, op, forced, shape) ? forced : PNAS_ROUTE_PLAIN;
    const pnas_tuned_row *tuned = pnas_tuned_table_find(cl->tuned, op, shape);
    *source = "tuned";
    if (tuned && pnas_route_possible(cl, op, tuned->route, shape))
        return tuned->route;
    pnas_route route = choose_built_in(cl, op, shape);
    *source = route == PNAS_ROUTE_PLAIN ? "no other" : "built-in";
    return route;
}

pnas_route pnas_route_choose(const pnas_cl *cl, pnas_op_kind op, const pnas_route_shape *shape)
{
    const char *source;
    return pnas_route_explain(cl, op, shape, &source);
}

bool pnas_route_allowed(const pnas_cl *cl, pnas_op_kind op, pnas_route route)
{
    /* A route may need V whatever the shape; the smallest shape tells. */
    const pnas_route_shape shape = {.N = 1, .kernel_h = 1, .kernel_w = 1, .stride = 1, .dilation = 1};
    const pnas_op_route *row = find(op, route);
    return route == PNAS_ROUTE_PLAIN || (row && fits_device(row, cl) && has_what_it_needs(row, cl, &shape));
}

const char *pnas_route_file(pnas_op_kind op, pnas_route route)
{
    const pnas_op_route *row = find(op, route);
    return row ? row->file : pnas_op_kind_row_of(op)->plain_file;
}
