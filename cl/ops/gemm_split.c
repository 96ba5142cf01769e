#include "cl/ops/gemm_split.h"

enum { TILE_M = 96, TILE_N = 64 }; /* as in gemm_tile.cl */
enum {
    SPLIT_DEPTH = 512, /* a split is at least so deep */
    SPLITS_MAX = 32,
    SPLIT_TILES = 16, /* products of fewer tiles than this are split */
    SPLIT_FLOATS = 1 << 18
};

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

int pnas_gemm_splits(const pnas_gemm *g)
{
    int64_t tiles = divide_up(g->m, TILE_M) * divide_up(g->n, TILE_N);
    int64_t splits = divide_up(2 * SPLIT_TILES, tiles);
    int64_t room = SPLIT_FLOATS / ((int64_t)g->m * g->n);
    if (tiles >= SPLIT_TILES)
        return 1;
    if (splits > g->k / SPLIT_DEPTH)
        splits = g->k / SPLIT_DEPTH;
    if (splits > SPLITS_MAX)
        splits = SPLITS_MAX;
    if (splits > room)
        splits = room;
    return splits < 2 ? 1 : (int)splits;
}

/* One part more than splits: a split product of CLBlast may leave a rest. */
pnas_status pnas_gemm_split_buffer(pnas_cl *cl, cl_mem *out)
{
    if (!cl->scratch)
        PNAS_TRY(pnas_buffer_create(cl, (SPLIT_FLOATS + SPLIT_FLOATS / 2) * sizeof(float), &cl->scratch));
    *out = cl->scratch;
    return PNAS_OK;
}

pnas_status pnas_gemm_append_sum(pnas_cl *cl, pnas_launch_list *list, const pnas_gemm *g, int parts)
{
    const pnas_launch_spec spec = {.label = "gemm sum",
                                   .file = "gemm.cl",
                                   .kernel = "gemm_sum",
                                   .global = {(size_t)g->m * (size_t)g->n},
                                   .bytes = 4.0 * (parts + 1) * g->m * g->n};
    return pnas_launch_append(cl, list, &spec,
                              PNAS_ARGS(PNAS_ARG_BUFFER(cl->scratch), PNAS_ARG_BUFFER(g->c.buffer),
                                        PNAS_ARG_OFFSET(g->c.offset), PNAS_ARG_INT(g->ldc),
                                        PNAS_ARG_INT(g->m), PNAS_ARG_INT(g->n), PNAS_ARG_INT(parts),
                                        PNAS_ARG_FLOAT(g->alpha), PNAS_ARG_FLOAT(g->beta)));
}
