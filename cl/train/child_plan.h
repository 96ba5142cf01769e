/* Inside the cl rooms: one child made ready to run. Graph and memory plan become buffers and launch lists: a
 * training step, an evaluation step and what goes before an evaluation. Local. */
#ifndef PNAS_CL_CHILD_PLAN_H
#define PNAS_CL_CHILD_PLAN_H

#include "cl/train/child_layout.h"

/* Bytes of device memory a plan will take, before anything is allocated. */
pnas_status pnas_child_plan_bytes(pnas_cl *cl, const pnas_graph *graph,
                                  const pnas_child_plan_options *options, uint64_t *bytes);

pnas_status pnas_child_plan_create(pnas_cl *cl, const pnas_graph *graph,
                                   const pnas_child_plan_options *options, pnas_child_plan **out);
void pnas_child_plan_destroy(pnas_child_plan **plan);

#endif
