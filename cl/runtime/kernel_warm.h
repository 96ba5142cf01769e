/* Private to cl: kernels of drivers that compile late. Local: a call may wait for a process that
 * compiles the same kernel.
 *
 * PoCL compiles a kernel when it is first run, for each local size. To have that done before a list runs, one
 * work-group of each of its kernels is run; where another process of the machine compiles a kernel, this one
 * goes on with the next and comes back for it when it lies in the driver's cache. */
#ifndef PNAS_CL_KERNEL_WARM_H
#define PNAS_CL_KERNEL_WARM_H

#include "cl/runtime/launch.h"

/* Runs one work-group of each kernel of a built list that this context has not run yet, and sets *ran if
 * there was one; does nothing where the driver compiles early. What the kernels write means nothing; their
 * buffers must hold valid indices. options: NULL for none. */
pnas_status pnas_kernels_warm(pnas_cl *cl, pnas_launch_list *list, const pnas_build_options *options,
                              bool *ran);

/* Forgets which kernels were run; for the context's end. */
void pnas_warm_kernels_release(pnas_cl *cl);

#endif
