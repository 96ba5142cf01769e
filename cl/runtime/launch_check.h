/* Private to cl: whether launches access what they say, and so may be put in another order. For tests and searches
 * for a fault: all buffers that launches name are read and written again and again. Local. */
#ifndef PNAS_CL_LAUNCH_CHECK_H
#define PNAS_CL_LAUNCH_CHECK_H

#include "cl/runtime/launch.h"

/* Runs the list, each launch twice: the second time with other bytes wherever it says that it reads and
 * writes nothing; but buffers that no launch of the list names stay, as nobody writes them (images). What it
 * writes must be the same, and nothing else may change. PNAS_ERROR_INTERNAL names the first launch that
 * accesses what it does not say, and the byte. Launches that say nothing are only run. Afterwards memory is
 * as after pnas_launch_run. */
pnas_status pnas_launch_check_accesses(pnas_cl *cl, pnas_launch_list *list);

/* Runs the list as it is; then joined; then in an order in which as many launches as possible are early: the memory
 * must be the same to the bit. PNAS_ERROR_INTERNAL names the buffer's first other byte. It has no calls. */
pnas_status pnas_launch_check_order(pnas_cl *cl, pnas_launch_list *list);

#endif
