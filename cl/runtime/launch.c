#include "cl/runtime/launch.h"

#include "cl/runtime/buffer.h"
#include "cl/runtime/build_queue.h"
#include "cl/runtime/cl_error.h"
#include "cl/runtime/event_wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more launch at the end of the list. */
static pnas_status grow(pnas_launch_list *list, pnas_launch **out)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 64;
        pnas_launch *item = realloc(list->item, capacity * sizeof *item);
        PNAS_CHECK(item, PNAS_ERROR_MEMORY, "no memory for %zu kernel launches", capacity);
        list->item = item;
        list->capacity = capacity;
    }
    *out = &list->item[list->count];
    memset(*out, 0, sizeof **out);
    return PNAS_OK;
}

static pnas_status make_options(const pnas_cl *cl, const pnas_launch_spec *spec, char **out)
{
    char *half;
    if (!spec->half)
        return pnas_kernel_program_options(cl, spec->options, out);
    *out = NULL;
    if (asprintf(&half, "-DHALF_STORAGE=1%s%s", spec->options ? " " : "",
                 spec->options ? spec->options : "") < 0)
        return pnas_fail(PNAS_ERROR_MEMORY, "no memory for the options of kernel %s", spec->kernel);
    pnas_status status = pnas_kernel_program_options(cl, half, out);
    free(half);
    return status;
}

enum { VALUE_ALIGNMENT = 8 }; /* of the largest argument */

/* `size`: of a value, a power of two. */
static size_t aligned_to(size_t at, size_t size)
{
    return (at + size - 1) & ~(size - 1);
}

static size_t aligned(size_t at)
{
    return aligned_to(at, VALUE_ALIGNMENT);
}

/* The arguments, and behind them their values. */
static pnas_status copy_arguments(const pnas_arg *from, int count, pnas_arg **out)
{
    size_t bytes = aligned((size_t)count * sizeof *from);
    for (int i = 0; i < count; ++i)
        bytes += aligned(from[i].size);
    *out = calloc(1, bytes ? bytes : 1);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for the arguments of a kernel");
    char *value = (char *)*out + aligned((size_t)count * sizeof *from);
    for (int i = 0; i < count; ++i) {
        memcpy(value, from[i].value, from[i].size);
        (*out)[i] = (pnas_arg){from[i].size, value, from[i].buffer};
        value += aligned(from[i].size);
    }
    return PNAS_OK;
}

/* A record as the kernel's struct has it: first_group, then the values of the arguments, each aligned to its size. */
static pnas_status make_job(const pnas_arg *arguments, int count, pnas_launch *launch)
{
    size_t bytes = sizeof(cl_ulong);
    for (int i = 0; i < count; ++i)
        if (!arguments[i].buffer)
            bytes = aligned_to(bytes, arguments[i].size) + arguments[i].size;
    launch->job_bytes = aligned(bytes);
    launch->job_count = 1;
    launch->job = calloc(1, launch->job_bytes);
    PNAS_CHECK(launch->job, PNAS_ERROR_MEMORY, "no memory for the values of kernel %s", launch->name);
    size_t at = sizeof(cl_ulong);
    for (int i = 0; i < count; ++i)
        if (!arguments[i].buffer) {
            at = aligned_to(at, arguments[i].size);
            memcpy((char *)launch->job + at, arguments[i].value, arguments[i].size);
            at += arguments[i].size;
        }
    return PNAS_OK;
}

/* The record takes the values; of the arguments only the buffers are left. */
static pnas_status take_values(const pnas_arg *arguments, pnas_launch *launch)
{
    PNAS_TRY(make_job(arguments, launch->arguments, launch));
    int buffers = 0;
    for (int i = 0; i < launch->arguments; ++i)
        if (launch->argument[i].buffer)
            launch->argument[buffers++] = launch->argument[i];
    launch->arguments = buffers;
    return PNAS_OK;
}

static pnas_status copy_accesses(const pnas_launch_spec *spec, pnas_launch *launch)
{
    if (!spec->access)
        return PNAS_OK;
    size_t bytes = (size_t)spec->accesses * sizeof *launch->access;
    launch->access = malloc(bytes ? bytes : 1);
    PNAS_CHECK(launch->access, PNAS_ERROR_MEMORY, "no memory for what kernel %s accesses", spec->kernel);
    memcpy(launch->access, spec->access, bytes);
    launch->accesses = spec->accesses;
    return PNAS_OK;
}

static void set_ranges(const pnas_launch_spec *spec, pnas_launch *launch)
{
    launch->dimensions = 1;
    for (int i = 0; i < 3; ++i) {
        bool counts = i == 0 || !spec->jobs;
        size_t local = spec->local[0] ? spec->local[i] : i == 0 ? 64 : 1;
        if (local == 0 || !counts)
            local = 1;
        size_t global = spec->global[i] && counts ? spec->global[i] : 1;
        launch->local[i] = local;
        launch->global[i] = (global + local - 1) / local * local;
        if (launch->global[i] > 1)
            launch->dimensions = (cl_uint)i + 1;
    }
}

