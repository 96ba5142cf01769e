/* Preloaded, it makes calls of one function fail as a driver or a device in trouble would: DEVICE_TROUBLE is
 * NAME:FIRST:LAST:CODE, with NAME one of buffer, finish, flush, wait, build and clblast, and the first and last call of
 * it, counted from 1, that returns CODE. */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include <clblast_c.h>
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef cl_mem (*create_buffer)(cl_context, cl_mem_flags, size_t, void *, cl_int *);
typedef cl_int (*of_queue)(cl_command_queue);
typedef cl_int (*wait_for_events)(cl_uint, const cl_event *);
typedef void(CL_CALLBACK *when_built)(cl_program, void *);
typedef cl_int (*build_program)(cl_program, cl_uint, const cl_device_id *, const char *, when_built, void *);
typedef CLBlastStatusCode (*product)(CLBlastLayout, CLBlastTranspose, CLBlastTranspose, size_t, size_t,
                                     size_t, float, cl_mem, size_t, size_t, cl_mem, size_t, size_t, float,
                                     cl_mem, size_t, size_t, cl_command_queue *, cl_event *);

static bool fails(const char *name, int *code)
{
    static atomic_int calls;
    const char *trouble = getenv("DEVICE_TROUBLE");
    char wanted[32];
    int first, last;
    if (!trouble || sscanf(trouble, "%31[^:]:%d:%d:%d", wanted, &first, &last, code) != 4 ||
        strcmp(wanted, name) != 0)
        return false;
    int call = ++calls;
    return call >= first && call <= last;
}

cl_mem clCreateBuffer(cl_context context, cl_mem_flags flags, size_t bytes, void *host, cl_int *out)
{
    int code;
    if (!fails("buffer", &code))
        return ((create_buffer)dlsym(RTLD_NEXT, "clCreateBuffer"))(context, flags, bytes, host, out);
    if (out)
        *out = code;
    return NULL;
}

cl_int clFinish(cl_command_queue queue)
{
    int code;
    return fails("finish", &code) ? code : ((of_queue)dlsym(RTLD_NEXT, "clFinish"))(queue);
}

cl_int clFlush(cl_command_queue queue)
{
    int code;
    return fails("flush", &code) ? code : ((of_queue)dlsym(RTLD_NEXT, "clFlush"))(queue);
}

cl_int clWaitForEvents(cl_uint count, const cl_event *events)
{
    int code;
    if (fails("wait", &code))
        return code;
    return ((wait_for_events)dlsym(RTLD_NEXT, "clWaitForEvents"))(count, events);
}

cl_int clBuildProgram(cl_program program, cl_uint count, const cl_device_id *devices, const char *options,
                      when_built notify, void *payload)
{
    int code;
    build_program real = (build_program)dlsym(RTLD_NEXT, "clBuildProgram");
    return fails("build", &code) ? code : real(program, count, devices, options, notify, payload);
}

CLBlastStatusCode CLBlastSgemm(const CLBlastLayout layout, const CLBlastTranspose transpose_a,
                               const CLBlastTranspose transpose_b, const size_t m, const size_t n,
                               const size_t k, const float alpha, const cl_mem a, const size_t a_offset,
                               const size_t lda, const cl_mem b, const size_t b_offset, const size_t ldb,
                               const float beta, cl_mem c, const size_t c_offset, const size_t ldc,
                               cl_command_queue *queue, cl_event *event)
{
    int code;
    product real = (product)dlsym(RTLD_NEXT, "CLBlastSgemm");
    if (fails("clblast", &code))
        return (CLBlastStatusCode)code;
    return real(layout, transpose_a, transpose_b, m, n, k, alpha, a, a_offset, lda, b, b_offset, ldb, beta, c,
                c_offset, ldc, queue, event);
}
