/* How fast children train that take their steps together, in one set of launches (cl/train/training_group.h). */
#ifndef PNAS_BENCH_CHILD_GROUPS_H
#define PNAS_BENCH_CHILD_GROUPS_H

#include "bench/step_child.h"

/* Prints a line for groups of 1, 2, 4 ... and `most` children, options->steps steps each: of options->cell, or the
 * random cells that step_launches --random has. Where the device's kernels are not joined, only says so. */
pnas_status child_groups_time(pnas_cl *cl, const step_child_options *options, int most);

#endif
