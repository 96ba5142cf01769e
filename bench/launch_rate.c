/* How many kernels a second a device starts that do next to nothing, from one thread and from several with a queue
 * each: what a step of many small launches costs at least. */
#include "bench/together.h"
#include "cl/ops/op.h"
#include "cl/runtime/context.h"
#include "src/base/clock.h"
#include "src/base/log.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

enum { LAUNCHES = 1000, QUEUES_MOST = 64, WAITS = 200 };

typedef struct {
    const char *device;
    int queues, rounds;
} arguments;

typedef struct {
    pnas_cl *cl;
    cl_mem buffer;
    pnas_launch_list list; /* LAUNCHES kernels of one work-group */
    int rounds;
} queue;

static const struct argp_option options[] = {
    {"device", 'd', "DEVICE", 0, "index, cpu, gpu or part of a name (auto)", 0},
    {"queues", 'q', "Q", 0, "up to so many queues, 1 to 64 (8)", 0},
    {"rounds", 'k', "ROUNDS", 0, "of a thousand launches in each queue (20)", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case 'd':
        a->device = value;
        break;
    case 'q':
        a->queues = atoi(value);
        break;
    case 'k':
        a->rounds = atoi(value);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static pnas_status open_queue(pnas_cl *cl, int rounds, queue *out)
{
    out->rounds = rounds;
    PNAS_TRY(pnas_cl_create_lane(cl, PNAS_ROUTE_AUTO, &out->cl));
    PNAS_TRY(pnas_buffer_create(out->cl, sizeof(cl_float), &out->buffer));
    for (int i = 0; i < LAUNCHES; ++i)
        PNAS_TRY(pnas_op_zero(out->cl, &out->list, (pnas_slice){out->buffer, 0}, 1));
    PNAS_TRY(pnas_launch_run(out->cl, &out->list, NULL)); /* compiles, too */
    return pnas_cl_finish(out->cl);
}

static void close_queue(queue *q)
{
    pnas_launch_clear(&q->list);
    pnas_buffer_release(&q->buffer);
    pnas_cl_destroy(&q->cl);
}

static pnas_status launch(void *item)
{
    queue *q = item;
    for (int i = 0; i < q->rounds; ++i) {
        PNAS_TRY(pnas_launch_run(q->cl, &q->list, NULL));
        PNAS_TRY(pnas_cl_finish(q->cl));
    }
    return PNAS_OK;
}

static pnas_status time_waits(queue *q)
{
    pnas_launch_list one = {.item = q->list.item, .count = 1};
    double start = pnas_clock_seconds();
    for (int i = 0; i < WAITS; ++i) {
        PNAS_TRY(pnas_launch_run(q->cl, &one, NULL));
        PNAS_TRY(pnas_cl_finish(q->cl));
    }
    printf("one launch and the wait for its end: %.1f us\n", 1e6 * (pnas_clock_seconds() - start) / WAITS);
    return PNAS_OK;
}

static pnas_status time_some(queue *queues, int count)
{
    void *items[QUEUES_MOST];
    together_time time;
    for (int i = 0; i < count; ++i)
        items[i] = &queues[i];
    PNAS_TRY(together_run(launch, items, count, &time));
    double launches = (double)count * queues[0].rounds * LAUNCHES;
    printf("%2d queue%s: %10.0f launches a second, %7.2f us each, %5.2f cores busy\n", count,
           count == 1 ? " " : "s", launches / time.seconds, 1e6 * time.seconds / launches,
           time.busy / time.seconds);
    fflush(stdout);
    return PNAS_OK;
}

static pnas_status measure(const arguments *a)
{
    queue queues[QUEUES_MOST] = {{0}};
    pnas_cl *cl = NULL;
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_cl_create(&(pnas_cl_options){.device = a->device}, &cl));
    printf("device %s\n", cl->info.name);
    for (int i = 0; i < a->queues; ++i)
        PNAS_TRY_CLEANUP(open_queue(cl, a->rounds, &queues[i]));
    PNAS_TRY_CLEANUP(time_waits(&queues[0]));
    for (int some = 1; some < a->queues; some *= 2)
        PNAS_TRY_CLEANUP(time_some(queues, some));
    status = time_some(queues, a->queues);
cleanup:
    for (int i = 0; i < a->queues; ++i)
        close_queue(&queues[i]);
    pnas_cl_destroy(&cl);
    return status;
}

int main(int argc, char **argv)
{
    arguments a = {.queues = 8, .rounds = 20};
    const struct argp argp = {options, parse, NULL, "Times launches of kernels that do next to nothing.",
                              NULL,    NULL,  NULL};
    argp_err_exit_status = 64;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    pnas_log_setup("launch_rate", PNAS_LOG_INFO, 0, 1);
    pnas_status status = PNAS_OK;
    if (a.queues < 1 || a.queues > QUEUES_MOST || a.rounds < 1)
        status = pnas_fail(PNAS_ERROR_USAGE, "--queues takes 1 to %d, --rounds 1 or more; see --help",
                           QUEUES_MOST);
    else
        status = measure(&a);
    if (status != PNAS_OK)
        pnas_error("%s", pnas_message());
    return pnas_exit_code(status);
}
