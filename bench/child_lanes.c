#include "bench/child_lanes.h"

#include "bench/together.h"
#include "cl/runtime/cl_error.h"
#include "cl/runtime/context.h"
#include "cl/runtime/event_wait.h"

#include <stdio.h>
#include <stdlib.h>

enum { IN_FLIGHT = 2 }; /* steps that are enqueued before the first is waited for, as in training */

typedef struct {
    pnas_cl *cl;
    step_child child;
    int steps;
} lane;

static pnas_status run_steps(lane *l, cl_event *flight)
{
    for (int i = 0; i < l->steps; ++i) {
        cl_event *event = &flight[i % IN_FLIGHT];
        if (*event) {
            PNAS_TRY(pnas_event_wait(l->cl, *event));
            clReleaseEvent(*event);
            *event = NULL;
        }
        PNAS_TRY(pnas_launch_run(l->cl, &l->child.plan->step, event));
        PNAS_TRY(pnas_cl_status(clFlush(l->cl->queue), "clFlush"));
    }
    return pnas_cl_finish(l->cl);
}

static pnas_status train(void *item)
{
    cl_event flight[IN_FLIGHT] = {NULL};
    pnas_status status = run_steps(item, flight);
    for (int i = 0; i < IN_FLIGHT; ++i)
        if (flight[i])
            clReleaseEvent(flight[i]);
    return status;
}

static pnas_status time_some(lane *const *lanes, int count, int steps)
{
    together_time time;
    for (int i = 0; i < count; ++i)
        lanes[i]->steps = steps;
    PNAS_TRY(together_run(train, (void *const *)lanes, count, &time));
    printf("%2d lane%s: %8.2f steps a second, %8.2f ms a step in each, %5.2f cores busy\n", count,
           count == 1 ? " " : "s", count * steps / time.seconds, 1e3 * time.seconds / steps,
           time.busy / time.seconds);
    fflush(stdout);
    return PNAS_OK;
}

static pnas_status time_all(pnas_cl *cl, const step_child_options *options, lane **lanes, int count)
{
    step_child_options wanted = *options;
    together_time warm_up;
    wanted.steps = 2 + 8 * options->steps; /* a step to begin with, and those of each number of lanes */
    for (int i = 0; i < count; ++i) {
        PNAS_TRY(pnas_cl_create_lane(cl, PNAS_ROUTE_AUTO, &lanes[i]->cl));
        PNAS_TRY(step_child_create(lanes[i]->cl, &wanted, &lanes[i]->child));
        lanes[i]->steps = 1;
    }
    PNAS_TRY(together_run(train, (void *const *)lanes, count, &warm_up));
    for (int some = 1; some < count; some *= 2)
        PNAS_TRY(time_some(lanes, some, options->steps));
    return time_some(lanes, count, options->steps);
}

pnas_status child_lanes_time(pnas_cl *cl, const step_child_options *options, int count)
{
    lane **lanes = calloc((size_t)count, sizeof *lanes);
    pnas_status status = PNAS_OK;
    PNAS_CHECK(lanes, PNAS_ERROR_MEMORY, "no memory for %d lanes", count);
    for (int i = 0; i < count; ++i) {
        lanes[i] = calloc(1, sizeof *lanes[i]);
        PNAS_CHECK_CLEANUP(lanes[i], PNAS_ERROR_MEMORY, "no memory for %d lanes", count);
    }
    status = time_all(cl, options, lanes, count);
cleanup:
    for (int i = 0; i < count && lanes[i]; ++i) {
        step_child_destroy(&lanes[i]->child);
        pnas_cl_destroy(&lanes[i]->cl);
        free(lanes[i]);
    }
    free(lanes);
    return status;
}
