/* Inside the cl room: buffers, programs, and lists of kernel launches whose arguments are bound once.
 *
 * A child's step is such a list: made when the child starts, run thousands of times with nothing set again.
 */
#ifndef PNAS_CL_LAUNCH_H
#define PNAS_CL_LAUNCH_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include "cl/runtime/context.h"

struct pnas_cl {
    cl_platform_id platform;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    pnas_device_info info;
    int vector;                           /* V */
    const struct pnas_tuned_table *tuned; /* owned; NULL: none. Read at the start, never changed */
    int forced_route; /* pnas_route of cl/ops/route.h; 0: the table decides (tests force one) */
    cl_mem scratch;   /* partial products (gemm.c); NULL until wanted */
    bool clblast_checked, clblast_refused; /* its first product on this device was compared; it was wrong */
    bool no_tiles;       /* a CPU whose driver cannot build the tile kernels in any reasonable time */
    bool device_is_part; /* a part of a CPU, to be released */
    bool keep_binaries;  /* on disk; not where the driver does so itself (PoCL) */
    bool late_builds;    /* the driver compiles a kernel when it is first run (PoCL) */
    char *cache_directory, *kernel_directory; /* cache_directory: NULL if nothing can be kept */
    struct pnas_programs *programs;           /* built ones, for all lanes */
    bool is_lane; /* programs, tuned, context, device and paths are the first lane's, who releases them */
    struct pnas_warm_kernel *warm;      /* kernels that have been run (uthash; kernel_prepare.c) */
    struct pnas_program_wishes *wishes; /* not NULL: kernels are only noted here, and nothing is appended */
    pnas_status (*tick)(
        void *payload); /* asked before anything is compiled, which may take seconds; or NULL */
    void *tick_payload;
};

/* Anything but PNAS_OK: nothing more is to be compiled now. */
static inline pnas_status pnas_cl_tick(const pnas_cl *cl)
{
    return cl->tick ? cl->tick(cl->tick_payload) : PNAS_OK;
}

/* A name for an OpenCL error code ("CL_OUT_OF_RESOURCES"). */
const char *pnas_cl_error(cl_int code);

/* Fails with PNAS_ERROR_DEVICE (PNAS_ERROR_MEMORY where it is that) and a message unless code is CL_SUCCESS.
 */
pnas_status pnas_cl_status(cl_int code, const char *what);
#define PNAS_CL_TRY(code, what) PNAS_TRY(pnas_cl_status((code), (what)))

/* Buffers. Reads and writes wait until done; size and offset in bytes. `out` is released by the caller. */
pnas_status pnas_buffer_create(pnas_cl *cl, size_t bytes, cl_mem *out);
void pnas_buffer_release(cl_mem *buffer); /* takes NULL, sets NULL */
pnas_status pnas_buffer_write(pnas_cl *cl, cl_mem buffer, size_t offset, size_t bytes, const void *data);
pnas_status pnas_buffer_read(pnas_cl *cl, cl_mem buffer, size_t offset, size_t bytes, void *data);

/* A new kernel object (the caller's) of `file` in the kernel directory built with `options` (may be NULL);
 * -DV=<vector> is always added, and lines #include "name" are replaced by that file of the kernel directory.
 * Built programs are shared within the context and kept on disk. */
pnas_status pnas_kernel_create(pnas_cl *cl, const char *file, const char *options, const char *name,
                               cl_kernel *out);

/* The context's built programs; lanes may ask for kernels at the same time. */
pnas_status pnas_programs_create(struct pnas_programs **out);
void pnas_programs_destroy(struct pnas_programs **programs);
/* Builds what pnas_kernel_create will want. Without `wait` nothing is done, and *busy set, where another
 * process builds it. `options`: all of them, as pnas_program_wish has them. */
pnas_status pnas_program_prepare(pnas_cl *cl, const char *file, const char *options, bool wait, bool *busy);
/* "<file> <options>" of the program that a kernel is of; borrowed. NULL if it is none of this context's. */
const char *pnas_program_name(const pnas_cl *cl, cl_program program);

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
