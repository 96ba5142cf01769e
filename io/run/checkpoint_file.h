/* RUN.h5.children/<hash>.h5: where one running child's training stands. docs/formats.md. Local. */
#ifndef PNAS_IO_CHECKPOINT_FILE_H
#define PNAS_IO_CHECKPOINT_FILE_H

#include "src/base/status.h"
#include "src/net/checkpoint.h"

#include <stdbool.h>

typedef struct {             /* what a checkpoint belongs to; it is read only where both are the same */
    const char *fingerprint; /* of all that decides a child's training, 64 hexadecimal digits */
    const char *cell;        /* as text */
} pnas_checkpoint_owner;

/* Written to a temporary file, synced, renamed. */
pnas_status pnas_checkpoint_write(const char *path, const pnas_checkpoint_owner *owner,
                                  const pnas_checkpoint *checkpoint);

/* *out is the caller's (pnas_checkpoint_clear). PNAS_ERROR_DATA if the file is damaged, without its seal, no
 * checkpoint, not this owner's, or holds what no training can stand at; PNAS_ERROR_FILE if it cannot be opened. */
pnas_status pnas_checkpoint_read(const char *path, const pnas_checkpoint_owner *owner, pnas_checkpoint *out);

/* Whether the file `name` of the open folder, which is no link, was begun as a checkpoint by its content, also if it
 * is damaged or, under a name that ends in .partial, was never finished. */
bool pnas_checkpoint_is_ours(int folder, const char *name);

#endif
