/* Private to cl: waiting for a device. Local.
 *
 * Drivers of GPUs may keep a core busy while they wait, a core for each lane. So on any device but a CPU these look
 * now and then and sleep in between: late by a quarter of the wait and by half a millisecond at most. */
#ifndef PNAS_CL_EVENT_WAIT_H
#define PNAS_CL_EVENT_WAIT_H

#include "cl/runtime/context_fields.h"

/* Until `event`, of a queue that was flushed, is complete; an error if its command failed. */
pnas_status pnas_event_wait(const pnas_cl *cl, cl_event event);

/* Before a call that waits for the whole queue: there is nothing left to wait for. On a CPU the call may wait. */
pnas_status pnas_event_wait_for_queue(const pnas_cl *cl);

#endif
