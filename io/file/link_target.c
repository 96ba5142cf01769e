#include "io/file/link_target.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX 40

pnas_status pnas_link_target(const char *path, char **out)
{
    char at[PATH_MAX], target[PATH_MAX];
    int links = 0;
    ssize_t length;
    *out = NULL;
    PNAS_CHECK(strlen(path) < sizeof at, PNAS_ERROR_FILE, "%s: the name is too long", path);
    strcpy(at, path);
    while ((length = readlink(at, target, sizeof target - 1)) > 0) {
        const char *name = strrchr(at, '/');
        size_t folder = target[0] == '/' || !name ? 0 : (size_t)(name + 1 - at);
        PNAS_CHECK(++links <= LINKS_MAX && folder + (size_t)length < sizeof at, PNAS_ERROR_FILE,
                   "%s: is a symbolic link whose end is not there; remove it", path);
        memcpy(at + folder, target, (size_t)length);
        at[folder + (size_t)length] = 0;
    }
    *out = strdup(at);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "%s: out of memory", path);
    return PNAS_OK;
}
