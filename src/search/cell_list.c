#include "src/search/cell_list.h"

#include <stdlib.h>

static int compare_cells(const void *a, const void *b)
{
    return pnas_cell_compare(a, b);
}

size_t pnas_cells_sort(pnas_cell *cell, size_t count)
{
    if (count > 0)
        qsort(cell, count, sizeof *cell, compare_cells);
    size_t kept = 0;
    for (size_t i = 0; i < count; ++i)
        if (kept == 0 || pnas_cell_compare(&cell[kept - 1], &cell[i]) != 0)
            cell[kept++] = cell[i];
    return kept;
}

/* Whether cell[0 .. count), sorted, has this one. */
static bool have(const pnas_cell *cell, size_t count, const pnas_cell *wanted)
{
    return count > 0 && bsearch(wanted, cell, count, sizeof *cell, compare_cells);
}

size_t pnas_cells_leave_out(const pnas_cell *taken, size_t taken_count, pnas_cell *cell, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; ++i)
        if (!have(taken, taken_count, &cell[i]))
            cell[kept++] = cell[i];
    return kept;
}

pnas_status pnas_cell_list_append(void *payload, const pnas_cell *cell)
{
    pnas_cell_list *list = payload;
    if (list->most > 0 && list->count == list->most)
        return PNAS_STOPPED;
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 256;
        pnas_cell *grown = realloc(list->cell, room * sizeof *grown);
        PNAS_CHECK(grown, PNAS_ERROR_MEMORY, "out of memory for a list of %zu cells", room);
        list->cell = grown;
        list->room = room;
    }
    list->cell[list->count++] = *cell;
    return PNAS_OK;
}
