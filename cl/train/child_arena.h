/* Private to cl: the device's memory for a child's tensors, in as many buffers as its largest allocation asks for.
 * Local. */
#ifndef PNAS_CL_CHILD_ARENA_H
#define PNAS_CL_CHILD_ARENA_H

#include "cl/train/child_layout.h"

/* Says how many buffers there will be, before there is any. Goes with pnas_child_arena_release. */
pnas_status pnas_child_arena_lay_out(pnas_child_plan *plan);
uint64_t pnas_child_arena_floats(const pnas_child_plan *plan); /* of memory */
pnas_status pnas_child_arena_create(pnas_child_plan *plan);    /* takes the plan's memory */
void pnas_child_arena_release(pnas_child_plan *plan);

/* Padding channels are never written by some ops, so the whole arena starts as zeros. */
pnas_status pnas_child_arena_append_zeros(pnas_child_plan *plan, pnas_launch_list *list);

#endif
