#include "cl/ops/route.h"

#include "cl/runtime/tuned_table.h"

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
    return row->device == ON_ANY || (row->device == ON_CPU ? cl->info.cpu && !cl->no_tiles : !cl->info.cpu);
}

bool pnas_route_possible(const pnas_cl *cl, pnas_op_kind op, pnas_route route, const pnas_route_shape *shape)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; ++i)
        if (table[i].op == op && table[i].route == route && table[i].holds(cl, shape))
            return true;
    return route == PNAS_ROUTE_PLAIN;
}

static pnas_route choose_built_in(const pnas_cl *cl, pnas_op_kind op, const pnas_route_shape *shape)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; ++i)
        if (table[i].op == op && fits_device(&table[i], cl) && table[i].holds(cl, shape))
            return table[i].route;
    return PNAS_ROUTE_PLAIN;
}

pnas_route pnas_route_explain(const pnas_cl *cl, pnas_op_kind op, const pnas_route_shape *shape,
                              const char **source)
{
    pnas_route forced = (pnas_route)cl->forced_route;
    *source = "forced";
    /* A forced route is for tests: it need not suit the device, only be possible. */
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
    for (size_t i = 0; i < sizeof table / sizeof *table; ++i) {
        const route_row *row = &table[i];
        /* A row may ask for V whatever the shape; the smallest shape tells. */
        const pnas_route_shape shape = {.N = 1, .kernel_h = 1, .kernel_w = 1, .stride = 1, .dilation = 1};
        if (row->op == op && row->route == route && fits_device(row, cl) && row->holds(cl, &shape))
            return true;
    }
    return route == PNAS_ROUTE_PLAIN;
}

const char *pnas_route_file(pnas_op_kind op, pnas_route route)
{
    static const struct {
        const char *plain, *tile;
    } files[PNAS_OP_KINDS] = {
        [PNAS_OP_GEMM] = {"gemm.cl", "gemm_tile.cl"},
        [PNAS_OP_POINTWISE_FORWARD] = {"convolution.cl", "convolution_tile.cl"},
        [PNAS_OP_POINTWISE_BACKWARD] = {"convolution.cl", "pointwise_tile.cl"},
        [PNAS_OP_CONVOLUTION_FORWARD] = {"convolution.cl", "convolution_tile.cl"},
        [PNAS_OP_CONVOLUTION_BACKWARD] = {"convolution.cl", "convolution_tile.cl"},
        [PNAS_OP_DEPTHWISE_FORWARD] = {"depthwise.cl", "depthwise_tile.cl"},
        [PNAS_OP_DEPTHWISE_BACKWARD] = {"depthwise.cl", "depthwise_tile.cl"},
        [PNAS_OP_MAX_POOL] = {"pool.cl", "pool_tile.cl"},
        [PNAS_OP_AVERAGE_POOL] = {"pool.cl", "pool_tile.cl"},
        [PNAS_OP_ADD] = {"add.cl", "add_tile.cl"},
        [PNAS_OP_NORM] = {"norm.cl", "norm_tile.cl"},
        [PNAS_OP_HEAD] = {"head.cl", "head_tile.cl"},
        [PNAS_OP_UPDATE] = {"update.cl", "update.cl"},
        [PNAS_OP_TRIE] = {"trie.cl", "trie_tile.cl"},
    };
    const char *file = route == PNAS_ROUTE_TILE ? files[op].tile : files[op].plain;
    return route == PNAS_ROUTE_CLBLAST ? "CLBlast" : file ? file : "";
}
