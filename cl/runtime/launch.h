/* Inside the cl rooms: lists of kernel launches whose arguments are bound once. Local.
 *
 * A child's step is such a list: made when the child starts, run thousands of times with nothing set again.
 */
#ifndef PNAS_CL_LAUNCH_H
#define PNAS_CL_LAUNCH_H

#include "cl/runtime/context_fields.h"

typedef struct {
    const char *label; /* for profiles; static */
    cl_kernel kernel;  /* owned by the list; NULL for a call */
    cl_uint dimensions;
    size_t global[3], local[3];
    double flops, bytes;                             /* work of one launch, for benchmarks */
    pnas_status (*call)(pnas_cl *cl, void *payload); /* instead of a kernel: enqueues work (CLBlast) */
    void *payload;                                   /* owned by the list: freed with free() */
} pnas_launch;

typedef struct { /* zero it to start */
    pnas_launch *item;
    size_t count, capacity;
} pnas_launch_list;

typedef struct {
    size_t size;
    const void *value;
} pnas_arg;

#define PNAS_ARG_INT(x)    ((pnas_arg){sizeof(cl_int), &(cl_int){(cl_int)(x)}})
#define PNAS_ARG_FLOAT(x)  ((pnas_arg){sizeof(cl_float), &(cl_float){(cl_float)(x)}})
#define PNAS_ARG_OFFSET(x) ((pnas_arg){sizeof(cl_ulong), &(cl_ulong){(cl_ulong)(x)}})
#define PNAS_ARG_BUFFER(x) ((pnas_arg){sizeof(cl_mem), &(cl_mem){(x)}})

typedef struct {
    const char *label, *file, *options, *kernel;
    size_t global[3]; /* work-items wanted; rounded up to a multiple of local (kernels test their bounds) */
    size_t local[3];  /* all 0: a default that does not depend on the machine */
    double flops, bytes;
    bool half; /* -DHALF_STORAGE=1: the tensors that the forward pass writes are halves */
} pnas_launch_spec;

/* Appends a kernel with `count` arguments. */
pnas_status pnas_launch_append(pnas_cl *cl, pnas_launch_list *list, const pnas_launch_spec *spec,
                               const pnas_arg *arguments, int count);
#define PNAS_ARGS(...)                                                                                       \
    (const pnas_arg[]){__VA_ARGS__}, (int)(sizeof((pnas_arg[]){__VA_ARGS__}) / sizeof(pnas_arg))

/* Appends a call; takes over payload (malloc'ed or NULL), also when it fails. */
pnas_status pnas_launch_append_call(pnas_launch_list *list, const char *label,
                                    pnas_status (*call)(pnas_cl *, void *), void *payload);

/* Enqueues every launch in order. If `event` is not NULL it becomes the event of the last one (the caller's).
 */
pnas_status pnas_launch_run(pnas_cl *cl, const pnas_launch_list *list, cl_event *event);
pnas_status pnas_cl_finish(pnas_cl *cl);
void pnas_launch_clear(pnas_launch_list *list); /* releases kernels and payloads */

#endif
