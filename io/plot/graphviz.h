/* A graph drawn by Graphviz. Not for callers. Local. */
#ifndef PNAS_IO_GRAPHVIZ_H
#define PNAS_IO_GRAPHVIZ_H

#include "src/base/status.h"

#include <stdio.h>

#define PNAS_GRAPHVIZ_MAX 32

/* Begins "digraph NAME {" with the looks that all drawings share: nodes from the bottom to the top. `title`:
 * a line under it, or NULL. */
void pnas_graphviz_begin(FILE *graph, const char *name, const char *title);

/* `write` writes the graph. `output`: .svg, .png, .pdf, or .gv for Graphviz's own language; NULL: that on
 * stdout. PNAS_ERROR_USAGE for an output of another format. Where Graphviz is missing or fails, the graph is
 * kept in a file that the message names. */
pnas_status pnas_graphviz_draw(const char *output, void (*write)(FILE *graph, const void *payload),
                               const void *payload);

/* Where Graphviz would put the nodes and edges of `count` graphs (at most PNAS_GRAPHVIZ_MAX), each written by
 * `write`: what `dot -Tplain` prints, one graph after the other. *out is the caller's (free). PNAS_ERROR_FILE
 * where Graphviz is missing or fails. */
pnas_status pnas_graphviz_lay_out(void (*write)(FILE *graph, const void *payload, size_t index),
                                  const void *payload, size_t count, char **out);

#endif
