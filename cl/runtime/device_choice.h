/* Inside the cl room: every OpenCL device of this machine, and the choice of one. */
#ifndef PNAS_CL_DEVICE_CHOICE_H
#define PNAS_CL_DEVICE_CHOICE_H

#include "cl/runtime/launch.h"

typedef struct {
    cl_platform_id platform;
    cl_device_id device;
    cl_device_type type;
    pnas_device_info info;
} pnas_device;

/* The device that options->device and options->choice name. PNAS_ERROR_DEVICE lists what there is. */
pnas_status pnas_device_choose(const pnas_cl_options *options, pnas_device *out);

/* Of what this process sees: two processes of a machine with the same have the same devices at their indices.
 */
uint64_t pnas_device_list_hash(void);

#endif
