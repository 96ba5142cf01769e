#include "io/config/configuration.h"
#include "io/config/configuration_value.h"
#include "io/hdf5/hdf5_content_sum.h"
#include "io/run/run_parts.h"
#include "src/search/strategy.h"

#include <math.h>
#include <stdlib.h>

/* ---- figures ---- */

/* What its history says of a child's accuracy; a child that was looked up in a table has none. */
static bool has_history_accuracy(const pnas_result *result, pnas_reward reward, float *out)
{
    size_t rows = pnas_result_rows(result);
    *out = 0;
    for (size_t i = 0; i < rows; i++) {
        float value = result->history[i * PNAS_METRICS + PNAS_METRIC_VALIDATION_ACCURACY];
        *out = reward == PNAS_REWARD_BEST ? fmaxf(*out, value) : value;
    }
    return rows > 0;
}

static bool is_prediction(const pnas_child *child)
{
    bool mean = isnan(child->predicted) || (child->predicted >= 0 && child->predicted <= 1);
    bool spread =
        isnan(child->predicted_std) || (child->predicted_std >= 0 && isfinite(child->predicted_std));
    return mean && spread;
}

/* `configuration`: what histories are compared by; those of a table are its own. */
static pnas_status check_child(const pnas_run_file *file, const pnas_configuration *configuration, int level,
                               size_t index)
{
    const pnas_child *child = &file->level[level - 1].child[index];
    const pnas_result *result = &child->result;
    bool trained = configuration->evaluator == PNAS_EVALUATOR_TRAIN;
    float expected;
    PNAS_CHECK(
        is_prediction(child), PNAS_ERROR_DATA,
        "%s: is damaged: child %zu of level %d is predicted with %g, give or take %g; put a copy of it "
        "back",
        file->path, index, level, child->predicted, child->predicted_std);
    bool at_rung = result->status == PNAS_CHILD_PAUSED || result->status == PNAS_CHILD_STOPPED;
    PNAS_CHECK(!at_rung || pnas_is_rung(&configuration->search, (int)pnas_result_rows(result)),
               PNAS_ERROR_DATA,
               "%s: is damaged: child %zu of level %d waits or was stopped at a rung after epoch %zu, where "
               "there is none; put a copy of it back",
               file->path, index, level, pnas_result_rows(result));
    if (result->status != PNAS_CHILD_DONE)
        return PNAS_OK;
    PNAS_CHECK(result->accuracy >= 0 && result->accuracy <= 1, PNAS_ERROR_DATA,
               "%s: is damaged: child %zu of level %d has the accuracy %g; put a copy of it back", file->path,
               index, level, result->accuracy);
    PNAS_CHECK(
        result->parameters >= 0 && result->multiply_adds >= 0 && result->train_seconds >= 0 &&
            isfinite(result->train_seconds) && isfinite(result->start) && result->attempts >= 0,
        PNAS_ERROR_DATA,
        "%s: is damaged: child %zu of level %d has %lld parameters, %lld multiply-adds and was trained "
        "for %g s from %g in %d attempts; put a copy of it back",
        file->path, index, level, (long long)result->parameters, (long long)result->multiply_adds,
        result->train_seconds, result->start, result->attempts);
    PNAS_CHECK(!trained || !has_history_accuracy(result, configuration->training.reward, &expected) ||
                   (float)result->accuracy == expected,
               PNAS_ERROR_DATA,
               "%s: is damaged: child %zu of level %d has the accuracy %g, and by its history %g; put a copy "
               "of it back",
               file->path, index, level, result->accuracy, (double)expected);
    return PNAS_OK;
}

static pnas_status check_children(const pnas_run_file *file, const pnas_configuration *configuration)
{
    for (int b = 1; b <= file->levels; b++)
        for (size_t i = 0; i < file->level[b - 1].count; i++)
            PNAS_TRY(check_child(file, configuration, b, i));
    return PNAS_OK;
}

/* ---- the space ---- */

