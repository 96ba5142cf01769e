#include "cl/launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *pnas_cl_error(cl_int code)
{
    static _Thread_local char number[32];
    snprintf(number, sizeof number, "OpenCL error %d", code);
    return number;
}

pnas_status pnas_cl_status(cl_int code, const char *what)
{
    if (code == CL_SUCCESS)
        return PNAS_OK;
    pnas_status kind = code == CL_OUT_OF_RESOURCES || code == CL_OUT_OF_HOST_MEMORY ||
                               code == CL_MEM_OBJECT_ALLOCATION_FAILURE
                           ? PNAS_ERROR_MEMORY
                           : PNAS_ERROR_DEVICE;
    return pnas_fail(kind, "%s: %s", what, pnas_cl_error(code));
}

pnas_status pnas_cl_create(const pnas_cl_options *options, pnas_cl **out)
{
    pnas_cl *cl = calloc(1, sizeof *cl);
    PNAS_CHECK(cl, PNAS_ERROR_MEMORY, "no memory for a context");
    cl_int code;
    PNAS_CL_TRY(clGetPlatformIDs(1, &cl->platform, NULL), "clGetPlatformIDs");
    PNAS_CL_TRY(clGetDeviceIDs(cl->platform, CL_DEVICE_TYPE_ALL, 1, &cl->device, NULL), "clGetDeviceIDs");
    cl->context = clCreateContext(NULL, 1, &cl->device, NULL, NULL, &code);
    PNAS_CL_TRY(code, "clCreateContext");
    cl->queue = clCreateCommandQueue(cl->context, cl->device, 0, &code);
    PNAS_CL_TRY(code, "clCreateCommandQueue");
    cl_device_type type;
    PNAS_CL_TRY(clGetDeviceInfo(cl->device, CL_DEVICE_TYPE, sizeof type, &type, NULL), "clGetDeviceInfo");
    cl->info.cpu = type & CL_DEVICE_TYPE_CPU;
    cl->vector = options->vector ? options->vector : cl->info.cpu ? 8 : 4;
    cl->kernel_directory =
        strdup(options->kernel_directory ? options->kernel_directory : PNAS_SOURCE_KERNELS);
    *out = cl;
    return PNAS_OK;
}

void pnas_cl_destroy(pnas_cl **cl)
{
    if (!*cl)
        return;
    pnas_buffer_release(&(*cl)->scratch);
    clReleaseCommandQueue((*cl)->queue);
    clReleaseContext((*cl)->context);
    free((*cl)->kernel_directory);
    free((*cl)->cache_directory);
    free(*cl);
    *cl = NULL;
}

const pnas_device_info *pnas_cl_device(const pnas_cl *cl)
{
    return &cl->info;
}

int pnas_cl_vector(const pnas_cl *cl)
{
    return cl->vector;
}
