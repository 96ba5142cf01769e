/* Private to cl: lists of kernel launches. Local.
 *
 * Appending only records what is to run: a kernel, its ranges and a copy of its arguments. Building makes a
 * list ready: its programs are compiled, its kernels created, their arguments bound. Then it runs any number
 * of times, as a child's step does, with nothing set again. A list that is used once needs no building of its
 * own: running builds what is not built. */
#ifndef PNAS_CL_LAUNCH_H
#define PNAS_CL_LAUNCH_H

#include "cl/runtime/kernel_program.h"

typedef struct {
    size_t size;
    const void *value;
    bool buffer; /* value is a cl_mem */
} pnas_arg;

#define PNAS_ARG_INT(x)    ((pnas_arg){sizeof(cl_int), &(cl_int){(cl_int)(x)}, false})
#define PNAS_ARG_FLOAT(x)  ((pnas_arg){sizeof(cl_float), &(cl_float){(cl_float)(x)}, false})
#define PNAS_ARG_OFFSET(x) ((pnas_arg){sizeof(cl_ulong), &(cl_ulong){(cl_ulong)(x)}, false})
#define PNAS_ARG_BUFFER(x) ((pnas_arg){sizeof(cl_mem), &(cl_mem){(x)}, true})

/* What a launch reads or writes of a buffer, in bytes: `length` from `first` on, and again every `stride`
 * bytes, `count` times in all (the images of a view that is a part of a tensor). */
typedef struct {
    cl_mem buffer; /* borrowed; NULL: nothing */
    size_t first, length, stride, count;
    bool write; /* or read and write */
} pnas_access;

typedef struct { /* a matrix product */
    int m, n, k;
    bool transpose_a, transpose_b;
} pnas_launch_product;

typedef struct {
    const char *label;       /* for profiles; static */
    const char *file, *name; /* the kernel; static; NULL for a call */
    char *options;           /* as pnas_kernel_program_options makes them; owned by the list */
    pnas_arg *argument;      /* owned by the list, values too */
    int arguments;           /* how many; of a launch with jobs only the buffers */
    void *job;               /* NULL: no jobs; else [job_count] records, owned by the list */
    size_t job_bytes;        /* of a record */
    int job_count;
    cl_int *owner;       /* [groups] the job of each; owned by the list; NULL for one job */
    cl_mem jobs, owners; /* both on the device; owned by the list; NULL until built */
    pnas_access *access; /* owned by the list; NULL: not known, so it may be anything */
    int accesses;
    cl_kernel kernel;            /* owned by the list; NULL until built */
    pnas_launch_product product; /* of the first launch of a matrix product; m is 0 elsewhere */
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
    const char *label, *file, *options, *kernel; /* all but options: static; options may be NULL */
    size_t global[3]; /* work-items wanted; rounded up to a multiple of local (kernels test their bounds) */
    size_t local[3];  /* all 0: a default that does not depend on the machine */
    double flops, bytes;
    bool half; /* -DHALF_STORAGE=1: the tensors that the forward pass writes are halves */
    /* The kernel finds its values in a table of jobs, so that equal launches can be joined; global[0] and
     * local[0] alone count (cl/ops/kernels/job.h). */
    bool jobs;
    const pnas_access *access; /* copied; NULL: not known */
    int accesses;
} pnas_launch_spec;

/* Records a kernel with `count` arguments, which are copied; buffers among them are borrowed. */
pnas_status pnas_launch_append(pnas_cl *cl, pnas_launch_list *list, const pnas_launch_spec *spec,
                               const pnas_arg *arguments, int count);
#define PNAS_ARGS(...)                                                                                       \
    (const pnas_arg[]){__VA_ARGS__}, (int)(sizeof((pnas_arg[]){__VA_ARGS__}) / sizeof(pnas_arg))

/* Appends a copy of another list's kernel launch, not built, with room for so many jobs and their groups: its records
 * and owners are the caller's to fill in. Without jobs both are 0. *out is borrowed until the list grows. */
pnas_status pnas_launch_append_copy(const pnas_launch *from, size_t jobs, size_t groups,
                                    pnas_launch_list *list, pnas_launch **out);

/* Appends a call; takes over payload (malloc'ed or NULL), also when it fails. */
pnas_status pnas_launch_append_call(pnas_launch_list *list, const char *label,
                                    pnas_status (*call)(pnas_cl *, void *), void *payload);

/* Makes `count` lists ready to run, all their programs first (cl/runtime/build_queue.h). What is built
 * already stays. options: NULL for none. PNAS_ERROR_BUILD if the compiler refuses a kernel. */
pnas_status pnas_launch_build(pnas_cl *cl, pnas_launch_list *const *lists, size_t count,
                              const pnas_build_options *options);

/* Enqueues every launch in order, after building what is not built. If `event` is not NULL it becomes the
 * event of the last one (the caller's). */
pnas_status pnas_launch_run(pnas_cl *cl, pnas_launch_list *list, cl_event *event);
/* The same of launches first .. end - 1. */
pnas_status pnas_launch_run_part(pnas_cl *cl, pnas_launch_list *list, size_t first, size_t end,
                                 cl_event *event);
pnas_status pnas_cl_finish(pnas_cl *cl);
void pnas_launch_clear(pnas_launch_list *list); /* releases kernels and payloads */

#endif
