/* Private to cl: codes of OpenCL become statuses and messages. Local. */
#ifndef PNAS_CL_ERROR_H
#define PNAS_CL_ERROR_H

#include "src/base/status.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

/* A name for an OpenCL error code ("CL_OUT_OF_RESOURCES"). */
const char *pnas_cl_error(cl_int code);

/* Fails with PNAS_ERROR_DEVICE (PNAS_ERROR_MEMORY where it is that) and a message unless code is CL_SUCCESS.
 */
pnas_status pnas_cl_status(cl_int code, const char *what);
#define PNAS_CL_TRY(code, what) PNAS_TRY(pnas_cl_status((code), (what)))

#endif
