#include "cl/runtime/event_wait.h"

#include "cl/runtime/cl_error.h"
#include "src/base/clock.h"

#include <math.h>

/* Most waits for a small copy are shorter than the first, which passes without sleep. */
#define SHORT_WAIT  30e-6
#define NAP_LONGEST 0.5e-3

static cl_int ask(cl_event event, cl_int *state)
{
    return clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof *state, state, NULL);
}

static cl_int sleep_until(cl_event event)
{
    double start = pnas_clock_seconds();
    for (;;) {
        cl_int state = CL_QUEUED, code = ask(event, &state);
        if (code != CL_SUCCESS || state <= CL_COMPLETE)
            return code;
        double waited = pnas_clock_seconds() - start;
        if (waited > SHORT_WAIT)
            pnas_clock_sleep(fmin(waited / 4, NAP_LONGEST));
    }
}

pnas_status pnas_event_wait(const pnas_cl *cl, cl_event event)
{
    cl_int state = CL_COMPLETE, code = cl->info.cpu ? CL_SUCCESS : sleep_until(event);
    if (code == CL_SUCCESS) /* of a complete event, too: only then may what it wrote be read */
        code = clWaitForEvents(1, &event);
    if (ask(event, &state) == CL_SUCCESS && state < 0)
        code = state; /* says more than that a command failed */
    return pnas_cl_status(code, "waiting for the device");
}

pnas_status pnas_event_wait_for_queue(const pnas_cl *cl)
{
    cl_event event;
    if (cl->info.cpu)
        return PNAS_OK;
    PNAS_TRY(pnas_cl_status(clEnqueueMarkerWithWaitList(cl->queue, 0, NULL, &event),
                            "clEnqueueMarkerWithWaitList"));
    pnas_status status = pnas_cl_status(clFlush(cl->queue), "clFlush");
    if (status == PNAS_OK)
        status = pnas_event_wait(cl, event);
    clReleaseEvent(event);
    return status;
}
