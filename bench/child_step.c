/* How long one training step of a child takes: median and spread of many steps, and with --ops a table of the
 * step's kernels by op. */
#include "bench/child_groups.h"
#include "bench/child_lanes.h"
#include "bench/floors.h"
#include "cl/runtime/cl_error.h"
#include "cl/runtime/context.h"
#include "src/base/clock.h"
#include "src/base/log.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    step_child_options child; /* its steps: to time */
    const char *device;
    int threads, lanes, groups, vector;
    pnas_route route;
    bool ops;
} arguments;

static const struct argp_option options[] = {
    {"cell", 'c', "TEXT", 0, "the child's cell; default: the first --blocks of a fixed five", 0},
    {"operator", 'a', "NAME", 0, "a built-in operator of --cell that is not among the paper's eight", 0},
    {"blocks", 'b', "B", 0, "blocks of the default cell, 1 to 5 (2)", 0},
    {"filters", 'f', "F", 0, "filters of the first stage (24)", 0},
    {"repeats", 'n', "N", 0, "stride-1 cells a stage (2)", 0},
    {"batch", 'm', "M", 0, "images a batch (64)", 0},
    {"size", 's', "PIXELS", 0, "height and width of the images (32)", 0},
    {"steps", 'k', "STEPS", 0, "steps to time (20)", 0},
    {"threads", 't', "T", 0, "cores of a CPU device (all)", 0},
    {"device", 'd', "DEVICE", 0, "index, cpu, gpu or part of a name (auto)", 0},
    {"storage", 'S', "KIND", 0, "of activations: float or half (float)", 0},
    {"augment", 'A', "KIND", 0, "of the images: crop, colours, rand (two ops of RandAugment) or all", 0},
    {"ops", 'o', NULL, 0,
     "print a table by op, with its share of the device's floors (uses a profiling queue)", 0},
    {"lanes", 'l', "L", 0, "then time 1, 2, 4 ... L such children at once, a queue and a thread each", 0},
    {"groups", 'g', "G", 0,
     "then time groups of 1, 2, 4 ... G children in one set of launches: random ones of --blocks blocks, or "
     "all of "
     "--cell",
     0},
    {"route", 'R', "gpu|auto", 0,
     "gpu: the kernels of GPUs, on any device (auto: those that this device takes)", 0},
    {0}};

static error_t parse(int key, char *value, struct argp_state *state)
{
    arguments *a = state->input;
    switch (key) {
    case 'c':
        a->child.cell = value;
        break;
    case 'a':
        a->child.operator= value;
        break;
    case 'k':
        a->child.steps = atoi(value);
        break;
    case 't':
        a->threads = atoi(value);
        break;
    case 'd':
        a->device = value;
        break;
    case 'o':
        a->ops = true;
        break;
    case 'l':
        a->lanes = atoi(value);
        break;
    case 'g':
        a->groups = atoi(value);
        break;
    case 'R':
        a->route = step_child_route(value, state, &a->vector);
        break;
    default:
        return step_child_parse(key, value, state, &a->child);
    }
    return 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static pnas_status time_steps(pnas_child_plan *plan, const arguments *a)
{
    double *seconds = malloc((size_t)a->child.steps * sizeof *seconds);
    PNAS_CHECK(seconds, PNAS_ERROR_MEMORY, "no memory for %d times", a->child.steps);
    pnas_status status = PNAS_OK;
    for (int i = -2; i < a->child.steps && status == PNAS_OK; ++i) {
        double start = pnas_clock_seconds();
        status = pnas_launch_run(plan->cl, &plan->step, NULL);
        if (status == PNAS_OK)
            status = pnas_cl_finish(plan->cl);
        if (i < 0)
            printf("%s step %.1f ms\n", i == -2 ? "first" : "second", 1e3 * (pnas_clock_seconds() - start));
        else
            seconds[i] = pnas_clock_seconds() - start;
    }
    if (status == PNAS_OK) {
        qsort(seconds, (size_t)a->child.steps, sizeof *seconds, by_value);
        double median = seconds[a->child.steps / 2];
        printf("step: median %.2f ms, minimum %.2f, maximum %.2f over %d steps; %zu launches; %.1f GFLOP/s\n",
               1e3 * median, 1e3 * seconds[0], 1e3 * seconds[a->child.steps - 1], a->child.steps,
               plan->step.count, 6e-9 * (double)plan->graph->multiply_adds * a->child.batch / median);
    }
    free(seconds);
    return status;
}

typedef struct {
    const char *label;
    int launches;
    double seconds, flops, bytes;
} op_row;

static int by_seconds(const void *a, const void *b)
{
    return -by_value(&((const op_row *)a)->seconds, &((const op_row *)b)->seconds);
}

static pnas_status time_ops(pnas_child_plan *plan, const arguments *a)
{
    op_row row[256] = {{0}};
    int rows = 0;
    double total = 0;
    pnas_floors floors;
    PNAS_TRY(pnas_floors_measure(plan->cl, &floors));
    for (int repeat = 0; repeat < a->child.steps; ++repeat) {
        for (size_t i = 0; i < plan->step.count; ++i) {
            const pnas_launch *launch = &plan->step.item[i];
            pnas_launch_list one = {.item = plan->step.item + i, .count = 1};
            double start = pnas_clock_seconds(), seconds;
            cl_event event;
            PNAS_TRY(pnas_launch_run(plan->cl, &one, &event));
            PNAS_CL_TRY(clWaitForEvents(1, &event), "clWaitForEvents");
            seconds = pnas_clock_seconds() - start;
            cl_ulong from, to;
            if (!launch->call) {
                clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof from, &from, NULL);
                clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof to, &to, NULL);
                seconds = 1e-9 * (double)(to - from);
            }
            clReleaseEvent(event);
            int r = 0;
            while (r < rows && strcmp(row[r].label, launch->label) != 0)
                ++r;
            if (r == rows && rows < 255)
                row[rows++].label = launch->label;
            row[r].launches += 1;
            row[r].seconds += seconds;
            row[r].flops += launch->flops;
            row[r].bytes += launch->bytes;
            total += seconds;
        }
    }
    qsort(row, (size_t)rows, sizeof *row, by_seconds);
    printf("floors: %.0f GFLOP/s, copy %.1f GB/s\n", 1e-9 * floors.flops, 1e-9 * floors.bytes);
    printf("%-40s %8s %10s %6s %9s %8s %8s\n", "op", "launches", "ms a step", "%", "GFLOP/s", "GB/s",
           "% floor");
    for (int r = 0; r < rows; ++r)
        printf("%-40s %8d %10.3f %6.1f %9.1f %8.1f %8.0f\n", row[r].label, row[r].launches / a->child.steps,
               1e3 * row[r].seconds / a->child.steps, 100 * row[r].seconds / total,
               1e-9 * row[r].flops / row[r].seconds, 1e-9 * row[r].bytes / row[r].seconds,
               100 * pnas_floors_seconds(&floors, row[r].flops, row[r].bytes) / row[r].seconds);
    printf("sum of kernels %.2f ms a step\n", 1e3 * total / a->child.steps);
    return PNAS_OK;
}

