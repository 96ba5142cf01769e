/* The OpenCL devices that this process sees. Local: neither call waits for another process. */
#ifndef PNAS_CL_DEVICE_SET_H
#define PNAS_CL_DEVICE_SET_H

#include "cl/runtime/context_options.h"
#include "cl/runtime/device_info.h"
#include "src/base/status.h"

/* Gives drivers the place of the cache of kernels, as each context would: for what starts OpenCL before. */
pnas_status pnas_device_prepare_environment(void);

/* All devices of all platforms; *out is the caller's (free). PNAS_ERROR_DEVICE says what to install if there
 * is none. */
pnas_status pnas_device_list(pnas_device_info **out, int *count);

/* A hash of the devices that this process sees, before a context is made with the same options: processes of
 * a machine with the same hash share them, others (to which a batch system shows a GPU each) do not. */
pnas_status pnas_device_hash(const pnas_cl_options *options, uint64_t *out);

#endif
