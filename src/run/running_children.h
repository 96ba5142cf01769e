/* Checkpoints of the children that a run trains at the moment, in the folder RUN.h5.children. Each rank
 * writes those of its own children; a child may go on on any rank that sees the folder. Local. */
#ifndef PNAS_PROGRAMS_RUNNING_CHILDREN_H
#define PNAS_PROGRAMS_RUNNING_CHILDREN_H

#include "src/net/checkpoint.h"
#include "src/net/run_settings.h"

typedef struct pnas_running_children pnas_running_children;

/* `configuration` is borrowed. Nothing is written yet. */
pnas_status pnas_running_children_create(const char *run_path, const pnas_configuration *configuration,
                                         const char *dataset_sha256, pnas_running_children **out);
void pnas_running_children_destroy(pnas_running_children **children);

/* The store for trainers of this rank; borrowed. Any thread may call it. What cannot be written is told once.
 */
const pnas_checkpoint_store *pnas_running_children_store(const pnas_running_children *children);

/* Removes the checkpoint of a child whose result is safe; `children` may be NULL. */
void pnas_running_children_forget(pnas_running_children *children, const pnas_cell *cell);

/* Removes all checkpoints and the folder; `children` may be NULL. */
void pnas_running_children_clear(pnas_running_children *children);

#endif