static pnas_status use_profiling_queue(pnas_cl *cl)
{
    cl_int code;
    cl_command_queue queue = clCreateCommandQueue(cl->context, cl->device, CL_QUEUE_PROFILING_ENABLE, &code);
    PNAS_CL_TRY(code, "clCreateCommandQueue");
    clReleaseCommandQueue(cl->queue);
    cl->queue = queue;
    return PNAS_OK;
}

static pnas_status measure(const arguments *a)
{
    pnas_cl *cl = NULL;
    step_child child = {0};
    step_child_options wanted = a->child;
    pnas_status status = PNAS_OK;
    double start = pnas_clock_seconds();
    wanted.steps = 2 + 2 * a->child.steps; /* to warm up, to time, and one kernel after the other */
    PNAS_TRY_CLEANUP(pnas_cl_create(
        &(pnas_cl_options){
            .device = a->device, .threads = a->threads, .vector = a->vector, .route = a->route},
        &cl));
    if (a->ops)
        PNAS_TRY_CLEANUP(use_profiling_queue(cl));
    PNAS_TRY_CLEANUP(step_child_create(cl, &wanted, &child));
    printf("device %s, V = %d\ncell %s, F = %d, N = %d, batch %d, %lld parameters, %.1f M multiply-adds\n"
           "ready after %.2f s, %.1f MiB of tensors\n",
           cl->info.name, cl->vector, child.text, wanted.filters, wanted.repeats, wanted.batch,
           (long long)child.graph->parameters, 1e-6 * (double)child.graph->multiply_adds,
           pnas_clock_seconds() - start, (double)child.plan->memory->floats * 4 / 1048576);
    PNAS_TRY_CLEANUP(time_steps(child.plan, a));
    if (a->ops)
        PNAS_TRY_CLEANUP(time_ops(child.plan, a));
    step_child_destroy(&child);
    if (a->lanes > 0)
        PNAS_TRY_CLEANUP(child_lanes_time(cl, &a->child, a->lanes));
    if (a->groups > 0)
        status = child_groups_time(cl, &a->child, a->groups);
cleanup:
    step_child_destroy(&child);
    pnas_cl_destroy(&cl);
    return status;
}

int main(int argc, char **argv)
{
    arguments a = {.child = {.blocks = 2,
                             .filters = 24,
                             .repeats = 2,
                             .batch = 64,
                             .size = 32,
                             .channels = 3,
                             .classes = 10,
                             .steps = 20}};
    const struct argp argp = {options, parse, NULL, "Times the training step of a child network.",
                              NULL,    NULL,  NULL};
    const step_child_options *child = &a.child;
    argp_err_exit_status = 64;
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    pnas_log_setup("child_step", PNAS_LOG_INFO, 0, 1);
    pnas_status status = PNAS_OK;
    if (child->blocks < 1 || child->blocks > 5 || child->filters < 1 || child->repeats < 1 ||
        child->batch < 1 || child->size < 4 || child->steps < 1 || a.lanes < 0 || a.lanes > 64 ||
        a.groups < 0 || a.groups > 64)
        status = pnas_fail(
            PNAS_ERROR_USAGE,
            "blocks must be 1 to 5, lanes and groups 64 at most, sizes and counts positive; see --help");
    else
        status = measure(&a);
    if (status != PNAS_OK)
        pnas_error("%s", pnas_message());
    return pnas_exit_code(status);
}
