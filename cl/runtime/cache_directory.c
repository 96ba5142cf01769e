#include "cl/runtime/cache_directory.h"

#include "src/base/log.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes a directory and those above it; errno says why not. */
static bool make_directories(const char *path)
{
    char part[PATH_MAX];
    struct stat found;
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    if (mkdir(part, 0777) != 0 && errno != EEXIST)
        return false;
    if (stat(part, &found) != 0)
        return false;
    errno = ENOTDIR;
    return S_ISDIR(found.st_mode) && access(part, W_OK | X_OK) == 0;
}

/* A directory of this user's own in the system's temporary one. */
static bool make_private(char *out, size_t size)
{
    struct stat found;
    const char *place = getenv("TMPDIR");
    snprintf(out, size, "%s/pnas-%ld", place && place[0] ? place : "/tmp", (long)getuid());
    if (mkdir(out, 0700) != 0 && errno != EEXIST)
        return false;
    return lstat(out, &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == getuid() &&
           (found.st_mode & 022) == 0 && access(out, W_OK | X_OK) == 0;
}

static bool find(const char *wanted, char *out, size_t size)
{
    const char *own = getenv("PNAS_CACHE"), *user = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (wanted || (own && own[0]))
        snprintf(out, size, "%s", wanted ? wanted : own);
    else if (user && user[0])
        snprintf(out, size, "%s/pnas", user);
    else if (home && home[0])
        snprintf(out, size, "%s/.cache/pnas", home);
    else
        return false;
    return true;
}

static void warn_once(const char *path, const char *instead)
{
    static bool warned;
    if (!warned)
        pnas_warning(
            "kernels cannot be kept in %s (%s): they are kept in %s for now; set PNAS_CACHE to a folder "
            "that can be written, or starts will be slow",
            path, strerror(errno), instead);
    warned = true;
}

pnas_status pnas_cache_directory_prepare(const char *wanted, char **out)
{
    char path[PATH_MAX] = "", other[PATH_MAX], pocl[PATH_MAX + 8];
    *out = NULL;
    if (!find(wanted, path, sizeof path) || !make_directories(path)) {
        int why = errno;
        bool usable = make_private(other, sizeof other);
        errno = why;
        warn_once(path[0] ? path : "any home directory", usable ? other : "memory only");
        if (!usable)
            return PNAS_OK;
        memcpy(path, other, sizeof path);
    }
    *out = strdup(path);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "no memory for a path");
    snprintf(pocl, sizeof pocl, "%s/pocl", path);
    setenv("POCL_CACHE_DIR", pocl, 0);
    return PNAS_OK;
}
