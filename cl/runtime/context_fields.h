/* Inside the cl rooms: what a context holds. Local to a rank. */
#ifndef PNAS_CL_CONTEXT_FIELDS_H
#define PNAS_CL_CONTEXT_FIELDS_H

#include "cl/runtime/device_info.h"
#include "cl/runtime/op_kind.h"
#include "src/base/status.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stddef.h>

typedef struct pnas_cl {
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
} pnas_cl;

/* Anything but PNAS_OK: nothing more is to be compiled now. */
static inline pnas_status pnas_cl_tick(const pnas_cl *cl)
{
    return cl->tick ? cl->tick(cl->tick_payload) : PNAS_OK;
}

#endif
