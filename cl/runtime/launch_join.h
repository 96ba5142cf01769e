/* Private to cl: fewer launches for the same work. Launches of one kernel with the same buffers, of which none waits
 * for another, become one launch whose table of jobs has the values of each (cl/ops/kernels/job.h). Each group of
 * work-items does what it would have done, so memory is the same to the bit. Local. */
#ifndef PNAS_CL_LAUNCH_JOIN_H
#define PNAS_CL_LAUNCH_JOIN_H

#include "cl/runtime/launch_order.h"

typedef struct { /* borrowed, and must outlive what is made of them */
    const pnas_launch_list *list;
    const pnas_launch_order *order; /* of that list */
} pnas_join_part;

/* Appends to `out` what does the work of all parts, each in an order that it allows. The parts themselves do not
 * depend on each other: what one writes no other one touches. Launches whose values are no jobs stay alone. */
pnas_status pnas_launch_join(const pnas_join_part *parts, size_t count, pnas_launch_list *out);

#endif
