#include "io/config/configuration.h"
#include "io/run/run_parts.h"
#include "src/search/strategy.h"

#include <stdlib.h>

/* A run that says so ended with nothing left to train. */
static pnas_status check_complete(const pnas_run_file *file, const pnas_configuration *configuration)
{
    const pnas_strategy *strategy = pnas_strategy_get(configuration->search.strategy);
    int blocks = configuration->search.space.blocks;
    PNAS_CHECK(!strategy->levelwise || file->levels == blocks, PNAS_ERROR_DATA,
               "%s: is damaged: its status is complete, but it holds %d of %d levels; put a copy of it back",
               file->path, file->levels, blocks);
    for (int b = 0; b < file->levels; b++) {
        size_t pending = pnas_level_count(&file->level[b], PNAS_CHILD_PENDING);
        PNAS_CHECK(
            pending == 0, PNAS_ERROR_DATA,
            "%s: is damaged: its status is complete, but %zu children of level %d are not finished; put "
            "a copy of it back",
            file->path, pending, b + 1);
    }
    return PNAS_OK;
}

static int members_after(const pnas_run_info *info, int level)
{
    int members = 0;
    for (size_t i = 0; i < info->controller_count; i++)
        members += info->controller[i].level == level;
    return members;
}

/* A fit leaves all members or none, and the end of a run has one of its own after each level. */
static pnas_status check_surrogate(const pnas_run_file *file, int members)
{
    const pnas_run_info *info = &file->info;
    bool complete = info->status == PNAS_RUN_COMPLETE;
    for (int level = 0; level <= PNAS_BLOCKS_MAX; level++) {
        int found = members_after(info, level);
        bool wanted = level == 0 ? info->warm_start != NULL : complete && level <= file->levels;
        PNAS_CHECK(found == members || (found == 0 && !wanted), PNAS_ERROR_DATA,
                   "%s: is damaged: its surrogate after level %d has %d of %d members; put a copy of it back",
                   file->path, level, found, members);
    }
    return PNAS_OK;
}

pnas_status pnas_run_check_whole(const pnas_run_file *file)
{
    const pnas_run_info *info = &file->info;
    pnas_configuration *configuration = malloc(sizeof *configuration);
    PNAS_CHECK(configuration, PNAS_ERROR_MEMORY, "no memory for a configuration");
    pnas_status status =
        pnas_configuration_parse("its configuration", info->configuration, NULL, 0, configuration);
    if (status != PNAS_OK)
        status = pnas_fail_at(PNAS_ERROR_DATA, "%s", file->path);
    if (status == PNAS_OK && info->status == PNAS_RUN_COMPLETE)
        status = check_complete(file, configuration);
    if (status == PNAS_OK && pnas_strategy_get(configuration->search.strategy)->surrogate)
        status = check_surrogate(file, configuration->surrogate.members);
    free(configuration);
    return status;
}
