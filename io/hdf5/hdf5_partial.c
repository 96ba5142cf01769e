#include "io/hdf5/hdf5_partial.h"

#include "io/file/file_kind.h"
#include "io/file/leftover.h"
#include "io/file/link_target.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static pnas_status resolve_target(const char *path, char **out)
{
    struct stat info;
    bool there = stat(path, &info) == 0;
    PNAS_CHECK(there || errno == ENOENT, PNAS_ERROR_FILE, "%s: cannot be written: %s", path,
               pnas_system_reason(errno));
    PNAS_CHECK(!there || S_ISREG(info.st_mode), PNAS_ERROR_FILE,
               "%s: is not a regular file; name one that can be written", path);
    PNAS_CHECK(pnas_file_kind_of(path) != PNAS_FILE_JOURNAL, PNAS_ERROR_FILE,
               "%s: is there already and is the journal of a run; name another file", path);
    return pnas_link_target(path, out);
}

/* Its name can be foreseen, so that a second writer meets the lock: whoever put something else there must not
 * get it written over. */
static pnas_status check_partial(const pnas_h5_output *output, int file, const struct stat *held)
{
    PNAS_CHECK(S_ISREG(held->st_mode) && held->st_nlink <= 1 && held->st_uid == geteuid(), PNAS_ERROR_FILE,
               "%s: is not a file that this program left; move it away", output->partial);
    char magic[sizeof PNAS_HDF5_MAGIC - 1] = "";
    const char none[sizeof magic] = ""; /* of a file on disk that was not closed */
    ssize_t size = pread(file, magic, sizeof magic, 0);
    PNAS_CHECK(size <= 0 || memcmp(magic, PNAS_HDF5_MAGIC, (size_t)size) == 0 ||
                   memcmp(magic, none, (size_t)size) == 0,
               PNAS_ERROR_FILE, "%s: is not a file that this program left; move it away", output->partial);
    return PNAS_OK;
}

/* A new file is ours; what is there already must be a file that a killed program left. */
static int open_partial(const char *path, bool *made)
{
    for (;;) {
        int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        *made = file >= 0;
        if (file >= 0 || errno != EEXIST)
            return file;
        file = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        if (file >= 0 || errno != ENOENT) /* or its writer has just ended */
            return file;
    }
}

static pnas_status take_lock(const pnas_h5_output *output, int file, bool made, bool *ours)
{
    struct stat held, there;
    *ours = false;
    PNAS_CHECK(fstat(file, &held) == 0, PNAS_ERROR_FILE, "%s: cannot be written: %s", output->path,
               pnas_system_reason(errno));
    if (held.st_nlink == 0)
        return PNAS_OK; /* just removed or replaced by another writer */
    PNAS_CHECK(flock(file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK, PNAS_ERROR_FILE,
               "%s: another program is writing this file", output->path);
    if (!made)
        PNAS_TRY(check_partial(output, file, &held));
    if (lstat(output->partial, &there) != 0 || held.st_ino != there.st_ino || held.st_dev != there.st_dev)
        return PNAS_OK;
    PNAS_CHECK(ftruncate(file, 0) == 0, PNAS_ERROR_FILE, "%s: cannot be written: %s", output->path,
               pnas_system_reason(errno));
    *ours = true;
    return PNAS_OK;
}

static pnas_status try_partial(pnas_h5_output *output)
{
    bool made, ours;
    int file = open_partial(output->partial, &made);
    PNAS_CHECK(file >= 0, PNAS_ERROR_FILE,
               "%s: cannot be written: %s (%s); check that the folder is there and that you may write in it",
               output->path, pnas_system_reason(errno), output->partial);
    pnas_status status = take_lock(output, file, made, &ours);
    if (ours) {
        output->lock = file;
        output->leftover = pnas_leftover_add(output->partial);
    } else {
        close(file);
    }
    return status;
}

/* Opens and locks the partial file. A writer that ends between our open and our lock has renamed or removed
 * the file we hold: then try again. */
static pnas_status lock_partial(pnas_h5_output *output)
{
    sigset_t before;
    pnas_status status = PNAS_OK;
    while (status == PNAS_OK && output->lock < 0) {
        pnas_leftover_pause(&before);
        status = try_partial(output);
        pnas_leftover_resume(&before);
    }
    return status;
}

pnas_status pnas_h5_partial_take(const char *path, pnas_h5_output *output)
{
    PNAS_TRY(resolve_target(path, &output->path));
    output->partial = malloc(strlen(output->path) + sizeof ".partial");
    PNAS_CHECK(output->partial, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    sprintf(output->partial, "%s.partial", output->path);
    return lock_partial(output);
}
