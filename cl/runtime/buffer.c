#include "cl/runtime/buffer.h"

#include "cl/runtime/cl_error.h"
#include "cl/runtime/event_wait.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { PAGE = 4096, HUGE_PAGE = 2 << 20 };

static void CL_CALLBACK release_pages(cl_mem buffer, void *pages)
{
    free(pages);
}

/* Memory in huge pages, where the system gives them: a child's tensors are hundreds of megabytes, and a
 * core's table of page addresses is short. NULL: leave it to the driver. */
static void *huge_pages(size_t bytes)
{
    void *pages =
        bytes >= HUGE_PAGE ? aligned_alloc(HUGE_PAGE, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE) : NULL;
    if (pages)
        madvise(pages, bytes, MADV_HUGEPAGE); /* advice: nothing is lost where it is not taken */
    return pages;
}

static cl_mem create_buffer(pnas_cl *cl, size_t bytes, cl_int *code)
{
    void *pages = cl->info.cpu ? huge_pages(bytes) : NULL;
    if (!pages)
        return clCreateBuffer(cl->context, CL_MEM_READ_WRITE, bytes ? bytes : 4, NULL, code);
    cl_mem buffer = clCreateBuffer(cl->context, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, bytes, pages, code);
    if (*code == CL_SUCCESS)
        *code = clSetMemObjectDestructorCallback(buffer, release_pages, pages);
    if (*code == CL_SUCCESS)
        return buffer;
    pnas_buffer_release(&buffer);
    free(pages);
    return NULL;
}

static cl_mem borrow_buffer(pnas_cl *cl, size_t bytes, const void *data, cl_int *code)
{
    return clCreateBuffer(cl->context, CL_MEM_READ_ONLY | CL_MEM_USE_HOST_PTR, bytes, (void *)data, code);
}

/* data: NULL, or what it borrows */
static pnas_status make_buffer(pnas_cl *cl, size_t bytes, const void *data, cl_mem *out)
{
    /* Drivers of GPUs may give more than they say: they are asked. */
    bool limited = cl->info.cpu && cl->info.largest_allocation > 0;
    cl_int code = CL_INVALID_BUFFER_SIZE;
    *out = NULL;
    if (!limited || bytes <= cl->info.largest_allocation)
        *out = data ? borrow_buffer(cl, bytes, data, &code) : create_buffer(cl, bytes, &code);
    if (code != CL_SUCCESS) {
        *out = NULL;
        PNAS_CHECK(code != CL_INVALID_BUFFER_SIZE, PNAS_ERROR_TOO_LARGE,
                   "a buffer of %.1f MiB is needed, but %s allows %.1f MiB at most", (double)bytes / 0x1p20,
                   cl->info.name, (double)cl->info.largest_allocation / 0x1p20);
        return pnas_fail_at(pnas_cl_status(code, "clCreateBuffer"), "a buffer of %zu bytes on %s", bytes,
                            cl->info.name);
    }
    return PNAS_OK;
}

pnas_status pnas_buffer_create(pnas_cl *cl, size_t bytes, cl_mem *out)
{
    return make_buffer(cl, bytes, NULL, out);
}

bool pnas_buffer_may_borrow(const pnas_cl *cl, const void *data)
{
    return cl->info.cpu && (uintptr_t)data % PAGE == 0;
}

pnas_status pnas_buffer_borrow(pnas_cl *cl, size_t bytes, const void *data, cl_mem *out)
{
    return make_buffer(cl, bytes, data, out);
}

void pnas_buffer_release(cl_mem *buffer)
{
    if (*buffer)
        clReleaseMemObject(*buffer);
    *buffer = NULL;
}

pnas_status pnas_buffer_write(pnas_cl *cl, cl_mem buffer, size_t offset, size_t bytes, const void *data)
{
    if (bytes == 0)
        return PNAS_OK;
    PNAS_TRY(pnas_event_wait_for_queue(cl));
    return pnas_cl_status(
        clEnqueueWriteBuffer(cl->queue, buffer, CL_TRUE, offset, bytes, data, 0, NULL, NULL),
        "clEnqueueWriteBuffer");
}

pnas_status pnas_buffer_read(pnas_cl *cl, cl_mem buffer, size_t offset, size_t bytes, void *data)
{
    if (bytes == 0)
        return PNAS_OK;
    PNAS_TRY(pnas_event_wait_for_queue(cl));
    return pnas_cl_status(clEnqueueReadBuffer(cl->queue, buffer, CL_TRUE, offset, bytes, data, 0, NULL, NULL),
                          "clEnqueueReadBuffer");
}

pnas_status pnas_slice_write(pnas_cl *cl, pnas_slice slice, size_t first, size_t bytes, const void *data)
{
    return pnas_buffer_write(cl, slice.buffer, slice.offset * sizeof(cl_float) + first, bytes, data);
}

pnas_status pnas_slice_read(pnas_cl *cl, pnas_slice slice, size_t first, size_t bytes, void *data)
{
    return pnas_buffer_read(cl, slice.buffer, slice.offset * sizeof(cl_float) + first, bytes, data);
}

pnas_status pnas_buffer_read_later(pnas_cl *cl, cl_mem buffer, size_t offset, size_t bytes, void *data,
                                   cl_event *event)
{
    return pnas_cl_status(
        clEnqueueReadBuffer(cl->queue, buffer, CL_FALSE, offset, bytes, data, 0, NULL, event),
        "clEnqueueReadBuffer");
}
