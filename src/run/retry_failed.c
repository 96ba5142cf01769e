#include "src/run/retry_failed.h"

#include "src/base/clock.h"
#include "src/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRIED_MAX ((size_t)60000) /* HDF5 keeps attributes of less than 64 KiB */
enum { NAME_MAX_BYTES = 32 };

/* Whether "level/index" is one of the words. */
static bool was_retried(const char *text, int level, size_t index)
{
    char name[NAME_MAX_BYTES];
    size_t length = (size_t)snprintf(name, sizeof name, " %d/%zu", level, index);
    for (const char *at = text; (at = strstr(at, name)); ++at)
        if (at[length] == ' ' || at[length] == '\n' || at[length] == 0)
            return true;
    return false;
}

static pnas_status check_room(const char *path, size_t used)
{
    PNAS_CHECK(used < RETRIED_MAX, PNAS_ERROR_USAGE,
               "%s: so many children failed that the file cannot note which are tried again; begin a new run "
               "with -o",
               path);
    return PNAS_OK;
}

static pnas_status retry_level(const char *path, pnas_search *search, int blocks, char *text, size_t *count)
{
    const pnas_level *level = pnas_search_level(search, blocks);
    size_t before = *count, used = strlen(text);
    for (size_t i = 0; i < level->count; ++i) {
        if (level->child[i].result.status != PNAS_CHILD_FAILED || was_retried(text, blocks, i))
            continue;
        PNAS_TRY(check_room(path, used + NAME_MAX_BYTES));
        used += (size_t)snprintf(text + used, NAME_MAX_BYTES, " %d/%zu", blocks, i);
        PNAS_TRY(pnas_search_retry(search, blocks, i));
        ++*count;
    }
    if (*count > before)
        pnas_info("level %d: %zu failed children are tried again", blocks, *count - before);
    return PNAS_OK;
}

pnas_status pnas_retry_failed(pnas_run_info *info, const char *path, pnas_search *search, size_t *count)
{
    const char *before = info->retried ? info->retried : "";
    char stamp[32], *text = malloc(RETRIED_MAX);
    *count = 0;
    PNAS_CHECK(text, PNAS_ERROR_MEMORY, "no memory for the children to try again");
    pnas_clock_stamp(pnas_clock_unix(), stamp);
    pnas_status status = check_room(path, strlen(before) + sizeof stamp + NAME_MAX_BYTES);
    if (status == PNAS_OK)
        snprintf(text, RETRIED_MAX, "%s%s%s", before, *before ? "\n" : "", stamp);
    for (int b = 1; status == PNAS_OK && pnas_search_level(search, b); ++b)
        status = retry_level(path, search, b, text, count);
    if (status != PNAS_OK || *count == 0) {
        if (status == PNAS_OK)
            pnas_info("%s: no failed child is left that was not tried again before", path);
        free(text);
        return status;
    }
    free(info->retried);
    info->retried = text;
    return PNAS_OK;
}
