/* Private to cl: codes of OpenCL become statuses and messages. Local. */
#ifndef PNAS_CL_ERROR_H
#define PNAS_CL_ERROR_H

#include "cl/runtime/context_fields.h"
#include "src/base/status.h"

/* A name for an OpenCL error code ("CL_OUT_OF_RESOURCES"). */
const char *pnas_cl_error(cl_int code);

/* Fails with PNAS_ERROR_DEVICE and a message unless code is CL_SUCCESS; with PNAS_ERROR_MEMORY where the
 * machine or the device has no room. Never with PNAS_ERROR_TOO_LARGE: what fits was computed before, so that
 * others have the room now, or the device is lost, which the same codes may mean. */
pnas_status pnas_cl_status(cl_int code, const char *what);
#define PNAS_CL_TRY(code, what) PNAS_TRY(pnas_cl_status((code), (what)))

#endif
