/* Private to cl: where the ops of a child have their scratch memory and statistics. Local.
 *
 * Launches that run in their own order share one place. Joined launches need another order, so each op has a place of
 * its own; those of ops that run long after each other are the same memory again. */
#ifndef PNAS_CL_CHILD_SCRATCH_H
#define PNAS_CL_CHILD_SCRATCH_H

#include "cl/train/child_layout.h"

/* Fills in scratch_at, norm_scratch_at, statistics_at (the plan's to free), scratch_floats and statistics_floats. */
pnas_status pnas_child_scratch_lay_out(pnas_child_plan *plan);

#endif
