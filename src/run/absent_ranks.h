/* Ranks that have no device to train on, told once for all that have the same reason. */
#ifndef PNAS_RUN_ABSENT_RANKS_H
#define PNAS_RUN_ABSENT_RANKS_H

#include "mpi/layout.h"

#include <stdbool.h>

/* Rank 0 warns of the ranks whose `reason` is not NULL, a line for each machine and reason: "ranks 1, 2 and 5
 * on node3 do not train: ...". If it `fails` with its own reason, which is told then, ranks with the same one
 * are left out. Collective. */
pnas_status pnas_absent_ranks_tell(const pnas_layout *layout, const char *reason, bool fails);

#endif
