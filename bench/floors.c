#include "bench/floors.h"

#include "cl/runtime/buffer.h"
#include "cl/runtime/cl_error.h"
#include "cl/runtime/launch.h"
#include "src/base/clock.h"

#include <stdio.h>

enum {
    CHAINS = 12, /* enough to hide the latency of a fused multiply-add on any core */
    ROUNDS = 20000,
    ITEMS_CPU = 16,
    ITEMS_GPU = 1 << 16,
    COPY_FLOATS = 1 << 25, /* 128 MiB each way */
    REPEATS = 25
};

#define TEXT(...) #__VA_ARGS__

static const char source[] = TEXT(
    __kernel void chains(__global float *out, const int rounds, const float by) {
        const int item = get_global_id(0);
        WIDE sum[CHAINS];
        for (int i = 0; i < CHAINS; ++i)
            sum[i] = (WIDE)(item + i);
        for (int r = 0; r < rounds; ++r) {
            __attribute__((opencl_unroll_hint(CHAINS))) for (int i = 0; i < CHAINS; ++i) sum[i] =
                fma(sum[i], (WIDE)(by), (WIDE)(by));
        }
        WIDE all = sum[0];
        for (int i = 1; i < CHAINS; ++i)
            all += sum[i];
        float total = 0.0f;
        for (int i = 0; i < WIDTH; ++i)
            total += ((const float *)&all)[i];
        out[item] = total;
    }

    __kernel void copy(__global const float8 *from, __global float8 *to, const ulong count,
                       const ulong chunk) {
        const ulong first = get_global_id(0) * chunk;
        const ulong last = min(count, first + chunk);
        for (ulong i = first; i < last; ++i)
            to[i] = from[i];
    });

static pnas_status make_kernel(pnas_cl *cl, const char *name, const char *options, cl_kernel *out)
{
    cl_int code;
    const char *text = source;
    cl_program program = clCreateProgramWithSource(cl->context, 1, &text, NULL, &code);
    PNAS_CL_TRY(code, "clCreateProgramWithSource");
    code = clBuildProgram(program, 1, &cl->device, options, NULL, NULL);
    if (code == CL_SUCCESS)
        *out = clCreateKernel(program, name, &code);
    clReleaseProgram(program);
    return pnas_cl_status(code, "building the kernels of the floors");
}

/* The least seconds of several runs; the first one compiles. */
static pnas_status time_kernel(pnas_cl *cl, cl_kernel kernel, size_t items, size_t local, double *least)
{
    *least = 0;
    for (int i = 0; i <= REPEATS; ++i) {
        double start = pnas_clock_seconds();
        PNAS_CL_TRY(clEnqueueNDRangeKernel(cl->queue, kernel, 1, NULL, &items, &local, 0, NULL, NULL),
                    "clEnqueueNDRangeKernel");
        PNAS_TRY(pnas_cl_finish(cl));
        double seconds = pnas_clock_seconds() - start;
        if (i == 1 || (i > 1 && seconds < *least))
            *least = seconds;
    }
    return PNAS_OK;
}

static pnas_status set(cl_kernel kernel, cl_uint index, size_t size, const void *value)
{
    return pnas_cl_status(clSetKernelArg(kernel, index, size, value), "clSetKernelArg");
}

static pnas_status measure_flops(pnas_cl *cl, cl_mem out, int width, double *flops)
{
    char options[128];
    cl_kernel kernel = NULL;
    size_t items = cl->info.cpu ? ITEMS_CPU * (size_t)cl->info.compute_units : ITEMS_GPU;
    cl_int rounds = cl->info.cpu ? ROUNDS : ROUNDS / 10;
    cl_float by = 0.5f;
    double seconds;
    pnas_status status;
    snprintf(options, sizeof options, "-cl-std=CL1.2 -DCHAINS=%d -DWIDTH=%d -DWIDE=float%d", CHAINS, width,
             width);
    PNAS_TRY_CLEANUP(make_kernel(cl, "chains", options, &kernel));
    PNAS_TRY_CLEANUP(set(kernel, 0, sizeof out, &out));
    PNAS_TRY_CLEANUP(set(kernel, 1, sizeof rounds, &rounds));
    PNAS_TRY_CLEANUP(set(kernel, 2, sizeof by, &by));
    PNAS_TRY_CLEANUP(time_kernel(cl, kernel, items, cl->info.cpu ? 1 : 64, &seconds));
    if (2.0 * CHAINS * width * (double)rounds * (double)items / seconds > *flops)
        *flops = 2.0 * CHAINS * width * (double)rounds * (double)items / seconds;
cleanup:
    if (kernel)
        clReleaseKernel(kernel);
    return status;
}

static pnas_status measure_bytes(pnas_cl *cl, cl_mem from, cl_mem to, double *bytes)
{
    cl_kernel kernel = NULL;
    cl_ulong count = COPY_FLOATS / 8;
    cl_ulong chunk = cl->info.cpu ? count / (ITEMS_CPU * (cl_ulong)cl->info.compute_units) + 1 : 1;
    size_t local = cl->info.cpu ? 1 : 64, items = (size_t)((count + chunk - 1) / chunk);
    double seconds;
    pnas_status status;
    PNAS_TRY_CLEANUP(make_kernel(cl, "copy", "-cl-std=CL1.2 -DCHAINS=1 -DWIDTH=4 -DWIDE=float4", &kernel));
    PNAS_TRY_CLEANUP(set(kernel, 0, sizeof from, &from));
    PNAS_TRY_CLEANUP(set(kernel, 1, sizeof to, &to));
    PNAS_TRY_CLEANUP(set(kernel, 2, sizeof count, &count));
    PNAS_TRY_CLEANUP(set(kernel, 3, sizeof chunk, &chunk));
    PNAS_TRY_CLEANUP(time_kernel(cl, kernel, (items + local - 1) / local * local, local, &seconds));
    *bytes = 2.0 * COPY_FLOATS * sizeof(cl_float) / seconds;
cleanup:
    if (kernel)
        clReleaseKernel(kernel);
    return status;
}

pnas_status pnas_floors_measure(pnas_cl *cl, pnas_floors *out)
{
    cl_mem from = NULL, to = NULL;
    pnas_status status;
    *out = (pnas_floors){0};
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, COPY_FLOATS * sizeof(cl_float), &from));
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, COPY_FLOATS * sizeof(cl_float), &to));
    PNAS_TRY_CLEANUP(measure_bytes(cl, to, from, &out->bytes)); /* pages never written are not in memory */
    PNAS_TRY_CLEANUP(measure_bytes(cl, from, to, &out->bytes));
    for (int width = cl->info.cpu ? 8 : 1; width <= (cl->info.cpu ? 16 : 4); width *= width == 1 ? 4 : 2)
        PNAS_TRY_CLEANUP(measure_flops(cl, to, width, &out->flops));
cleanup:
    pnas_buffer_release(&from);
    pnas_buffer_release(&to);
    return status;
}

double pnas_floors_seconds(const pnas_floors *floors, double flops, double bytes)
{
    double computing = flops / floors->flops, moving = bytes / floors->bytes;
    return computing > moving ? computing : moving;
}
