/* How fast several children train at once on a device, a queue and a thread each. */
#ifndef PNAS_BENCH_CHILD_LANES_H
#define PNAS_BENCH_CHILD_LANES_H

#include "bench/step_child.h"

/* Prints a line for 1, 2, 4 ... and `lanes` of them, options->steps steps each. */
pnas_status child_lanes_time(pnas_cl *cl, const step_child_options *options, int lanes);

#endif
