/* Private to cl: what a context holds. Local to a rank. */
#ifndef PNAS_CL_CONTEXT_FIELDS_H
#define PNAS_CL_CONTEXT_FIELDS_H

#include "cl/runtime/device_info.h"
#include "cl/runtime/kernel_folder.h"
#include "cl/runtime/op_kind.h"
#include "src/base/status.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stddef.h>

typedef struct {  /* of a device, for all its lanes */
    bool checked; /* CLBlast's first product was compared with ours */
    bool refused; /* it was wrong */
} pnas_clblast_trust;

typedef struct pnas_cl {
    cl_platform_id platform;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    pnas_device_info info;
    int vector;                           /* V */
    const struct pnas_tuned_table *tuned; /* owned; NULL: none. Read at the start, never changed */
    pnas_route route; /* of every op that can take it; AUTO: the tables decide. Never changed */
    cl_mem scratch;   /* partial products (gemm_split.c); NULL until wanted */
    pnas_clblast_trust *clblast;
    bool no_tiles;       /* a CPU whose driver cannot build the tile kernels in any reasonable time */
    bool device_is_part; /* a part of a CPU, to be released */
    bool keep_binaries;  /* on disk; not where the driver does so itself (PoCL) */
    bool late_builds;    /* the driver compiles a kernel when it is first run (PoCL) */
    char *cache_directory, *kernel_directory; /* cache_directory: NULL if nothing can be kept */
    char kernels[PNAS_KERNEL_HASH_TEXT];      /* hash of that folder when this was opened */
    struct pnas_programs *programs;           /* built ones, for all lanes */
    struct pnas_warm_kernel *warm;            /* kernels that have been run (kernel_warm.c) */
    bool is_lane; /* tuned, clblast, context, device, paths and programs are the first lane's, who frees them
                   */
} pnas_cl;

#endif
