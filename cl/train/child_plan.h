/* Private to cl: one child made ready to run. Graph and memory plan become buffers and launch lists: a
 * training step, an evaluation step and what goes before an evaluation. Local. */
#ifndef PNAS_CL_CHILD_PLAN_H
#define PNAS_CL_CHILD_PLAN_H

#include "cl/train/child_layout.h"

/* All that is known of a child before the device has anything of it: sizes, and where each value will lie.
 * `cl`, `graph` and what `options` points at are borrowed for the plan's life. */
pnas_status pnas_child_plan_create(pnas_cl *cl, const pnas_graph *graph,
                                   const pnas_child_plan_options *options, pnas_child_plan **out);

/* Bytes of device memory that building it takes. */
uint64_t pnas_child_plan_bytes(const pnas_child_plan *plan);

/* The first part of building it: gives every value its place and records the launches. The device has nothing to do yet
 * but to create buffers, and not even that where options.room is large enough: it may then be any buffer as long as
 * nothing runs. */
pnas_status pnas_child_plan_record(pnas_child_plan *plan);

/* Makes the plan ready to run, but for parameters, moments and records, which are the caller's to set:
 * creates the buffers, records the launches and builds all their kernels. options: NULL for none. A plan that
 * could not be built is only good for being destroyed. */
pnas_status pnas_child_plan_build(pnas_child_plan *plan, const pnas_build_options *options);

/* Multiplies the learning rates of all steps, as the schedule has them, by `factor`. */
pnas_status pnas_child_plan_scale_rates(pnas_child_plan *plan, double factor);

void pnas_child_plan_destroy(pnas_child_plan **plan);

#endif
