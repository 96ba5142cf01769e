/* Private to cl: the choice of one device among those of this machine. Local. */
#ifndef PNAS_CL_DEVICE_CHOICE_H
#define PNAS_CL_DEVICE_CHOICE_H

#include "cl/runtime/context_options.h"
#include "cl/runtime/device_scan.h"

/* The device that options->device and options->choice name. PNAS_ERROR_DEVICE lists what there is. */
pnas_status pnas_device_choose(const pnas_cl_options *options, pnas_device *out);

#endif
