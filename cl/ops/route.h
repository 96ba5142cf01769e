/* Which implementation serves an op for a shape on a device: the table of cl/runtime/op_kind.h, not an `if`
 * in an op. Local. */
#ifndef PNAS_CL_ROUTE_H
#define PNAS_CL_ROUTE_H

#include "cl/runtime/context_fields.h"
#include "cl/runtime/op_kind.h"

/* What the device's tuned table says of this op and shape, else the first route in the row of its kind
 * that fits this device and has what it needs, else PLAIN. A route forced in the context wins on any device
 * where it has what it needs. */
pnas_route pnas_route_choose(const pnas_cl *cl, pnas_op_kind op, const pnas_route_shape *shape);

/* The same, with where it comes from ("tuned", "built-in", "no other"; static). */
pnas_route pnas_route_explain(const pnas_cl *cl, pnas_op_kind op, const pnas_route_shape *shape,
                              const char **source);

/* Whether the kernels of a route can do this at all, on this device's V. */
bool pnas_route_possible(const pnas_cl *cl, pnas_op_kind op, pnas_route route, const pnas_route_shape *shape);

/* The kernel file that a route of an op is in; static. */
const char *pnas_route_file(pnas_op_kind op, pnas_route route);

/* Whether the table has this route for some shape of the op on this device. */
bool pnas_route_allowed(const pnas_cl *cl, pnas_op_kind op, pnas_route route);

#endif