static void clear_launch(pnas_launch *launch)
{
    if (launch->kernel)
        clReleaseKernel(launch->kernel);
    free(launch->options);
    free(launch->argument);
    free(launch->job);
    free(launch->owner);
    pnas_buffer_release(&launch->jobs);
    pnas_buffer_release(&launch->owners);
    free(launch->access);
    free(launch->payload);
}

pnas_status pnas_launch_append(pnas_cl *cl, pnas_launch_list *list, const pnas_launch_spec *spec,
                               const pnas_arg *arguments, int count)
{
    pnas_launch *launch;
    pnas_status status;
    PNAS_TRY(grow(list, &launch));
    launch->label = spec->label;
    launch->file = spec->file;
    launch->name = spec->kernel;
    launch->flops = spec->flops;
    launch->bytes = spec->bytes;
    launch->arguments = count;
    set_ranges(spec, launch);
    PNAS_TRY_CLEANUP(make_options(cl, spec, &launch->options));
    PNAS_TRY_CLEANUP(copy_arguments(arguments, count, &launch->argument));
    PNAS_TRY_CLEANUP(copy_accesses(spec, launch));
    if (spec->jobs)
        PNAS_TRY_CLEANUP(take_values(arguments, launch));
    ++list->count;
    return PNAS_OK;
cleanup:
    clear_launch(launch);
    return status;
}

static pnas_status make_jobs(const pnas_launch *from, size_t jobs, size_t groups, pnas_launch *launch)
{
    launch->job_bytes = from->job_bytes;
    launch->job_count = (int)jobs;
    launch->job = calloc(jobs, from->job_bytes);
    launch->owner = jobs > 1 ? calloc(groups, sizeof *launch->owner) : NULL;
    PNAS_CHECK(launch->job && (jobs == 1 || launch->owner), PNAS_ERROR_MEMORY,
               "no memory for %zu jobs of kernel %s", jobs, from->name);
    launch->global[0] = groups * launch->local[0];
    return PNAS_OK;
}

pnas_status pnas_launch_append_copy(const pnas_launch *from, size_t jobs, size_t groups,
                                    pnas_launch_list *list, pnas_launch **out)
{
    pnas_launch *launch;
    pnas_status status;
    PNAS_TRY(grow(list, &launch));
    *launch = (pnas_launch){.label = from->label,
                            .file = from->file,
                            .name = from->name,
                            .arguments = from->arguments,
                            .product = from->product,
                            .dimensions = from->dimensions,
                            .flops = from->flops,
                            .bytes = from->bytes};
    memcpy(launch->global, from->global, sizeof launch->global);
    memcpy(launch->local, from->local, sizeof launch->local);
    launch->options = strdup(from->options);
    PNAS_CHECK_CLEANUP(launch->options, PNAS_ERROR_MEMORY, "no memory for the options of kernel %s",
                       from->name);
    PNAS_TRY_CLEANUP(copy_arguments(from->argument, from->arguments, &launch->argument));
    if (jobs)
        PNAS_TRY_CLEANUP(make_jobs(from, jobs, groups, launch));
    ++list->count;
    *out = launch;
    return PNAS_OK;
cleanup:
    clear_launch(launch);
    return status;
}

pnas_status pnas_launch_append_call(pnas_launch_list *list, const char *label,
                                    pnas_status (*call)(pnas_cl *, void *), void *payload)
{
    pnas_launch *launch;
    pnas_status status = grow(list, &launch);
    if (status != PNAS_OK) {
        free(payload);
        return status;
    }
    launch->label = label;
    launch->call = call;
    launch->payload = payload;
    ++list->count;
    return PNAS_OK;
}

/* --- building --- */

static bool is_built(const pnas_launch *launch)
{
    return launch->kernel || launch->call;
}

static pnas_status build_programs(pnas_cl *cl, pnas_launch_list *const *lists, size_t count,
                                  const pnas_build_options *options)
{
    pnas_build_queue queue = {0};
    pnas_status status = PNAS_OK;
    for (size_t l = 0; l < count; ++l)
        for (size_t i = 0; i < lists[l]->count; ++i) {
            const pnas_launch *launch = &lists[l]->item[i];
            if (!is_built(launch))
                PNAS_TRY_CLEANUP(pnas_build_queue_add(&queue, launch->file, launch->options));
        }
    status = pnas_build_queue_run(cl, &queue, options);
cleanup:
    pnas_build_queue_clear(&queue);
    return status;
}

