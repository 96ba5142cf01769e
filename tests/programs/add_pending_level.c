/* add_pending_level RUN.h5: gives a run of random cells of two blocks two pending children of one block, so that
 * it goes on with children on a level below one that is finished. */
#include "io/run/run_file.h"
#include "src/base/log.h"
#include "src/search/search_options.h"
#include "src/search/strategy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static pnas_status restore_pending(pnas_search *search)
{
    pnas_level level;
    PNAS_TRY(pnas_level_create(1, 2, &level));
    for (int8_t i = 0; i < 2; i++) {
        const pnas_cell cell = {.blocks = 1, .block = {{-2, i, -2, i}}};
        pnas_child_set(&level.child[i], &cell, NAN, NAN);
    }
    return pnas_search_restore(search, &level);
}

/* Children that were looked up have no history, so a copy of the bytes is a copy. */
static pnas_status restore_copy(pnas_search *search, const pnas_level *level)
{
    pnas_level copy = *level;
    copy.child = malloc(level->count * sizeof *copy.child);
    PNAS_CHECK(copy.child, PNAS_ERROR_MEMORY, "no memory for %zu children", level->count);
    memcpy(copy.child, level->child, level->count * sizeof *copy.child);
    return pnas_search_restore(search, &copy);
}

static pnas_status change(pnas_run_file *file, pnas_search *before, pnas_search *after)
{
    PNAS_TRY(pnas_run_file_restore(file, before));
    PNAS_TRY(restore_pending(after));
    PNAS_TRY(restore_copy(after, pnas_search_level(before, 2)));
    pnas_run_file_info(file)->status = PNAS_RUN_STOPPED;
    return pnas_run_file_write(file, after);
}

int main(int argc, char **argv)
{
    pnas_run_file *file = NULL;
    pnas_search *before = NULL, *after = NULL;
    bool existed;
    pnas_search_options options = {.space = {.blocks = 2, .lookback = -2, .lookforward = -1},
                                   .beam = 4,
                                   .first = 4,
                                   .strategy = PNAS_STRATEGY_NUMBER_random};
    pnas_operator_set_paper(&options.space.operators);
    pnas_status status = argc == 2 ? PNAS_OK : PNAS_ERROR_USAGE;
    if (status == PNAS_OK)
        status = pnas_search_create(&options, &before);
    if (status == PNAS_OK)
        status = pnas_search_create(&options, &after);
    if (status == PNAS_OK)
        status = pnas_run_file_open(argv[1], &file, &existed);
    if (status == PNAS_OK)
        status = change(file, before, after);
    if (status != PNAS_OK)
        pnas_error("%s", pnas_message());
    pnas_run_file_close(&file);
    pnas_search_destroy(&before);
    pnas_search_destroy(&after);
    return status != PNAS_OK;
}
