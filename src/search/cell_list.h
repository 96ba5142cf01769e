/* Lists of cells: sorted by pnas_cell_compare, each cell once. Local. */
#ifndef PNAS_SEARCH_CELL_LIST_H
#define PNAS_SEARCH_CELL_LIST_H

#include "src/search/cell.h"

/* Sorts and leaves each cell once; returns how many are left. */
size_t pnas_cells_sort(pnas_cell *cell, size_t count);

/* Drops from cell[0 .. count) those of taken[0 .. taken_count), which is sorted; returns how many are left. */
size_t pnas_cells_leave_out(const pnas_cell *taken, size_t taken_count, pnas_cell *cell, size_t count);

typedef struct { /* zero to start with; the array is the caller's */
    pnas_cell *cell;
    size_t count, room;
    size_t most; /* 0: no limit */
} pnas_cell_list;

/* A pnas_cell_visitor's function; `list` is a pnas_cell_list, which grows. PNAS_STOPPED where it would have more
 * than `most` cells. */
pnas_status pnas_cell_list_append(void *list, const pnas_cell *cell);

#endif
