/* Further lanes on a device (cl/runtime/context.h), with what all its lanes must agree on done beforehand.
 * Local. */
#ifndef PNAS_CL_LANE_H
#define PNAS_CL_LANE_H

#include "cl/runtime/context.h"

/* Has CLBlast's products checked if some might be left to it, so that the device's description
 * (pnas_cl_device) says whether they are: what ranks compare before they compute. */
pnas_status pnas_lane_prepare(pnas_cl *cl);

/* Has CLBlast's products checked if some might be left to it (cl/ops/gemm.h), so that the lane need not, and
 * makes the lane. `cl` must outlive it. */
pnas_status pnas_lane_create(pnas_cl *cl, pnas_cl **out);
/* And of pnas_cl_create_sharing. */
pnas_status pnas_lane_create_sharing(pnas_cl *cl, pnas_cl **out);

#endif
