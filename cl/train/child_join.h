/* Private to cl: a child's launches joined (cl/runtime/launch_join.h). Local. */
#ifndef PNAS_CL_CHILD_JOIN_H
#define PNAS_CL_CHILD_JOIN_H

#include "cl/train/child_layout.h"

/* Where launches are joined: keeps the lists as they were recorded, and puts joined ones in their place. */
pnas_status pnas_child_join(pnas_child_plan *plan);
void pnas_child_join_clear(pnas_child_plan *plan);

#endif
