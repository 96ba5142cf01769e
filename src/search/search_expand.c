/* The extensions of a beam take whole seconds where it is wide, and whoever waits for an answer should not
 * wait for all of them: they are made for a few parents at a time, and sorted lists are merged two by two. */
#include "src/search/search_state.h"

#include <stdlib.h>

/* A millisecond or a few, with cells of five blocks of the paper's operators. */
#define PARENTS_AT_ONCE 4
#define CELLS_AT_ONCE   16384

typedef struct { /* sorted, each cell once */
    pnas_cell *cell;
    size_t count;
} cell_list;

static pnas_status tick(const pnas_search *search)
{
    return search->tick ? search->tick(search->tick_payload) : PNAS_OK;
}

static pnas_status merge(const pnas_search *search, const cell_list *left, const cell_list *right,
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
            PNAS_TRY(tick(search));
    }
    return PNAS_OK;
}

/* *out is the caller's, also after a failure. */
static pnas_status expand(const pnas_search *search, const pnas_cell *parents, size_t count, cell_list *out)
{
    cell_list left = {0}, right = {0};
    size_t half = count / 2;
    pnas_status status;
    if (count <= PARENTS_AT_ONCE) {
        PNAS_TRY(pnas_space_expand(&search->options.space, parents, count, &out->cell, &out->count));
        return tick(search);
    }
    PNAS_TRY_CLEANUP(expand(search, parents, half, &left));
    PNAS_TRY_CLEANUP(expand(search, parents + half, count - half, &right));
    out->cell = malloc((left.count + right.count + 1) * sizeof *out->cell);
    PNAS_CHECK_CLEANUP(out->cell, PNAS_ERROR_MEMORY, "out of memory for %zu cells; a smaller beam needs less",
                       left.count + right.count);
    status = merge(search, &left, &right, out);
cleanup:
    free(left.cell);
    free(right.cell);
    return status;
}

pnas_status pnas_search_expand(const pnas_search *search, const pnas_cell *parents, size_t count,
                               pnas_cell **out, size_t *out_count)
{
    cell_list list = {0};
    pnas_status status = expand(search, parents, count, &list);
    if (status != PNAS_OK) {
        free(list.cell);
        list = (cell_list){0};
    }
    *out = list.cell;
    *out_count = list.count;
    return status;
}
