/* Compiles what children need before anybody trains them, so that a search finds it in the cache directory.
 * Local. */
#ifndef PNAS_CL_WARM_UP_H
#define PNAS_CL_WARM_UP_H

#include "cl/runtime/context.h"
#include "src/net/graph.h"
#include "src/net/training.h"

/* How many processes should compile together, which have `cores` cores: each has a context of its own on the
 * device, which takes memory of a GPU. */
int pnas_warm_up_processes(const pnas_device_info *device, int cores);

/* Makes each child's plan and drops it again. Processes that do the same at the same time share the work. */
pnas_status pnas_warm_up(pnas_cl *cl, const pnas_graph *const *graphs, int count,
                         const pnas_training_options *training);

#endif
