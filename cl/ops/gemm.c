#include "cl/ops/gemm.h"

#include "cl/ops/clblast_route.h"
#include "cl/ops/gemm_split.h"
#include "cl/ops/route.h"
#include "cl/runtime/tuned_table.h"

#include <assert.h>

enum { TILE_M = 96, TILE_N = 64 }; /* as in gemm_tile.cl */

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static pnas_status append_plain(pnas_cl *cl, pnas_launch_list *list, const pnas_gemm *g)
{
    const pnas_launch_spec spec = {
        .label = "gemm plain",
        .file = "gemm.cl",
        .kernel = "gemm_plain",
        .global = {(size_t)g->n, (size_t)g->m},
        .flops = 2.0 * g->m * g->n * g->k,
        .bytes = 4.0 * ((double)g->m * g->k + (double)g->k * g->n + (double)g->m * g->n)};
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(PNAS_ARG_BUFFER(g->a.buffer), PNAS_ARG_OFFSET(g->a.offset),
                  PNAS_ARG_INT(g->transpose_a ? 1 : g->lda), PNAS_ARG_INT(g->transpose_a ? g->lda : 1),
                  PNAS_ARG_BUFFER(g->b.buffer), PNAS_ARG_OFFSET(g->b.offset),
                  PNAS_ARG_INT(g->transpose_b ? 1 : g->ldb), PNAS_ARG_INT(g->transpose_b ? g->ldb : 1),
                  PNAS_ARG_BUFFER(g->c.buffer), PNAS_ARG_OFFSET(g->c.offset), PNAS_ARG_INT(g->ldc),
                  PNAS_ARG_INT(g->m), PNAS_ARG_INT(g->n), PNAS_ARG_INT(g->k), PNAS_ARG_FLOAT(g->alpha),
                  PNAS_ARG_FLOAT(g->beta)));
}

static pnas_status append_tiles(pnas_cl *cl, pnas_launch_list *list, const pnas_gemm *g, int splits)
{
    int depth = (int)divide_up(g->k, splits);
    bool split = splits > 1;
    const pnas_launch_spec spec = {
        .label = "gemm tile",
        .file = "gemm_tile.cl",
        .kernel = g->transpose_a ? "gemm_tile_t" : "gemm_tile_n",
        .global = {(size_t)divide_up(g->n, TILE_N), (size_t)divide_up(g->m, TILE_M), (size_t)splits},
        .local = {1, 1, 1},
        .flops = 2.0 * g->m * g->n * g->k,
        .bytes = 4.0 * ((double)g->m * g->k + (double)g->k * g->n + (double)g->m * g->n)};
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(PNAS_ARG_BUFFER(g->a.buffer), PNAS_ARG_OFFSET(g->a.offset), PNAS_ARG_INT(g->lda),
                  PNAS_ARG_BUFFER(g->b.buffer), PNAS_ARG_OFFSET(g->b.offset), PNAS_ARG_INT(g->ldb),
                  PNAS_ARG_INT(g->transpose_b), PNAS_ARG_BUFFER(split ? cl->scratch : g->c.buffer),
                  PNAS_ARG_OFFSET(split ? 0 : g->c.offset), PNAS_ARG_INT(split ? g->n : g->ldc),
                  PNAS_ARG_OFFSET((size_t)g->m * g->n), PNAS_ARG_INT(g->m), PNAS_ARG_INT(g->n),
                  PNAS_ARG_INT(g->k), PNAS_ARG_INT(depth), PNAS_ARG_FLOAT(split ? 1 : g->alpha),
                  PNAS_ARG_FLOAT(split ? 0 : g->beta)));
}

static pnas_status append_tile(pnas_cl *cl, pnas_launch_list *list, const pnas_gemm *g)
{
    int splits = pnas_gemm_splits(g);
    cl_mem parts;
    if (splits == 1)
        return append_tiles(cl, list, g, 1);
    PNAS_TRY(pnas_gemm_split_buffer(cl, &parts));
    PNAS_TRY(append_tiles(cl, list, g, splits));
    return pnas_gemm_append_sum(cl, list, g, splits);
}

static bool is_left_to_clblast(const pnas_cl *cl)
{
    const pnas_route_shape any = {.N = 1, .C = 1, .H = 1, .W = 1};
    bool wanted = pnas_route_choose(cl, PNAS_OP_GEMM, &any) == PNAS_ROUTE_CLBLAST;
    for (size_t i = 0; cl->route == PNAS_ROUTE_AUTO && cl->tuned && i < cl->tuned->count; ++i)
        wanted |= cl->tuned->row[i].route == PNAS_ROUTE_CLBLAST;
    return wanted;
}

pnas_status pnas_gemm_prepare(pnas_cl *cl)
{
    return is_left_to_clblast(cl) && !cl->clblast->checked ? pnas_clblast_check(cl, append_plain) : PNAS_OK;
}

pnas_status pnas_gemm_append(pnas_cl *cl, pnas_launch_list *list, const pnas_gemm *g)
{
    assert(g->m > 0 && g->n > 0 && g->k > 0);
    assert(g->lda >= (g->transpose_a ? g->m : g->k) && g->ldb >= (g->transpose_b ? g->k : g->n) &&
           g->ldc >= g->n);
    const pnas_route_shape shape = {.N = 1, .C = g->k, .H = g->m, .W = g->n};
    pnas_route route = pnas_route_choose(cl, PNAS_OP_GEMM, &shape);
    if (route == PNAS_ROUTE_CLBLAST && !cl->clblast->checked) {
        PNAS_TRY(pnas_clblast_check(cl, append_plain));
        route = pnas_route_choose(cl, PNAS_OP_GEMM, &shape);
    }
    size_t first = list->count;
    if (route == PNAS_ROUTE_TILE)
        PNAS_TRY(append_tile(cl, list, g));
    else if (route == PNAS_ROUTE_CLBLAST)
        PNAS_TRY(pnas_clblast_append(cl, list, g));
    else
        PNAS_TRY(append_plain(cl, list, g));
    list->item[first].product = (pnas_launch_product){g->m, g->n, g->k, g->transpose_a, g->transpose_b};
    return PNAS_OK;
}
