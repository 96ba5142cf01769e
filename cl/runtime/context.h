/* A device to compute on: one in-order queue, built programs, a tuned table. Local to a rank.
 *
 * Any OpenCL 1.2 device will do. V is the width of a channel block in every tensor of this context:
 * offset(n, c, pixel) = n * stride + (c / V) * H * W * V + pixel * V + c mod V, channels padded to V. */
#ifndef PNAS_CL_CONTEXT_H
#define PNAS_CL_CONTEXT_H

#include "cl/runtime/context_options.h"
#include "cl/runtime/device_info.h"
#include "src/base/status.h"

typedef struct pnas_cl pnas_cl;

pnas_status pnas_cl_create(const pnas_cl_options *options, pnas_cl **out);

/* A further lane on the device of `cl`, which must outlive it: a queue, kernel objects and scratch memory of
 * its own, so that one thread can work with each. Programs, tables and memory objects are shared. `route`: as
 * in pnas_cl_options, but AUTO means that of `cl`. */
pnas_status pnas_cl_create_lane(pnas_cl *cl, pnas_route route, pnas_cl **out);

/* The same on the queue of `cl`: whatever both enqueue runs in the order in which they enqueue it. */
pnas_status pnas_cl_create_sharing(pnas_cl *cl, pnas_cl **out);

void pnas_cl_destroy(pnas_cl **cl);
const pnas_device_info *pnas_cl_device(const pnas_cl *cl); /* borrowed */
int pnas_cl_vector(const pnas_cl *cl);
/* Whether equal launches of a child are joined (cl/runtime/launch_join.h): on GPUs, whose routes have kernels
 * that allow it, and wherever their routes are forced. */
bool pnas_cl_joins(const pnas_cl *cl);

#endif
