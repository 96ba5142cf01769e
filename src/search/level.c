#include "src/search/level.h"

#include "src/search/canonical.h"
#include "src/search/spearman.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void pnas_usage_add(pnas_level_usage *sum, const pnas_level_usage *usage)
{
    sum->span_seconds += usage->span_seconds;
    sum->lane_seconds += usage->lane_seconds;
    sum->busy_seconds += usage->busy_seconds;
    sum->longest_seconds = fmax(sum->longest_seconds, usage->longest_seconds);
    sum->best_seconds += usage->best_seconds;
    sum->messages += usage->messages;
    sum->bytes += usage->bytes;
}

pnas_status pnas_level_create(int blocks, size_t count, pnas_level *out)
{
    pnas_child *child = calloc(count, sizeof *child);
    PNAS_CHECK(child, PNAS_ERROR_MEMORY, "out of memory for the %zu children of level %d", count, blocks);
    *out = (pnas_level){.blocks = blocks, .count = count, .child = child, .spearman = NAN};
    return PNAS_OK;
}

void pnas_level_clear(pnas_level *level)
{
    for (size_t i = 0; i < level->count; ++i)
        pnas_result_clear(&level->child[i].result);
    free(level->child);
    memset(level, 0, sizeof *level);
}

void pnas_child_set(pnas_child *child, const pnas_cell *cell, double predicted, double spread)
{
    child->cell = *cell;
    child->hash = pnas_cell_hash(cell);
    child->predicted = predicted;
    child->predicted_std = spread;
}

size_t pnas_level_count(const pnas_level *level, pnas_child_status status)
{
    size_t count = 0;
    for (size_t i = 0; i < level->count; ++i)
        count += level->child[i].result.status == status;
    return count;
}

size_t pnas_level_unfinished(const pnas_level *level)
{
    return pnas_level_count(level, PNAS_CHILD_PENDING) + pnas_level_count(level, PNAS_CHILD_PAUSED);
}

bool pnas_child_worth(const pnas_child *child, double *out)
{
    bool done = child->result.status == PNAS_CHILD_DONE;
    *out = done ? child->result.accuracy : child->expected;
    return done || child->result.status == PNAS_CHILD_STOPPED;
}

size_t pnas_level_trained(const pnas_level *level)
{
    return pnas_level_count(level, PNAS_CHILD_DONE) + pnas_level_count(level, PNAS_CHILD_STOPPED);
}

double pnas_level_spearman(const pnas_level *level)
{
    size_t done = pnas_level_count(level, PNAS_CHILD_DONE), next = 0;
    if (done < 2 || pnas_level_unfinished(level) > 0)
        return NAN;
    double *values = malloc(2 * done * sizeof *values);
    if (!values)
        return NAN;
    for (size_t i = 0; i < level->count; ++i) {
        const pnas_child *child = &level->child[i];
        if (child->result.status != PNAS_CHILD_DONE || !isfinite(child->predicted))
            continue; /* strategies without a surrogate predict nothing */
        values[next] = child->predicted;
        values[done + next++] = child->result.accuracy;
    }
    double result = pnas_spearman(values, values + done, next);
    free(values);
    return result;
}

const char *pnas_level_first_error(const pnas_level *level)
{
    for (size_t i = 0; i < level->count; ++i)
        if (level->child[i].result.error[0])
            return level->child[i].result.error;
    return "no reason was given";
}

double pnas_levels_best(const pnas_level *level, int levels)
{
    double best = 0;
    for (int i = 0; i < levels; ++i)
        for (size_t j = 0; j < level[i].count; ++j) {
            const pnas_result *result = &level[i].child[j].result;
            if (result->status == PNAS_CHILD_DONE && result->accuracy > best)
                best = result->accuracy;
        }
    return best;
}
