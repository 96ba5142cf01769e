/* Cells as inline SVG, in the manner of io/plot/cell_drawing.h and in the colours of the page. Graphviz says
 * where nodes and edges lie; where it is missing, a simpler layout of our own does. Local. */
#ifndef PNAS_IO_CELL_PICTURE_H
#define PNAS_IO_CELL_PICTURE_H

#include "src/net/graph.h"

#include <stdio.h>

typedef struct pnas_cell_pictures pnas_cell_pictures;

/* Lays out `count` cells, which are borrowed as the operators are. *out is the caller's
 * (pnas_cell_pictures_destroy). PNAS_ERROR_MEMORY alone. */
pnas_status pnas_cell_pictures_create(const pnas_cell *const *cell, size_t count,
                                      const pnas_operator_set *operators, pnas_concatenation concatenation,
                                      pnas_cell_pictures **out);
void pnas_cell_pictures_destroy(pnas_cell_pictures **pictures);

/* A paragraph that says why Graphviz did not lay them out; nothing if it did. */
void pnas_cell_pictures_write_trouble(FILE *out, const pnas_cell_pictures *pictures);

/* <svg>...</svg>; `name` is text of others. */
void pnas_cell_pictures_write(FILE *out, const pnas_cell_pictures *pictures, size_t index, const char *name);

#endif
