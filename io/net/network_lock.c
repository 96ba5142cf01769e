#include "io/net/network_lock.h"

#include "io/file/link_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The network file itself cannot carry the lock, as each checkpoint is a new file. */
static pnas_status name_lock(const char *path, char **out)
{
    char *target;
    *out = NULL;
    PNAS_TRY(pnas_link_target(path, &target));
    int made = asprintf(out, "%s.lock", target);
    free(target);
    if (made < 0)
        *out = NULL;
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    return PNAS_OK;
}

/* Only people read it, so what goes wrong here matters to nobody. */
static void write_owner(int file)
{
    char owner[PNAS_OWNER_SIZE];
    pnas_locked_file_owner(owner);
    if (pwrite(file, owner, sizeof owner, 0) < 0)
        return;
}

pnas_status pnas_network_lock_take(const char *path, pnas_network_lock *out)
{
    pnas_network_lock lock = PNAS_NO_NETWORK_LOCK;
    *out = lock;
    PNAS_TRY(name_lock(path, &lock.path));
    pnas_status status = pnas_locked_file_open(lock.path, path, 0, &lock.file);
    if (status != PNAS_OK) {
        free(lock.path);
        return status;
    }
    write_owner(lock.file);
    *out = lock;
    return PNAS_OK;
}

pnas_lock_state pnas_network_lock_look(const char *path, char owner[PNAS_OWNER_SIZE + 1])
{
    char *name;
    owner[0] = 0;
    if (name_lock(path, &name) != PNAS_OK)
        return PNAS_LOCK_UNKNOWN;
    pnas_lock_state state = pnas_locked_file_look(name, 0, owner);
    free(name);
    return state;
}

/* Removed while it is held: whoever waits for it sees that its name is gone. */
void pnas_network_lock_release(pnas_network_lock *lock)
{
    if (lock->file >= 0) {
        if (pnas_locked_file_is_there(lock->file, lock->path))
            unlink(lock->path);
        close(lock->file);
    }
    free(lock->path);
    *lock = PNAS_NO_NETWORK_LOCK;
}
