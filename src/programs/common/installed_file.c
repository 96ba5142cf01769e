#include "src/programs/common/installed_file.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *pnas_installed_configuration(const char *name, char out[PNAS_INSTALLED_PATH_MAX])
{
    char program[PATH_MAX], path[2 * PATH_MAX], whole[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length > 0) {
        program[length] = '\0';
        snprintf(path, sizeof path, "%s/../" PNAS_INSTALLED_CONFIGS "/%s", dirname(program), name);
    }
    if (length > 0 && realpath(path, whole))
        snprintf(out, PNAS_INSTALLED_PATH_MAX, "%s", whole);
    else
        snprintf(out, PNAS_INSTALLED_PATH_MAX, "configs/%s", name);
    return out;
}
