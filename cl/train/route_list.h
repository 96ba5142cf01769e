/* The decisions of the table of routes for a child's ops, for people. Local. */
#ifndef PNAS_CL_ROUTE_LIST_H
#define PNAS_CL_ROUTE_LIST_H

#include "cl/runtime/context.h"
#include "src/net/graph.h"

typedef struct { /* borrowed for the call */
    const char *layer, *op, *shape, *route, *file, *source;
} pnas_route_line;

/* Calls `print` for each op of each layer, in order; nothing is built. */
pnas_status pnas_route_list(const pnas_cl *cl, const pnas_graph *graph, int batch,
                            void (*print)(void *payload, const pnas_route_line *line), void *payload);

#endif