/* What other programs take from /space is what this one takes from the configuration. */
static pnas_status check_space(const pnas_run_file *file, const pnas_space *expected)
{
    const pnas_space *space = &file->space;
    bool same = space->blocks == expected->blocks && space->lookback == expected->lookback &&
                space->lookforward == expected->lookforward &&
                space->operators.count == expected->operators.count;
    for (int i = 0; same && i < expected->operators.count; i++)
        same = pnas_operator_equal(&space->operators.item[i], &expected->operators.item[i]);
    PNAS_CHECK(same || space->operators.count == 0, PNAS_ERROR_DATA,
               "%s: is damaged: /space is not the space of its configuration; put a copy of it back",
               file->path);
    return PNAS_OK;
}

/* ---- levels ---- */

static int by_value(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* A search proposes no cell twice; one that is there twice would count twice in the beam and in what is learned. */
static pnas_status check_twice(const pnas_run_file *file)
{
    for (int b = 0; b < file->levels; b++) {
        const pnas_level *level = &file->level[b];
        bool twice = false;
        uint64_t *hash = malloc((level->count + 1) * sizeof *hash);
        PNAS_CHECK(hash, PNAS_ERROR_MEMORY, "%s: out of memory", file->path);
        for (size_t i = 0; i < level->count; i++)
            hash[i] = level->child[i].hash;
        qsort(hash, level->count, sizeof *hash, by_value);
        for (size_t i = 1; i < level->count; i++)
            twice = twice || hash[i] == hash[i - 1];
        free(hash);
        PNAS_CHECK(!twice, PNAS_ERROR_DATA,
                   "%s: is damaged: level %d holds a cell twice; put a copy of it back", file->path, b + 1);
    }
    return PNAS_OK;
}

/* Where levels follow each other, each but the last is finished, unless children of it are tried again or the
 * next was begun early. */
static pnas_status check_order(const pnas_run_file *file, int blocks)
{
    PNAS_CHECK(file->levels <= blocks, PNAS_ERROR_DATA,
               "%s: is damaged: it holds level %d of %d; put a copy of it back", file->path, file->levels,
               blocks);
    for (int b = 1; b < file->levels; b++) {
        const pnas_level *level = &file->level[b - 1];
        size_t pending = pnas_level_unfinished(level);
        PNAS_CHECK(level->count > 0, PNAS_ERROR_DATA,
                   "%s: is damaged: it holds level %d, but no child of level %d; put a copy of it back",
                   file->path, b + 1, b);
        PNAS_CHECK(pending == 0 || file->level[b].begun || file->info.retried, PNAS_ERROR_DATA,
                   "%s: is damaged: it holds level %d, but %zu children of level %d are not finished; put a "
                   "copy of it back",
                   file->path, b + 1, pending, b);
    }
    return PNAS_OK;
}

/* How many children a level of a levelwise search has that has `below` on the levels below; 0: unknown here, as a
 * table alone says it. */
static size_t expected_children(const pnas_level *level, size_t below,
                                const pnas_configuration *configuration)
{
    const pnas_search_options *search = &configuration->search;
    bool limited = configuration->evaluator == PNAS_EVALUATOR_TABLE &&
                   configuration->candidates != PNAS_CANDIDATES_SPACE;
    size_t all = level->candidates, wanted = pnas_search_level_size(search, level->blocks, below);
    if (level->blocks == 1)
        all = all > 0 || limited ? all : pnas_space_one_block_cells(&search->space);
    return wanted < all ? wanted : all;
}

/* Columns that are all cut alike do not contradict each other. The levels of a search that was extended may
 * be those of a smaller beam, and with a number of all children they share another number. */
static pnas_status check_counts(const pnas_run_file *file, const pnas_configuration *configuration)
{
    size_t below = 0;
    if (file->info.extended && configuration->search.children > 0)
        return PNAS_OK;
    for (int b = 1; b <= file->levels; b++) {
        const pnas_level *level = &file->level[b - 1];
        size_t expected = expected_children(level, below, configuration);
        bool fewer = file->info.extended && level->count < expected;
        below += level->count;
        PNAS_CHECK(
            level->begun || level->count == expected || expected == 0 || fewer, PNAS_ERROR_DATA,
            "%s: is damaged: level %d has %zu children, and by its configuration %zu; put a copy of it "
            "back",
            file->path, b, level->count, expected);
    }
    return PNAS_OK;
}

/* Where children of several levels are proposed together, each has its place among all: what comes next follows from
 * it. */
static pnas_status check_places(const pnas_run_file *file)
{
    size_t count = 0;
    for (int b = 0; b < file->levels; b++)
        count += file->level[b].count;
    bool *taken = calloc(count + 1, sizeof *taken), good = true;
    PNAS_CHECK(taken, PNAS_ERROR_MEMORY, "%s: out of memory", file->path);
    for (int b = 0; b < file->levels; b++)
        for (size_t i = 0; i < file->level[b].count; i++) {
            int order = file->level[b].child[i].order;
            good = good && order >= 1 && (size_t)order <= count && !taken[order];
            if (good)
                taken[order] = true;
        }
    free(taken);
    PNAS_CHECK(good, PNAS_ERROR_DATA,
               "%s: is damaged: the order in which its children were proposed is not there, or impossible; "
               "put a copy of it back",
               file->path);
    return PNAS_OK;
}

/* A run that says so ended with nothing left to train. */
static pnas_status check_complete(const pnas_run_file *file, const pnas_configuration *configuration)
{
    const pnas_strategy *strategy = pnas_strategy_get(configuration->search.strategy);
    int blocks = configuration->search.space.blocks;
    PNAS_CHECK(!strategy->levelwise || file->levels == blocks, PNAS_ERROR_DATA,
               "%s: is damaged: its status is complete, but it holds %d of %d levels; put a copy of it back",
               file->path, file->levels, blocks);
    for (int b = 0; b < file->levels; b++) {
        size_t pending = pnas_level_unfinished(&file->level[b]);
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

/* A fit leaves all members or none. The end of a levelwise run has one of its own after each level; of others the
 * last is kept after the last level. */
static pnas_status check_surrogate(const pnas_run_file *file, const pnas_configuration *configuration)
{
    const pnas_run_info *info = &file->info;
    const pnas_strategy *strategy = pnas_strategy_get(configuration->search.strategy);
    bool complete = info->status == PNAS_RUN_COMPLETE;
    int members = configuration->surrogate.members, blocks = configuration->search.space.blocks;
    for (int level = 0; level <= PNAS_BLOCKS_MAX; level++) {
        int found = members_after(info, level);
        bool after = strategy->levelwise ? level <= file->levels : level == blocks;
        bool wanted = level == 0 ? info->warm_start != NULL : complete && after;
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
    if (status == PNAS_OK)
        status = check_space(file, &configuration->search.space);
    if (status == PNAS_OK)
        status = check_twice(file);
    if (status == PNAS_OK)
        status = check_children(file, configuration);
    if (status == PNAS_OK && pnas_strategy_get(configuration->search.strategy)->levelwise)
        status = check_order(file, configuration->search.space.blocks);
    if (status == PNAS_OK && pnas_strategy_get(configuration->search.strategy)->levelwise)
        status = check_counts(file, configuration);
    if (status == PNAS_OK && pnas_strategy_get(configuration->search.strategy)->all_sizes)
        status = check_places(file);
    if (status == PNAS_OK && info->status == PNAS_RUN_COMPLETE)
        status = check_complete(file, configuration);
    if (status == PNAS_OK && pnas_strategy_get(configuration->search.strategy)->surrogate)
        status = check_surrogate(file, configuration);
    free(configuration);
    PNAS_TRY(status);
    PNAS_CHECK(!file->changed, PNAS_ERROR_DATA, "%s: %s", file->path, PNAS_CONTENT_CHANGED);
    return PNAS_OK;
}
