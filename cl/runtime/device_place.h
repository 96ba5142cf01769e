/* Private to cl: which of a machine's devices a rank computes on, decided from their descriptions alone.
 * Local. */
#ifndef PNAS_CL_DEVICE_PLACE_H
#define PNAS_CL_DEVICE_PLACE_H

#include "cl/runtime/context_options.h"
#include "cl/runtime/device_info.h"
#include "src/base/status.h"

/* Ranks are numbered from 0 on the machine ("place"). They take the devices that options->device names, each
 * in turn, and a device other than a CPU takes options->ranks_per_device of them (0: any number); a CPU takes
 * any number, but only ranks that found no other device free. Hardware that two drivers offer counts once, by
 * the first of them that is named. *index: into `list`. PNAS_ERROR_DEVICE if
 * nothing matches, or all is taken. */
pnas_status pnas_device_place(const pnas_device_info *list, int count, const pnas_cl_options *options,
                              int *index);

#endif
