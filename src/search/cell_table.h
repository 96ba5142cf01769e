/* Cells that were trained already, with what that gave: for replaying searches and judging surrogates.
 *
 * A table belongs to a space. Its cells are canonical, each stands there once, sorted by pnas_cell_compare,
 * so those of one number of blocks stand together. Local. */
#ifndef PNAS_SEARCH_CELL_TABLE_H
#define PNAS_SEARCH_CELL_TABLE_H

#include "src/search/space.h"

typedef struct {
    pnas_cell cell;
    double accuracy;                   /* 0 .. 1 */
    int64_t parameters, multiply_adds; /* 0: not known */
    double train_seconds;              /* 0: not known */
    int epochs;                        /* of the curve; 0: not known */
    float *curve; /* [epochs] validation accuracy; owned by whoever owns the entry, or NULL */
} pnas_table_entry;

typedef struct pnas_cell_table pnas_cell_table;

/* Copies `entries` with their curves. Cells outside the space are left out and counted in *left_out (may be NULL); of
 * a cell that stands there more than once the mean accuracy is kept, and the mean curve where all are equally long.
 * PNAS_ERROR_DATA if an accuracy is not from 0 to 1, or nothing is left. */
pnas_status pnas_cell_table_create(const pnas_space *space, const pnas_table_entry *entries, size_t count,
                                   pnas_cell_table **out, size_t *left_out);
void pnas_cell_table_destroy(pnas_cell_table **table);

size_t pnas_cell_table_count(const pnas_cell_table *table);
/* Entries of the space that were the same network as another one, and became one with it. */
size_t pnas_cell_table_merged(const pnas_cell_table *table);
/* Cells that stood there more than once, with other numbers of parameters: they were not trained alike. */
size_t pnas_cell_table_unlike(const pnas_cell_table *table);
const pnas_table_entry *pnas_cell_table_entries(const pnas_cell_table *table); /* [count], borrowed */

/* Where the cells of `blocks` blocks begin among the entries, and how many they are. */
void pnas_cell_table_level(const pnas_cell_table *table, int blocks, size_t *begin, size_t *count);

/* How many of its cells have a curve of more than so many epochs. */
size_t pnas_cell_table_curves(const pnas_cell_table *table, int epochs);

/* The entry of a canonical cell, borrowed, or NULL. */
const pnas_table_entry *pnas_cell_table_find(const pnas_cell_table *table, const pnas_cell *cell);

#endif
