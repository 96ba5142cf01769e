/* How long each op of a child takes, forward and backward, at the shapes that it has there, and how near that
 * is to what the device can do at best. What an op includes stands in docs/performance.md. */
#include "bench/floors.h"
#include "bench/op_bench.h"
#include "cl/runtime/context.h"
#include "src/base/clock.h"
#include "src/base/log.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
    const char *device, *only;
    int blocks, filters, batch, size, threads;
    double seconds;
    bool csv, list, cpu_time;
} arguments;

static const struct argp_option options[] = {
    {"blocks", 'b', "B", 0, "blocks of a cell: the squeezes read all of them (5)", 0},
    {"filters", 'f', "F", 0, "filters of the first stage (24)", 0},
    {"batch", 'm', "M", 0, "images a batch (64)", 0},
    {"size", 's', "PIXELS", 0, "height and width of the images (32)", 0},
    {"seconds", 'k', "S", 0, "time for each op (0.2)", 0},
    {"threads", 't', "T", 0, "cores of a CPU device (all)", 0},
    {"device", 'd', "DEVICE", 0, "index, cpu, gpu or part of a name (auto)", 0},
    {"only", 'o', "TEXT", 0, "only ops whose name holds TEXT", 0},
    {"cpu-time", 'p', NULL, 0, "measure processor time, all threads' together: for a busy machine", 0},
    {"csv", 'c', NULL, 0, "print name,direction,milliseconds", 0},
    {"list", 'l', NULL, 0, "measure nothing; print the cases as CSV, for peers", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case 'b':
        a->blocks = atoi(value);
        break;
    case 'f':
        a->filters = atoi(value);
        break;
    case 'm':
        a->batch = atoi(value);
        break;
    case 's':
        a->size = atoi(value);
        break;
    case 'k':
        a->seconds = atof(value);
        break;
    case 't':
        a->threads = atoi(value);
        break;
    case 'd':
        a->device = value;
        break;
    case 'o':
        a->only = value;
        break;
    case 'p':
        a->cpu_time = true;
        break;
    case 'c':
        a->csv = true;
        break;
    case 'l':
        a->list = true;
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double now(bool cpu_time)
{
    struct timespec time;
    if (!cpu_time)
        return pnas_clock_seconds();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* `runs` runs in one go, as a step queues its ops: without waiting in between. */
static pnas_status time_runs(pnas_cl *cl, const arguments *a, pnas_launch_list *list, int runs,
                             double *seconds)
{
    double start = now(a->cpu_time);
    for (int i = 0; i < runs; ++i)
        PNAS_TRY(pnas_launch_run(cl, list, NULL));
    PNAS_TRY(pnas_cl_finish(cl));
    *seconds = (now(a->cpu_time) - start) / runs;
    return PNAS_OK;
}

/* The median of several goes, each long enough that waiting for its end does not count. */
static pnas_status time_list(pnas_cl *cl, const arguments *a, pnas_launch_list *list, double *median)
{
    enum { GOES = 7 };
    double seconds[GOES], once;
    PNAS_TRY(time_runs(cl, a, list, 1, &once)); /* compiles */
    PNAS_TRY(time_runs(cl, a, list, 1, &once));
    int runs = (int)(a->seconds / GOES / (once > 1e-6 ? once : 1e-6));
    for (int i = 0; i < GOES; ++i)
        PNAS_TRY(time_runs(cl, a, list, runs < 1 ? 1 : runs, &seconds[i]));
    qsort(seconds, GOES, sizeof *seconds, by_value);
    *median = seconds[GOES / 2];
    return PNAS_OK;
}

static void print_row(const arguments *a, const pnas_op_case *c, const char *direction,
                      pnas_launch_list *list, double seconds, const pnas_floors *floors)
{
    double flops = 0, bytes = 0;
    for (size_t i = 0; i < list->count; ++i) {
        flops += list->item[i].flops;
        bytes += list->item[i].bytes;
    }
    if (a->csv)
        printf("%s,%s,%.6f\n", c->name, direction, 1e3 * seconds);
    else
        printf("%-40s %-8s %9.3f %9.1f %8.1f %8.0f\n", c->name, direction, 1e3 * seconds,
               1e-9 * flops / seconds, 1e-9 * bytes / seconds,
               100 * pnas_floors_seconds(floors, flops, bytes) / seconds);
    fflush(stdout);
}

static pnas_status measure_case(pnas_cl *cl, const arguments *a, const pnas_op_case *c,
                                const pnas_floors *floors)
{
    pnas_op_bench *bench = NULL;
    PNAS_TRY(pnas_op_bench_create(cl, c, a->batch, &bench));
    pnas_status status = PNAS_OK;
    for (int backward = 0; backward < 2 && status == PNAS_OK; ++backward) {
        pnas_launch_list list = {0};
        double seconds = 0;
        status = pnas_op_bench_append(bench, &list, backward);
        if (status == PNAS_OK && list.count > 0) {
            status = time_list(cl, a, &list, &seconds);
            if (status == PNAS_OK)
                print_row(a, c, backward ? "backward" : "forward", &list, seconds, floors);
        }
        pnas_launch_clear(&list);
    }
    pnas_op_bench_destroy(&bench);
    return status;
}

static void print_cases(const pnas_op_case *cases, int count)
{
    printf("name,kind,C,M,size,kernel_h,kernel_w,stride,dilation,relu\n");
    for (int i = 0; i < count; ++i) {
        const pnas_op_case *c = &cases[i];
        printf("%s,%s,%d,%d,%d,%d,%d,%d,%d,%d\n", c->name, c->word, c->C, c->M, c->size, c->kernel_h,
               c->kernel_w, c->stride, c->dilation, c->relu);
    }
}

static pnas_status measure_all(pnas_cl *cl, const arguments *a, const pnas_op_case *cases, int count)
{
    pnas_floors floors = {1, 1};
    if (!a->csv) {
        PNAS_TRY(pnas_floors_measure(cl, &floors));
        printf("device %s, V = %d; floors: %.0f GFLOP/s, copy %.1f GB/s\n%-40s %-8s %9s %9s %8s %8s\n",
               cl->info.name, cl->vector, 1e-9 * floors.flops, 1e-9 * floors.bytes, "op", "", "ms", "GFLOP/s",
               "GB/s", "% floor");
    }
    for (int i = 0; i < count; ++i)
        if (!a->only || strstr(cases[i].name, a->only))
            PNAS_TRY(measure_case(cl, a, &cases[i], &floors));
    return PNAS_OK;
}

static pnas_status run(const arguments *a)
{
    static pnas_op_case cases[PNAS_OP_CASES_MAX];
    int count = pnas_op_cases(a->blocks, a->filters, a->size, cases);
    if (a->list) {
        print_cases(cases, count);
        return PNAS_OK;
    }
    pnas_cl *cl = NULL;
    PNAS_TRY(pnas_cl_create(&(pnas_cl_options){.device = a->device, .threads = a->threads}, &cl));
    pnas_status status = measure_all(cl, a, cases, count);
    pnas_cl_destroy(&cl);
    return status;
}

int main(int argc, char **argv)
{
    arguments a = {.blocks = 5, .filters = 24, .batch = 64, .size = 32, .seconds = 0.2};
    const struct argp argp = {options, parse, NULL, "Times the ops of a child network.", NULL, NULL, NULL};
    argp_err_exit_status = 64;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    pnas_log_setup("ops", PNAS_LOG_INFO, 0, 1);
    pnas_status status = PNAS_OK;
    if (a.blocks < 1 || a.filters < 4 || a.batch < 1 || a.size < 4 || a.seconds <= 0)
        status = pnas_fail(PNAS_ERROR_USAGE,
                           "filters and size must be at least 4, blocks, batch and seconds positive");
    else
        status = run(&a);
    if (status != PNAS_OK)
        pnas_error("%s", pnas_message());
    return pnas_exit_code(status);
}
