#include "src/search/block_list.h"

#include <stdlib.h>

static int compare_cells(const void *a, const void *b)
{
    return pnas_cell_compare(a, b);
}

/* Sorts and leaves each cell once; returns how many are left. */
static size_t sort_unique(pnas_cell *cell, size_t count)
{
    qsort(cell, count, sizeof *cell, compare_cells);
    size_t kept = 0;
    for (size_t i = 0; i < count; ++i)
        if (kept == 0 || pnas_cell_compare(&cell[kept - 1], &cell[i]) != 0)
            cell[kept++] = cell[i];
    return kept;
}

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
            PNAS_TRY(pnas_block_list_create(space, blocks, false, list));
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

pnas_status pnas_space_expand(const pnas_space *space, const pnas_cell *parents, size_t count,
                              pnas_cell **out, size_t *out_count)
{
    *out = NULL;
    *out_count = 0;
    extensions lists = {0};
    pnas_cell *cell = NULL;
    size_t most, found = 0;
    pnas_status status;
    PNAS_TRY_CLEANUP(prepare(&lists, space, parents, count, &most));
    if (most == 0)
        goto cleanup;
    cell = malloc(most * sizeof *cell);
    PNAS_CHECK_CLEANUP(cell, PNAS_ERROR_MEMORY, "out of memory for %zu cells; a smaller beam needs less",
                       most);
    for (size_t i = 0; i < count; ++i)
        found += extend(space, &parents[i], &lists.by_blocks[parents[i].blocks], cell + found);
    *out_count = sort_unique(cell, found);
    *out = cell;
cleanup:
    for (int i = 0; i < PNAS_BLOCKS_MAX; ++i)
        pnas_block_list_destroy(&lists.by_blocks[i]);
    return status;
}
