/* NET.h5.lock: that one program at a time reads a network file, works and writes it again. Local. */
#ifndef PNAS_IO_NETWORK_LOCK_H
#define PNAS_IO_NETWORK_LOCK_H

#include "io/file/locked_file.h"

typedef struct {
    int file; /* -1: none is held */
    char *path;
} pnas_network_lock;

#define PNAS_NO_NETWORK_LOCK ((pnas_network_lock){.file = -1})

/* Takes the lock of the network file at `path`, which need not be there yet; a link to it has the same lock. It ends
 * with the process, too: a lock file that a killed program left holds nobody up. PNAS_ERROR_FILE if another
 * process holds it, or if its folder is missing or not writable. */
pnas_status pnas_network_lock_take(const char *path, pnas_network_lock *out);

/* Whether a program works on the network file at `path`, there or not; owner as in pnas_locked_file_look. */
pnas_lock_state pnas_network_lock_look(const char *path, char owner[PNAS_OWNER_SIZE + 1]);

/* Removes the lock file; takes PNAS_NO_NETWORK_LOCK, too. */
void pnas_network_lock_release(pnas_network_lock *lock);

#endif
