/* The child of a space that takes the most memory. */
#ifndef PNAS_RUN_CHILD_MEMORY_H
#define PNAS_RUN_CHILD_MEMORY_H

#include "cl/train/child_trainer.h"
#include "src/search/space.h"

/* Among the cells whose blocks are all alike, the hungriest operator included; bytes as pnas_trainer_memory
 * tells them. */
pnas_status pnas_child_memory_largest(pnas_trainer *trainer, const pnas_space *space, pnas_cell *cell,
                                      uint64_t *bytes);

#endif