static pnas_status set_argument(const pnas_launch *launch, int i, pnas_arg argument)
{
    cl_int code = clSetKernelArg(launch->kernel, (cl_uint)i, argument.size, argument.value);
    if (code != CL_SUCCESS)
        return pnas_fail_at(pnas_cl_status(code, "clSetKernelArg"), "argument %d of kernel %s in %s", i,
                            launch->name, launch->file);
    return PNAS_OK;
}

static pnas_status copy_to_device(pnas_cl *cl, const void *data, size_t bytes, cl_mem *buffer)
{
    if (!*buffer)
        PNAS_TRY(pnas_buffer_create(cl, bytes, buffer));
    return pnas_buffer_write(cl, *buffer, 0, bytes, data);
}

/* The table of jobs, and whose groups are whose: of one job nobody asks. */
static pnas_status set_jobs(pnas_cl *cl, pnas_launch *launch)
{
    size_t groups = launch->global[0] / launch->local[0], jobs = (size_t)launch->job_count;
    PNAS_TRY(copy_to_device(cl, launch->job, jobs * launch->job_bytes, &launch->jobs));
    if (launch->owner)
        PNAS_TRY(copy_to_device(cl, launch->owner, groups * sizeof *launch->owner, &launch->owners));
    int i = launch->arguments;
    PNAS_TRY(set_argument(launch, i, PNAS_ARG_BUFFER(launch->owner ? launch->owners : launch->jobs)));
    PNAS_TRY(set_argument(launch, i + 1, PNAS_ARG_BUFFER(launch->jobs)));
    return set_argument(launch, i + 2, PNAS_ARG_INT(launch->job_count));
}

static pnas_status set_arguments(pnas_cl *cl, pnas_launch *launch)
{
    for (int i = 0; i < launch->arguments; ++i)
        PNAS_TRY(set_argument(launch, i, launch->argument[i]));
    return launch->job ? set_jobs(cl, launch) : PNAS_OK;
}

/* A kernel whose arguments are not all bound does not stay. */
static pnas_status bind(pnas_cl *cl, pnas_launch *launch)
{
    PNAS_TRY(pnas_kernel_program_kernel(cl, launch->file, launch->options, launch->name, &launch->kernel));
    pnas_status status = set_arguments(cl, launch);
    if (status != PNAS_OK) {
        clReleaseKernel(launch->kernel);
        launch->kernel = NULL;
    }
    return status;
}

pnas_status pnas_launch_build(pnas_cl *cl, pnas_launch_list *const *lists, size_t count,
                              const pnas_build_options *options)
{
    PNAS_TRY(build_programs(cl, lists, count, options));
    for (size_t l = 0; l < count; ++l)
        for (size_t i = 0; i < lists[l]->count; ++i)
            if (!is_built(&lists[l]->item[i]))
                PNAS_TRY(bind(cl, &lists[l]->item[i]));
    return PNAS_OK;
}

/* --- running --- */

pnas_status pnas_launch_run_part(pnas_cl *cl, pnas_launch_list *list, size_t first, size_t end,
                                 cl_event *event)
{
    for (size_t i = first; i < end; ++i) {
        const pnas_launch *launch = &list->item[i];
        if (!is_built(launch))
            PNAS_TRY(pnas_launch_build(cl, &list, 1, NULL));
        cl_event *last = event && i + 1 == end && !launch->call ? event : NULL;
        if (launch->call) {
            PNAS_TRY(launch->call(cl, launch->payload));
            continue;
        }
        cl_int code = clEnqueueNDRangeKernel(cl->queue, launch->kernel, launch->dimensions, NULL,
                                             launch->global, launch->local, 0, NULL, last);
        if (code != CL_SUCCESS)
            return pnas_fail_at(pnas_cl_status(code, "clEnqueueNDRangeKernel"), "kernel %s", launch->label);
    }
    if (event && (end == first || list->item[end - 1].call))
        return pnas_cl_status(clEnqueueMarkerWithWaitList(cl->queue, 0, NULL, event),
                              "clEnqueueMarkerWithWaitList");
    return PNAS_OK;
}

pnas_status pnas_launch_run(pnas_cl *cl, pnas_launch_list *list, cl_event *event)
{
    return pnas_launch_run_part(cl, list, 0, list->count, event);
}

pnas_status pnas_cl_finish(pnas_cl *cl)
{
    pnas_status waited = pnas_event_wait_for_queue(cl);
    cl_int code = clFinish(cl->queue); /* whatever went wrong: buffers may go after this */
    return waited == PNAS_OK ? pnas_cl_status(code, "clFinish") : waited;
}

void pnas_launch_clear(pnas_launch_list *list)
{
    for (size_t i = 0; i < list->count; ++i)
        clear_launch(&list->item[i]);
    free(list->item);
    memset(list, 0, sizeof *list);
}
