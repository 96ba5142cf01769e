#include "src/search/surrogate.h"

#include "src/base/clock.h"

#include <stdlib.h>

/* Appends to `cell` and `accuracy` what the surrogate learns from; returns how many. */
static size_t collect_rewarded(const pnas_level *level, double failed_reward, pnas_cell *cell,
                               double *accuracy)
{
    size_t count = 0;
    for (size_t i = 0; i < level->count; ++i) {
        const pnas_result *result = &level->child[i].result;
        double worth;
        bool trained = pnas_child_worth(&level->child[i], &worth);
        if (!trained && (result->status != PNAS_CHILD_FAILED || failed_reward <= 0))
            continue;
        accuracy[count] = trained ? worth : failed_reward;
        cell[count++] = level->child[i].cell;
    }
    return count;
}

pnas_status pnas_surrogate_fit_levels(const pnas_surrogate *surrogate, const pnas_level *level, int levels,
                                      double failed_reward, double *seconds)
{
    size_t room = 0, trained = 0, count = 0;
    for (int i = 0; i < levels; ++i) {
        trained += pnas_level_trained(&level[i]);
        room += level[i].count;
    }
    PNAS_CHECK(trained > 0, PNAS_ERROR_DATA,
               "no child has succeeded, so there is nothing to fit the surrogate on");
    pnas_cell *cell = malloc(room * sizeof *cell);
    double *accuracy = malloc(room * sizeof *accuracy);
    pnas_status status;
    PNAS_CHECK_CLEANUP(cell && accuracy, PNAS_ERROR_MEMORY, "out of memory for %zu cells to fit on", room);
    for (int i = 0; i < levels; ++i)
        count += collect_rewarded(&level[i], failed_reward, cell + count, accuracy + count);
    double start = pnas_clock_seconds();
    status = surrogate->fit(surrogate->payload, levels, cell, accuracy, count);
    *seconds = pnas_clock_seconds() - start;
cleanup:
    free(cell);
    free(accuracy);
    return status;
}
