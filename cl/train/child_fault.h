/* Private to cl: makes a child go wrong, for tests of what follows. Local. */
#ifndef PNAS_CL_CHILD_FAULT_H
#define PNAS_CL_CHILD_FAULT_H

#include "cl/train/child_layout.h"
#include "cl/train/fault.h"

/* On a child that is ready to train: asks the device for what it cannot give, so that its own failure comes
 * back; PNAS_FAULT_LOSS spoils the weights, and PNAS_FAULT_NONE, _TIME and _HANG do nothing. */
pnas_status pnas_child_fault_apply(pnas_child_plan *plan, pnas_fault_kind kind);

#endif
