/* Private to cl: device memory. Sizes and offsets in bytes; reads and writes wait until they are done,
 * but for what is read later.
 * Local. */
#ifndef PNAS_CL_BUFFER_H
#define PNAS_CL_BUFFER_H

#include "cl/runtime/context_fields.h"

typedef struct {   /* of a buffer, from a value of it on */
    cl_mem buffer; /* borrowed */
    size_t offset; /* values: floats unless said otherwise */
} pnas_slice;

/* *out is the caller's (pnas_buffer_release). PNAS_ERROR_TOO_LARGE where the device allows no buffer of this
 * size, PNAS_ERROR_MEMORY where it has no room for it. */
pnas_status pnas_buffer_create(pnas_cl *cl, size_t bytes, cl_mem *out);
/* Whether this memory may be a buffer of the device as it is: that of a CPU, from the beginning of a page on. */
bool pnas_buffer_may_borrow(const pnas_cl *cl, const void *data);
/* The same of such memory, which is read there, never written, and borrowed until the release. */
pnas_status pnas_buffer_borrow(pnas_cl *cl, size_t bytes, const void *data, cl_mem *out);
void pnas_buffer_release(cl_mem *buffer); /* takes NULL, sets NULL */
pnas_status pnas_buffer_write(pnas_cl *cl, cl_mem buffer, size_t offset, size_t bytes, const void *data);
pnas_status pnas_buffer_read(pnas_cl *cl, cl_mem buffer, size_t offset, size_t bytes, void *data);
/* The same of a slice of floats or ints; `first` bytes after its start. */
pnas_status pnas_slice_write(pnas_cl *cl, pnas_slice slice, size_t first, size_t bytes, const void *data);
pnas_status pnas_slice_read(pnas_cl *cl, pnas_slice slice, size_t first, size_t bytes, void *data);
/* Only enqueued: data is there with *event (the caller's; NULL: none is made). */
pnas_status pnas_buffer_read_later(pnas_cl *cl, cl_mem buffer, size_t offset, size_t bytes, void *data,
                                   cl_event *event);

#endif
