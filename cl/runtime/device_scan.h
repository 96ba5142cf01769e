/* Private to cl: every OpenCL device of this machine that can serve. Local. */
#ifndef PNAS_CL_DEVICE_SCAN_H
#define PNAS_CL_DEVICE_SCAN_H

#include "cl/runtime/device_info.h"
#include "src/base/status.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

typedef struct {
    cl_platform_id platform;
    int driver_number; /* in the order of their files */
    cl_device_id device;
    cl_device_type type;
    pnas_device_info info;
} pnas_device;

typedef struct {       /* zero it to start */
    pnas_device *item; /* the caller's (free) */
    int count;
} pnas_device_array;

/* All devices of all platforms; a driver that is named twice stands there once. threads > 0: PoCL, which
 * asks once for a process, uses so many cores. PNAS_ERROR_DEVICE says what to install where there is none. */
pnas_status pnas_device_scan(int threads, pnas_device_array *out);

/* What they say of themselves, [all->count]; *out is the caller's (free). */
pnas_status pnas_device_describe(const pnas_device_array *all, pnas_device_info **out);

#endif
