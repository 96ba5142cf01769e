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

bool pnas_route_allowed(const pnas_cl *cl, pnas_op_kind op, pnas_route route)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; ++i) {
        const route_row *row = &table[i];
        /* A row may ask for V whatever the shape; the smallest shape tells. */
        const pnas_route_shape shape = {.N = 1, .kernel_h = 1, .kernel_w = 1, .stride = 1, .dilation = 1};
        if (row->op == op && row->route == route && fits_device(row, cl) && row->holds(cl, &shape))
            return true;
    }
    return route == PNAS_ROUTE_PLAIN;
}

const char *pnas_route_name(pnas_route route)
{
    static const char *const names[] = {[PNAS_ROUTE_AUTO] = "auto",
                                        [PNAS_ROUTE_PLAIN] = "plain",
                                        [PNAS_ROUTE_TILE] = "tile",
                                        [PNAS_ROUTE_CLBLAST] = "clblast"};
    return names[route];
}

const char *pnas_op_kind_name(pnas_op_kind op)
{
    static const char *const names[PNAS_OP_KINDS] = {
        [PNAS_OP_GEMM] = "matrix product",
        [PNAS_OP_POINTWISE_FORWARD] = "pointwise forward",
        [PNAS_OP_POINTWISE_BACKWARD] = "pointwise backward",
        [PNAS_OP_CONVOLUTION_FORWARD] = "convolution forward",
        [PNAS_OP_CONVOLUTION_BACKWARD] = "convolution backward",
        [PNAS_OP_DEPTHWISE_FORWARD] = "depthwise forward",
        [PNAS_OP_DEPTHWISE_BACKWARD] = "depthwise backward",
        [PNAS_OP_MAX_POOL] = "max pool",
        [PNAS_OP_AVERAGE_POOL] = "average pool",
        [PNAS_OP_ADD] = "sum",
        [PNAS_OP_NORM] = "norm",
        [PNAS_OP_HEAD] = "head",
        [PNAS_OP_UPDATE] = "update",
    };
    return names[op] ? names[op] : "other";
}
