/* Checkpoints of the children that a run trains at the moment, in the folder RUN.h5.children. Each rank
 * writes those of its own children; a child may go on on any rank that sees the folder. Local. */
#ifndef PNAS_RUN_CHECKPOINT_FOLDER_H
#define PNAS_RUN_CHECKPOINT_FOLDER_H

#include "src/net/checkpoint.h"
#include "src/net/run_settings.h"

typedef struct pnas_checkpoint_folder pnas_checkpoint_folder;

/* `configuration` is borrowed. Nothing is written yet. A checkpoint of other training options, data or
 * `kernels` (their hash) does not fit; its child starts from its beginning. */
pnas_status pnas_checkpoint_folder_create(const char *run_path, const pnas_configuration *configuration,
                                          const char *dataset_sha256, const char *kernels,
                                          pnas_checkpoint_folder **out);
void pnas_checkpoint_folder_destroy(pnas_checkpoint_folder **folder);

/* The store for trainers of this rank; borrowed. Any thread may call it. What cannot be written is told once. */
const pnas_checkpoint_store *pnas_checkpoint_folder_store(const pnas_checkpoint_folder *folder);

/* Removes the checkpoint of a child whose result is safe; `folder` may be NULL. */
void pnas_checkpoint_folder_forget(pnas_checkpoint_folder *folder, const pnas_cell *cell);

/* Removes all checkpoints and the folder; `folder` may be NULL. Files that are no checkpoints by their content stay, and
 * so does all that is in a folder that is reached through a link, with a warning. */
void pnas_checkpoint_folder_clear(pnas_checkpoint_folder *folder);

#endif
