/* Many steps of an optimizer on the device and in double precision: PyTorch's definitions, with weight decay
 * on a part and clipping by the global norm. Local. */
#ifndef PNAS_CL_CHECK_UPDATE_CASE_H
#define PNAS_CL_CHECK_UPDATE_CASE_H

#include "cl/ops/check/op_harness.h"

enum { UPDATE_CASE_STEPS = 20 };

/* `update` gives optimizer, its figures, count and decayed; the tensors are made here. */
void update_case_check(op_harness *h, pnas_update update);

/* Sets the rates of all steps, [UPDATE_CASE_STEPS], and the step counter, state[0] = 0. */
void update_case_schedule(op_harness *h, pnas_update *update, double *rates);

#endif
