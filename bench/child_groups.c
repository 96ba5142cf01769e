#include "bench/child_groups.h"

#include "bench/together.h"
#include "cl/ops/lane.h"
#include "cl/runtime/cl_error.h"
#include "cl/runtime/context.h"
#include "cl/runtime/event_wait.h"
#include "cl/train/child_group.h"
#include "src/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

enum { IN_FLIGHT = 2 }; /* steps that are enqueued before the first is waited for, as in training */
/* Steps that are not timed: until all members have met and the joined launches are made, and at the end, where queues
 * run empty and members leave. */
enum { WARM_UP = 4, COOL_DOWN = 4 };

typedef struct {
    pnas_cl *cl; /* of the first it is the caller's */
    step_child child;
    pnas_child_group *group; /* NULL: the child takes its steps alone */
    int number, steps;
    double seconds; /* of the steps that are timed */
} member;

/* --- steps --- */

static pnas_status enqueue(member *m, cl_event *event)
{
    pnas_child_plan *plan = m->child.plan;
    if (m->group)
        return pnas_child_group_run(m->group, m->number, &plan->recorded_step, &plan->step, event);
    PNAS_TRY(pnas_launch_run(m->cl, &plan->step, event));
    return pnas_cl_status(clFlush(m->cl->queue), "clFlush");
}

static pnas_status take(const member *m, cl_event *event)
{
    if (!*event)
        return PNAS_OK;
    pnas_status status = pnas_event_wait(m->cl, *event);
    clReleaseEvent(*event);
    *event = NULL;
    return status;
}

static pnas_status train(void *item)
{
    member *m = item;
    cl_event flight[IN_FLIGHT] = {NULL};
    pnas_status status = PNAS_OK;
    int all = WARM_UP + m->steps + COOL_DOWN;
    for (int i = 0; i < all + IN_FLIGHT && status == PNAS_OK; ++i) {
        int done = i - IN_FLIGHT + 1; /* steps, once this one is taken */
        status = take(m, &flight[i % IN_FLIGHT]);
        if (done == WARM_UP)
            m->seconds = -pnas_clock_seconds();
        if (done == WARM_UP + m->steps)
            m->seconds += pnas_clock_seconds();
        if (status == PNAS_OK && i < all)
            status = enqueue(m, &flight[i % IN_FLIGHT]);
    }
    if (m->group)
        pnas_child_group_leave(m->group, m->number);
    for (int i = 0; i < IN_FLIGHT; ++i)
        if (flight[i])
            clReleaseEvent(flight[i]);
    return status;
}

/* The seconds that a step of all members takes. */
static pnas_status time_together(member *const *members, int count, int steps, double *seconds)
{
    together_time time;
    for (int i = 0; i < count; ++i)
        members[i]->steps = steps;
    PNAS_TRY(together_run(train, (void *const *)members, count, &time));
    *seconds = 0;
    for (int i = 0; i < count; ++i)
        *seconds += members[i]->seconds / steps / count;
    return PNAS_OK;
}

/* One after the other, each by its own launches. */
static pnas_status time_apart(member *const *members, int count, int steps, double *sum)
{
    *sum = 0;
    for (int i = 0; i < count; ++i) {
        double own;
        pnas_child_group *group = members[i]->group;
        members[i]->group = NULL;
        pnas_status status = time_together(&members[i], 1, steps, &own);
        members[i]->group = group;
        PNAS_TRY(status);
        *sum += own;
    }
    return PNAS_OK;
}

/* --- a group --- */

static pnas_status plan_children(pnas_cl *cl, const step_child_options *options, member *const *members,
                                 int count, uint64_t *bytes)
{
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 0, 0);
    step_child_options wanted = *options;
    wanted.steps = 2 * (WARM_UP + options->steps + COOL_DOWN); /* together and apart */
    *bytes = 0;
    for (int i = 0; i < count; ++i) {
        member *m = members[i];
        char text[PNAS_CELL_TEXT_MAX];
        step_child_draw(options->blocks, &stream, text);
        wanted.cell = options->cell ? options->cell : text;
        m->number = i;
        m->cl = cl;
        if (i > 0)
            PNAS_TRY(pnas_lane_create_sharing(cl, &m->cl));
        PNAS_TRY(step_child_plan(m->cl, &wanted, i ? &members[0]->child : NULL, &m->child));
        uint64_t own = pnas_child_plan_bytes(m->child.plan);
        *bytes = own > *bytes ? own : *bytes;
    }
    return PNAS_OK;
}

static pnas_status build_children(const step_child_options *options, member *const *members, int count,
                                  pnas_child_group *group)
{
    for (int i = 0; i < count; ++i) {
        pnas_child_plan_options *plan = &members[i]->child.plan->options;
        plan->group = members[i]->group = group;
        plan->member = i;
        plan->room = pnas_child_group_room(group, i);
        PNAS_TRY(step_child_build(options, &members[i]->child));
    }
    return PNAS_OK;
}

static pnas_status time_group(pnas_cl *cl, const step_child_options *options, member *const *members,
                              int count, pnas_child_group **group)
{
    uint64_t bytes;
    double together, apart;
    PNAS_TRY(plan_children(cl, options, members, count, &bytes));
    PNAS_TRY(pnas_child_group_create(cl, count, bytes, group));
    PNAS_TRY(build_children(options, members, count, *group));
    PNAS_TRY(time_together(members, count, options->steps, &together));
    PNAS_TRY(time_apart(members, count, options->steps, &apart));
    printf("group of %2d: %8.2f steps a second, %8.2f ms a step of a child; one after the other %8.2f ms\n",
           count, count / together, 1e3 * together / count, 1e3 * apart / count);
    fflush(stdout);
    return PNAS_OK;
}

static pnas_status time_some(pnas_cl *cl, const step_child_options *options, int count)
{
    pnas_child_group *group = NULL;
    pnas_status status = PNAS_OK;
    member **members = calloc((size_t)count, sizeof *members);
    PNAS_CHECK(members, PNAS_ERROR_MEMORY, "no memory for a group of %d", count);
    for (int i = 0; i < count; ++i) {
        members[i] = calloc(1, sizeof **members);
        PNAS_CHECK_CLEANUP(members[i], PNAS_ERROR_MEMORY, "no memory for a group of %d", count);
    }
    status = time_group(cl, options, members, count, &group);
cleanup:
    for (int i = 0; i < count && members[i]; ++i) {
        if (group)
            pnas_child_group_forget(group, i);
        step_child_destroy(&members[i]->child);
    }
    pnas_child_group_destroy(&group);
    for (int i = 0; i < count && members[i]; ++i) {
        if (members[i]->cl != cl)
            pnas_cl_destroy(&members[i]->cl);
        free(members[i]);
    }
    free(members);
    return status;
}

pnas_status child_groups_time(pnas_cl *cl, const step_child_options *options, int most)
{
    if (!pnas_cl_joins(cl)) {
        printf(
            "groups: launches are not joined on this device, so its children train one by one; --route gpu "
            "tries the kernels of GPUs on it\n");
        return PNAS_OK;
    }
    printf("children of groups: %s\n", options->cell ? options->cell : "random cells");
    for (int count = 1; count < most; count *= 2)
        PNAS_TRY(time_some(cl, options, count));
    return time_some(cl, options, most);
}
