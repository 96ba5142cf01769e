#include "cl/runtime/launch.h"

#include "cl/runtime/cl_error.h"
#include "cl/runtime/kernel_program.h"

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

static pnas_status create_kernel(pnas_cl *cl, const pnas_launch_spec *spec, cl_kernel *out)
{
    char options[512];
    if (!spec->half)
        return pnas_kernel_create(cl, spec->file, spec->options, spec->kernel, out);
    int length = snprintf(options, sizeof options, "-DHALF_STORAGE=1%s%s", spec->options ? " " : "",
                          spec->options ? spec->options : "");
    PNAS_CHECK(length < (int)sizeof options, PNAS_ERROR_INTERNAL, "the options of kernel %s are too long",
               spec->kernel);
    return pnas_kernel_create(cl, spec->file, options, spec->kernel, out);
}

pnas_status pnas_launch_append(pnas_cl *cl, pnas_launch_list *list, const pnas_launch_spec *spec,
                               const pnas_arg *arguments, int count)
{
    pnas_launch *launch;
    PNAS_TRY(grow(list, &launch));
    PNAS_TRY(create_kernel(cl, spec, &launch->kernel));
    if (cl->wishes)
        return PNAS_OK;
    launch->label = spec->label;
    launch->flops = spec->flops;
    launch->bytes = spec->bytes;
    for (int i = 0; i < 3; ++i) {
        size_t local = spec->local[0] ? spec->local[i] : i == 0 ? 64 : 1;
        if (local == 0)
            local = 1;
        size_t global = spec->global[i] ? spec->global[i] : 1;
        launch->local[i] = local;
        launch->global[i] = (global + local - 1) / local * local;
        if (launch->global[i] > 1)
            launch->dimensions = (cl_uint)i + 1;
    }
    if (launch->dimensions == 0)
        launch->dimensions = 1;
    for (int i = 0; i < count; ++i) {
        cl_int code = clSetKernelArg(launch->kernel, (cl_uint)i, arguments[i].size, arguments[i].value);
        if (code != CL_SUCCESS) {
            clReleaseKernel(launch->kernel);
            return pnas_fail_at(pnas_cl_status(code, "clSetKernelArg"), "argument %d of kernel %s in %s", i,
                                spec->kernel, spec->file);
        }
    }
    ++list->count;
    return PNAS_OK;
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

pnas_status pnas_launch_run(pnas_cl *cl, const pnas_launch_list *list, cl_event *event)
{
    for (size_t i = 0; i < list->count; ++i) {
        const pnas_launch *launch = &list->item[i];
        cl_event *last = event && i + 1 == list->count && !launch->call ? event : NULL;
        if (launch->call) {
            PNAS_TRY(launch->call(cl, launch->payload));
            continue;
        }
        cl_int code = clEnqueueNDRangeKernel(cl->queue, launch->kernel, launch->dimensions, NULL,
                                             launch->global, launch->local, 0, NULL, last);
        if (code != CL_SUCCESS)
            return pnas_fail_at(pnas_cl_status(code, "clEnqueueNDRangeKernel"), "kernel %s", launch->label);
    }
    if (event && (list->count == 0 || list->item[list->count - 1].call))
        return pnas_cl_status(clEnqueueMarkerWithWaitList(cl->queue, 0, NULL, event),
                              "clEnqueueMarkerWithWaitList");
    return PNAS_OK;
}

pnas_status pnas_cl_finish(pnas_cl *cl)
{
    return pnas_cl_status(clFinish(cl->queue), "clFinish");
}

void pnas_launch_clear(pnas_launch_list *list)
{
    for (size_t i = 0; i < list->count; ++i) {
        if (list->item[i].kernel)
            clReleaseKernel(list->item[i].kernel);
        free(list->item[i].payload);
    }
    free(list->item);
    memset(list, 0, sizeof *list);
}
