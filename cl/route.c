#include "cl/route.h"

typedef enum { ON_ANY, ON_CPU, ON_GPU } device_kind;

typedef struct {
    pnas_op_kind op;
    device_kind device;
    bool (*holds)(const pnas_cl *cl, const pnas_route_shape *shape); /* what the kernels can do at all */
    pnas_route route;
} route_row;

static bool always(const pnas_cl *cl, const pnas_route_shape *shape)
{
    return true;
}

static bool clblast_trusted(const pnas_cl *cl, const pnas_route_shape *shape)
{
    return !cl->clblast_refused;
}

static bool eight_wide(const pnas_cl *cl, const pnas_route_shape *shape)
{
    return cl->vector == 8;
}

/* Tiles of a row of the window: what the kernels unroll and the rows they keep must stay small, and a tile be
 * a multiple of the stride. */
static bool small_window(const pnas_cl *cl, const pnas_route_shape *shape)
{
    return eight_wide(cl, shape) && (shape->kernel_h - 1) * shape->dilation < 32 && shape->kernel_w <= 15 &&
           (shape->kernel_w - 1) * shape->dilation < 32 && shape->stride <= 2;
}

/* The first row that fits wins, so the fastest route of an op stands first. Where no row fits: PLAIN. */
static const route_row table[] = {
    {PNAS_OP_GEMM, ON_CPU, always, PNAS_ROUTE_TILE},
    {PNAS_OP_GEMM, ON_GPU, clblast_trusted, PNAS_ROUTE_CLBLAST},
    {PNAS_OP_POINTWISE_FORWARD, ON_CPU, eight_wide, PNAS_ROUTE_TILE},
    {PNAS_OP_POINTWISE_BACKWARD, ON_CPU, eight_wide, PNAS_ROUTE_TILE},
    {PNAS_OP_CONVOLUTION_FORWARD, ON_CPU, eight_wide, PNAS_ROUTE_TILE},
    {PNAS_OP_CONVOLUTION_BACKWARD, ON_CPU, eight_wide, PNAS_ROUTE_TILE},
    {PNAS_OP_DEPTHWISE_FORWARD, ON_CPU, small_window, PNAS_ROUTE_TILE},
    {PNAS_OP_DEPTHWISE_BACKWARD, ON_CPU, small_window, PNAS_ROUTE_TILE},
    {PNAS_OP_MAX_POOL, ON_CPU, small_window, PNAS_ROUTE_TILE},
    {PNAS_OP_AVERAGE_POOL, ON_CPU, small_window, PNAS_ROUTE_TILE},
    {PNAS_OP_ADD, ON_CPU, eight_wide, PNAS_ROUTE_TILE},
    {PNAS_OP_NORM, ON_CPU, eight_wide, PNAS_ROUTE_TILE},
    {PNAS_OP_HEAD, ON_CPU, eight_wide, PNAS_ROUTE_TILE},
    {PNAS_OP_UPDATE, ON_CPU, eight_wide, PNAS_ROUTE_TILE},
    {PNAS_OP_TRIE, ON_CPU, always, PNAS_ROUTE_TILE},
};

static bool fits_device(const route_row *row, const pnas_cl *cl)
{
    return row->device == ON_ANY || (row->device == ON_CPU) == cl->info.cpu;
}

pnas_route pnas_route_choose(const pnas_cl *cl, pnas_op_kind op, const pnas_route_shape *shape)
{
    pnas_route forced = (pnas_route)cl->forced_route;
    for (size_t i = 0; i < sizeof table / sizeof *table; ++i) {
        const route_row *row = &table[i];
        /* A forced route is for tests: it need not suit the device, only be possible. */
        bool wanted = forced != PNAS_ROUTE_AUTO ? row->route == forced : fits_device(row, cl);
        if (row->op == op && wanted && row->holds(cl, shape))
            return row->route;
    }
    return PNAS_ROUTE_PLAIN;
}
