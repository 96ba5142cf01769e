/* Drawing cells: at random, by mutation, and out of a table. Not for callers of the search. Local. */
#ifndef PNAS_SEARCH_SEARCH_DRAW_H
#define PNAS_SEARCH_SEARCH_DRAW_H

#include "src/base/random.h"
#include "src/search/cell_table.h"

/* A cell of all the space's blocks, every input and operator equally likely; canonical. */
void pnas_draw_cell(const pnas_space *space, pnas_stream *stream, pnas_cell *out);

/* `cell` with one input or one operator, equally likely, replaced by another of the space; canonical. False
 * if the place that was drawn has no other, or the outcome is outside the space. */
bool pnas_draw_mutation(const pnas_space *space, const pnas_cell *cell, pnas_stream *stream, pnas_cell *out);

/* One of entry[0 .. count) that is not `taken`; returns count if all are. */
size_t pnas_draw_entry(const bool *taken, size_t count, pnas_stream *stream);

/* The same, but among those whose code differs from `cell`'s at the fewest places. */
size_t pnas_draw_nearest(const pnas_table_entry *entry, const bool *taken, size_t count,
                         const pnas_cell *cell, pnas_stream *stream);

#endif
