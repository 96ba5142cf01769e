/* Which ops a child's step is made of, as the table of routes is asked for them, before anything is built.
 * Local. */
#ifndef PNAS_CL_CHILD_ROUTES_H
#define PNAS_CL_CHILD_ROUTES_H

#include "cl/ops/routed_op.h"
#include "src/net/graph.h"

/* Calls `visit` for each op of each layer, forward and backward, in the layers' order; an op whose directions
 * share a route once. Ends at the first status other than PNAS_OK and returns it. */
pnas_status pnas_child_routes(const pnas_graph *graph, int batch, int vector,
                              pnas_status (*visit)(void *payload, const pnas_routed_op *op), void *payload);

#endif
