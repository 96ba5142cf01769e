#include "src/run/rung_pass.h"

#include "src/base/log.h"

/* No child that is stopped is trained on, so nobody needs where its training stands. */
static void forget_stopped(const pnas_search *search, pnas_checkpoint_folder *checkpoints)
{
    for (int b = 1; b <= pnas_search_levels(search); b++) {
        const pnas_level *level = pnas_search_level(search, b);
        for (size_t i = 0; i < level->count; i++)
            if (level->child[i].result.status == PNAS_CHILD_STOPPED)
                pnas_checkpoint_folder_forget(checkpoints, &level->child[i].cell);
    }
}

pnas_status pnas_rung_pass(pnas_run_file *file, pnas_search *search, pnas_checkpoint_folder *checkpoints)
{
    pnas_rung_choice choice;
    int level;
    PNAS_TRY(pnas_search_pass_rung(search, &level, &choice));
    if (level > 0)
        pnas_info("level %d: %zu of %zu children go on after epoch %d", level, choice.kept,
                  choice.kept + choice.stopped, choice.epoch);
    else
        pnas_info("%zu of %zu children go on after epoch %d", choice.kept, choice.kept + choice.stopped,
                  choice.epoch);
    PNAS_TRY(pnas_run_file_write(file, search));
    forget_stopped(search, checkpoints);
    return PNAS_OK;
}

void pnas_rung_pass_report(const pnas_search *search, int epochs)
{
    double trained = 0, whole = 0;
    for (int b = 1; b <= pnas_search_levels(search); b++) {
        const pnas_level *level = pnas_search_level(search, b);
        whole += (double)pnas_level_trained(level) * epochs;
        for (size_t i = 0; i < level->count; i++)
            trained += (double)pnas_result_rows(&level->child[i].result);
    }
    if (pnas_search_get_options(search)->rungs > 0 && whole > 0)
        pnas_info("rungs: %.0f epochs were trained of %.0f, %.1f %%", trained, whole, 100 * trained / whole);
}
