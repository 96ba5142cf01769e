/* The extensions are made for a few parents at a time, and sorted lists are merged two by two. */
#include "src/search/space_expand.h"

#include "src/search/block_list.h"
#include "src/search/canonical.h"
#include "src/search/cell_list.h"

#include <stdlib.h>

/* A millisecond or a few, with cells of five blocks of the paper's operators. */
#define PARENTS_AT_ONCE 4
#define CELLS_AT_ONCE   16384

typedef struct { /* sorted, each cell once */
    pnas_cell *cell;
    size_t count;
} cell_list;

/* Lists of blocks by the number of blocks that the parent has; made where a parent needs them. */
typedef struct {
    pnas_block_list by_blocks[PNAS_BLOCKS_MAX];
} extensions;

static pnas_status prepare(extensions *lists, const pnas_space *space, const pnas_cell *parents, size_t count,
                           size_t *most)
{
    *most = 0;
    for (size_t i = 0; i < count; ++i) {
        PNAS_TRY(pnas_space_check(space, &parents[i]));
        int blocks = parents[i].blocks;
        PNAS_CHECK(
            blocks < space->blocks, PNAS_ERROR_DATA,
            "a cell of %d blocks cannot be extended: cells of this search space have at most that many",
            blocks);
        pnas_block_list *list = &lists->by_blocks[blocks];
        if (!list->block)
            PNAS_TRY(pnas_block_list_create(space, blocks, list));
        *most += list->count;
    }
    return PNAS_OK;
}

/* Writes the canonical forms of one parent's extensions; returns how many. */
static size_t extend(const pnas_space *space, const pnas_cell *parent, const pnas_block_list *list,
                     pnas_cell *out)
{
    size_t count = 0;
    pnas_cell cell = *parent;
    ++cell.blocks;
    for (size_t i = 0; i < list->count; ++i) {
        cell.block[parent->blocks] = list->block[i];
        if (space->lookforward < 0 || __builtin_popcount(pnas_cell_used(&cell, NULL)) <= space->lookforward)
            pnas_cell_canonical(&cell, &out[count++]);
    }
    return count;
}

/* A few parents. *out is the caller's, also after a failure. */
static pnas_status expand_few(const pnas_space *space, const pnas_cell *parents, size_t count, cell_list *out)
{
    extensions lists = {0};
    size_t most, found = 0;
    pnas_status status;
    PNAS_TRY_CLEANUP(prepare(&lists, space, parents, count, &most));
    if (most == 0)
        goto cleanup;
    out->cell = malloc(most * sizeof *out->cell);
    PNAS_CHECK_CLEANUP(out->cell, PNAS_ERROR_MEMORY, "out of memory for %zu cells; a smaller beam needs less",
                       most);
    for (size_t i = 0; i < count; ++i)
        found += extend(space, &parents[i], &lists.by_blocks[parents[i].blocks], out->cell + found);
    out->count = pnas_cells_sort(out->cell, found);
cleanup:
    for (int i = 0; i < PNAS_BLOCKS_MAX; ++i)
        pnas_block_list_destroy(&lists.by_blocks[i]);
    return status;
}

static pnas_status call(const pnas_expand_tick *tick)
{
    return tick->call ? tick->call(tick->payload) : PNAS_OK;
}

static pnas_status merge(const pnas_expand_tick *tick, const cell_list *left, const cell_list *right,
                         cell_list *out)
{
    size_t i = 0, j = 0;
    while (i < left->count || j < right->count) {
        int order = i == left->count    ? 1
                    : j == right->count ? -1
                                        : pnas_cell_compare(&left->cell[i], &right->cell[j]);
        out->cell[out->count++] = order <= 0 ? left->cell[i] : right->cell[j];
        i += order <= 0;
        j += order >= 0;
        if (out->count % CELLS_AT_ONCE == 0)
            PNAS_TRY(call(tick));
    }
    return PNAS_OK;
}

/* *out is the caller's, also after a failure. */
static pnas_status expand(const pnas_space *space, const pnas_cell *parents, size_t count,
                          const pnas_expand_tick *tick, cell_list *out)
{
    cell_list left = {0}, right = {0};
    size_t half = count / 2;
    pnas_status status;
    if (count <= PARENTS_AT_ONCE) {
        PNAS_TRY(expand_few(space, parents, count, out));
        return call(tick);
    }
    PNAS_TRY_CLEANUP(expand(space, parents, half, tick, &left));
    PNAS_TRY_CLEANUP(expand(space, parents + half, count - half, tick, &right));
    out->cell = malloc((left.count + right.count + 1) * sizeof *out->cell);
    PNAS_CHECK_CLEANUP(out->cell, PNAS_ERROR_MEMORY, "out of memory for %zu cells; a smaller beam needs less",
                       left.count + right.count);
    status = merge(tick, &left, &right, out);
cleanup:
    free(left.cell);
    free(right.cell);
    return status;
}

pnas_status pnas_space_expand(const pnas_space *space, const pnas_cell *parents, size_t count,
                              const pnas_expand_tick *tick, pnas_cell **out, size_t *out_count)
{
    cell_list list = {0};
    pnas_status status = expand(space, parents, count, tick, &list);
    if (status != PNAS_OK) {
        free(list.cell);
        list = (cell_list){0};
    }
    *out = list.cell;
    *out_count = list.count;
    return status;
}
