#include "src/search/search.h"

#include "src/search/canonical.h"
#include "src/search/rungs/curve_model.h"
#include "src/search/search_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const pnas_strategy *strategy_of(const pnas_search *search)
{
    return pnas_strategy_get(search->options.strategy);
}

static pnas_status check_acquisition(const pnas_search_options *options)
{
    PNAS_CHECK(options->acquisition >= PNAS_ACQUISITION_MEAN &&
                   options->acquisition <= PNAS_ACQUISITION_THOMPSON,
               PNAS_ERROR_USAGE, "%d is no acquisition of a search", (int)options->acquisition);
    PNAS_CHECK(isfinite(options->kappa) && options->kappa >= 0, PNAS_ERROR_USAGE,
               "the bound's kappa is %g; it must be 0 or more", options->kappa);
    PNAS_CHECK(options->diversity >= 0 && options->diversity <= 1, PNAS_ERROR_USAGE,
               "a share of %g of the beam for diversity; it must be 0 to 1", options->diversity);
    PNAS_CHECK(options->failed_reward >= 0 && options->failed_reward <= 1, PNAS_ERROR_USAGE,
               "a reward of %g for failed children; it must be 0 to 1", options->failed_reward);
    PNAS_CHECK(options->overlap_share >= 0 && options->overlap_share <= 1, PNAS_ERROR_USAGE,
               "a share of %g of the beam to begin early; it must be 0 to 1", options->overlap_share);
    return PNAS_OK;
}

static pnas_status check_strategy(const pnas_search_options *options)
{
    PNAS_CHECK(options->strategy >= 0 && options->strategy < PNAS_STRATEGY_COUNT, PNAS_ERROR_USAGE,
               "%d is no strategy of a search", options->strategy);
    const pnas_strategy *strategy = pnas_strategy_get(options->strategy);
    PNAS_CHECK(!options->overlap || strategy->begin_next || strategy->awaits, PNAS_ERROR_USAGE,
               "levels or rounds that overlap were asked for, but the strategy %s has none",
               pnas_strategy_name(options->strategy));
    return strategy->check ? strategy->check(options) : PNAS_OK;
}

/* With a number of all children, one is left at least for each level after the first. */
static pnas_status check_first(const pnas_search_options *options)
{
    size_t most = pnas_space_one_block_cells(&options->space);
    int later = options->space.blocks - 1, first = options->first > 0 ? options->first : 1;
    if (pnas_strategy_get(options->strategy)->all_sizes)
        return PNAS_OK;
    PNAS_CHECK((size_t)options->first <= most, PNAS_ERROR_USAGE,
               "%d cells of level 1 are to be trained; it must be 1 to %zu, or 0 for all of them",
               options->first, most);
    PNAS_CHECK(options->children == 0 || options->children - later >= first, PNAS_ERROR_USAGE,
               "search.children: %d children are to be trained; it must be %d at least, with %d for level 1 "
               "and one for each of %d further levels, or 0 for as many as the beam gives",
               options->children, first + later, first, later);
    return PNAS_OK;
}

pnas_status pnas_search_create(const pnas_search_options *options, pnas_search **out)
{
    *out = NULL;
    PNAS_TRY(pnas_space_validate(&options->space));
    PNAS_CHECK(options->beam >= 1, PNAS_ERROR_USAGE, "the beam is %d cells wide; it must be at least 1",
               options->beam);
    PNAS_CHECK(options->children >= 0 && options->first >= 0, PNAS_ERROR_USAGE,
               "%d children, %d of them first, are to be trained; neither can be below 0", options->children,
               options->first);
    PNAS_TRY(check_strategy(options));
    PNAS_TRY(check_first(options));
    PNAS_TRY(check_acquisition(options));
    PNAS_TRY(pnas_rungs_check(options));
    pnas_search *search = calloc(1, sizeof *search);
    PNAS_CHECK(search, PNAS_ERROR_MEMORY, "out of memory for the search");
    search->options = *options;
    *out = search;
    return PNAS_OK;
}

void pnas_search_destroy(pnas_search **search)
{
    if (!*search)
        return;
    for (int i = 0; i <= (*search)->levels; ++i) /* with one that was begun */
        pnas_level_clear(&(*search)->level[i]);
    free(*search);
    *search = NULL;
}

void pnas_search_limit(pnas_search *search, const pnas_cell_table *table, pnas_candidates candidates)
{
    search->table = candidates == PNAS_CANDIDATES_SPACE ? NULL : table;
    search->candidates = candidates;
}

void pnas_search_set_tick(pnas_search *search, pnas_status (*tick)(void *payload), void *payload)
{
    search->tick = (pnas_expand_tick){tick, payload};
}

const pnas_search_options *pnas_search_get_options(const pnas_search *search)
{
    return &search->options;
}

int pnas_search_levels(const pnas_search *search)
{
    return search->levels;
}

const pnas_level *pnas_search_level(const pnas_search *search, int blocks)
{
    bool there = blocks >= 1 && (blocks <= search->levels ||
                                 (blocks == search->levels + 1 && search->level[blocks - 1].begun));
    return there ? &search->level[blocks - 1] : NULL;
}

size_t pnas_search_children(const pnas_search *search)
{
    return pnas_search_count_children(search);
}

const pnas_choice *pnas_search_last_choice(const pnas_search *search)
{
    return &search->choice;
}

size_t pnas_search_count(const pnas_search *search, pnas_child_status status)
{
    size_t count = 0;
    for (int i = 0; i < search->levels; ++i)
        count += pnas_level_count(&search->level[i], status);
    return count;
}

size_t pnas_search_pending(const pnas_search *search)
{
    return pnas_search_count(search, PNAS_CHILD_PENDING);
}

size_t pnas_search_unfinished(const pnas_search *search)
{
    return pnas_search_pending(search) + pnas_search_count(search, PNAS_CHILD_PAUSED);
}

const pnas_level *pnas_search_current(const pnas_search *search)
{
    for (int i = 0; i < search->levels; ++i)
        if (pnas_level_count(&search->level[i], PNAS_CHILD_PENDING) > 0)
            return &search->level[i];
    return NULL;
}

size_t pnas_search_remaining(const pnas_search *search, int blocks)
{
    return strategy_of(search)->remaining(search, blocks);
}

static bool is_anything_left(const pnas_search *search)
{
    for (int blocks = 1; blocks <= search->options.space.blocks; ++blocks)
        if (pnas_search_remaining(search, blocks) > 0)
            return true;
    return false;
}

bool pnas_search_complete(const pnas_search *search)
{
    return !is_anything_left(search) && pnas_search_unfinished(search) == 0;
}

/* How many of the children that are not finished the next proposal waits for. */
static size_t count_awaited(const pnas_search *search)
{
    const pnas_strategy *strategy = strategy_of(search);
    size_t unfinished = pnas_search_unfinished(search), awaited = 0;
    if (unfinished == 0 || !strategy->awaits || search->options.rungs > 0)
        return unfinished; /* rungs leave nothing to overlap */
    size_t first = strategy->awaits(search);
    for (int b = 0; b < search->levels; ++b)
        for (size_t i = 0; i < search->level[b].count; ++i) {
            const pnas_child *child = &search->level[b].child[i];
            awaited += child->result.status == PNAS_CHILD_PENDING && (size_t)child->order <= first;
        }
    return awaited;
}

bool pnas_search_may_propose(const pnas_search *search)
{
    return is_anything_left(search) && count_awaited(search) == 0;
}

pnas_status pnas_search_propose(pnas_search *search, const pnas_surrogate *surrogate)
{
    size_t awaited = count_awaited(search);
    PNAS_CHECK(awaited == 0, PNAS_ERROR_INTERNAL,
               "more children were asked for while %zu of those that are there are not finished", awaited);
    pnas_curves_expect(search->level, search->levels);
    PNAS_TRY(strategy_of(search)->propose(search, surrogate));
    PNAS_CHECK(pnas_search_current(search) || pnas_search_complete(search), PNAS_ERROR_INTERNAL,
               "the strategy %s proposed no child, but the search is not complete",
               pnas_strategy_name(search->options.strategy));
    return PNAS_OK;
}

/* --- rungs --- */

/* The level whose paused children await no other one of it; or 0 where a strategy's rounds are on all levels, and -1
 * if there is none. */
static int level_at_rung(const pnas_search *search)
{
    if (!strategy_of(search)->levelwise)
        return pnas_search_count(search, PNAS_CHILD_PAUSED) > 0 && pnas_search_pending(search) == 0 ? 0 : -1;
    for (int i = 0; i < search->levels; ++i)
        if (pnas_level_count(&search->level[i], PNAS_CHILD_PAUSED) > 0 &&
            pnas_level_count(&search->level[i], PNAS_CHILD_PENDING) == 0)
            return i + 1;
    return -1;
}

bool pnas_search_at_rung(const pnas_search *search)
{
    return level_at_rung(search) >= 0;
}

pnas_status pnas_search_pass_rung(pnas_search *search, int *level, pnas_rung_choice *choice)
{
    *level = level_at_rung(search);
    PNAS_CHECK(*level >= 0, PNAS_ERROR_INTERNAL,
               "children at a rung were to be chosen before all had reached it");
    if (*level > 0)
        PNAS_TRY(pnas_rungs_choose(&search->options, &search->level[*level - 1], 1, choice));
    else
        PNAS_TRY(pnas_rungs_choose(&search->options, search->level, search->levels, choice));
    pnas_curves_expect(search->level, search->levels);
    for (int i = 0; i < search->levels; ++i)
        search->level[i].spearman = pnas_level_spearman(&search->level[i]);
    return PNAS_OK;
}

/* --- the next level, before this one is finished --- */

bool pnas_search_may_begin_next(const pnas_search *search)
{
    if (!search->options.overlap || search->levels < 1 || search->levels >= search->options.space.blocks ||
        search->level[search->levels].begun)
        return false;
    const pnas_level *level = &search->level[search->levels - 1];
    size_t pending = pnas_level_count(level, PNAS_CHILD_PENDING);
    return pending > 0 && 2 * pending <= level->count && pnas_level_count(level, PNAS_CHILD_DONE) > 0;
}

pnas_status pnas_search_begin_next(pnas_search *search, const pnas_surrogate *surrogate)
{
    PNAS_CHECK(pnas_search_may_begin_next(search), PNAS_ERROR_INTERNAL,
               "level %d was to be begun at a moment when it must not be", search->levels + 1);
    return strategy_of(search)->begin_next(search, surrogate);
}

pnas_status pnas_search_keep_begun(pnas_search *search, size_t count)
{
    pnas_level *begun = pnas_search_begun(search);
    for (size_t i = count; begun && i < begun->count; ++i)
        PNAS_CHECK(begun->child[i].result.status == PNAS_CHILD_PENDING, PNAS_ERROR_INTERNAL,
                   "child %zu of level %d was to be forgotten, but it is finished", i, begun->blocks);
    if (begun && count < begun->count)
        begun->count = count;
    return PNAS_OK;
}

pnas_status pnas_search_fit(pnas_search *search, const pnas_surrogate *surrogate)
{
    double seconds;
    pnas_curves_expect(search->level, search->levels);
    PNAS_TRY(pnas_surrogate_fit_levels(surrogate, search->level, search->levels,
                                       search->options.failed_reward, &seconds));
    search->level[search->levels - 1].fit_seconds = seconds;
    return PNAS_OK;
}

static bool is_accuracy(double value)
{
    return value >= 0 && value <= 1;
}

/* A child that has another rung before it pauses there. */
static pnas_status check_outcome(const pnas_search *search, const pnas_child *child, int blocks, size_t index,
                                 const pnas_result *result)
{
    int rung = pnas_rung_after(&search->options, child->result.epochs);
    bool paused = result->status == PNAS_CHILD_PAUSED && rung > 0 && result->epochs == rung &&
                  is_accuracy(pnas_result_accuracy_after(result, rung));
    PNAS_CHECK(
        result->status == PNAS_CHILD_FAILED || (result->status == PNAS_CHILD_DONE && rung == 0) || paused,
        PNAS_ERROR_INTERNAL,
        "a result came for child %zu of level %d with status %d after %d epochs; its next rung is after %d, "
        "with 0 for none",
        index, blocks, (int)result->status, result->epochs, rung);
    return PNAS_OK;
}

pnas_status pnas_search_record(pnas_search *search, int blocks, size_t index, pnas_result *result)
{
    const pnas_level *there = pnas_search_level(search, blocks);
    PNAS_CHECK(there && index < there->count, PNAS_ERROR_INTERNAL,
               "a result came for child %zu of level %d, which was never proposed", index, blocks);
    pnas_level *level = &search->level[blocks - 1];
    pnas_child *child = &level->child[index];
    PNAS_CHECK(child->result.status == PNAS_CHILD_PENDING, PNAS_ERROR_INTERNAL,
               "a second result came for child %zu of level %d", index, blocks);
    PNAS_TRY(check_outcome(search, child, blocks, index, result));
    PNAS_CHECK(result->status != PNAS_CHILD_DONE || is_accuracy(result->accuracy), PNAS_ERROR_INTERNAL,
               "child %zu of level %d is done with accuracy %g; it must be from 0 to 1", index, blocks,
               result->accuracy);
    pnas_result_clear(&child->result);
    child->result = *result;
    memset(result, 0, sizeof *result); /* the history is the child's now */
    level->spearman = pnas_level_spearman(level);
    if (search->options.rungs > 0 && pnas_search_pending(search) == 0)
        pnas_curves_expect(search->level, search->levels); /* more are finished now */
    return PNAS_OK;
}

pnas_status pnas_search_retry(pnas_search *search, int blocks, size_t index)
{
    const pnas_level *there = pnas_search_level(search, blocks);
    PNAS_CHECK(there && index < there->count && there->child[index].result.status == PNAS_CHILD_FAILED,
               PNAS_ERROR_INTERNAL, "child %zu of level %d was to be tried again, but it has not failed",
               index, blocks);
    pnas_result_clear(&search->level[blocks - 1].child[index].result);
    return PNAS_OK;
}

void pnas_search_expect_retries(pnas_search *search)
{
    search->retries = true;
}

void pnas_search_add_usage(pnas_search *search, int blocks, const pnas_level_usage *usage)
{
    pnas_usage_add(&search->level[blocks - 1].usage, usage);
}

static pnas_status check_restored_child(const pnas_search *search, const pnas_level *level, size_t index)
{
    const pnas_child *child = &level->child[index];
    if (pnas_space_check(&search->options.space, &child->cell) != PNAS_OK)
        return pnas_fail_at(PNAS_ERROR_DATA, "child %zu of level %d does not fit the search", index,
                            level->blocks);
    pnas_cell canonical;
    pnas_cell_canonical(&child->cell, &canonical);
    PNAS_CHECK(child->cell.blocks == level->blocks && pnas_cell_compare(&canonical, &child->cell) == 0,
               PNAS_ERROR_DATA, "child %zu of level %d is no cell of %d blocks in canonical form", index,
               level->blocks, level->blocks);
    int status = child->result.status;
    bool at_rung = pnas_is_rung(&search->options, child->result.epochs) &&
                   is_accuracy(pnas_result_accuracy_after(&child->result, child->result.epochs));
    PNAS_CHECK((status == PNAS_CHILD_PENDING && (at_rung || child->result.epochs == 0)) ||
                   status == PNAS_CHILD_FAILED ||
                   ((status == PNAS_CHILD_STOPPED || status == PNAS_CHILD_PAUSED) && at_rung) ||
                   (status == PNAS_CHILD_DONE && is_accuracy(child->result.accuracy)),
               PNAS_ERROR_DATA,
               "child %zu of level %d has status %d, accuracy %g and %d epochs; a done child's accuracy is "
               "from 0 to 1, and one that is not at its end has the epochs of a rung",
               index, level->blocks, status, child->result.accuracy, child->result.epochs);
    const pnas_strategy *strategy = strategy_of(search);
    bool predicted = level->blocks > 1 && strategy->levelwise && strategy->surrogate;
    PNAS_CHECK(!predicted || isfinite(child->predicted), PNAS_ERROR_DATA,
               "child %zu of level %d has no predicted accuracy", index, level->blocks);
    return PNAS_OK;
}

pnas_status pnas_search_restore(pnas_search *search, pnas_level *level)
{
    const pnas_strategy *strategy = strategy_of(search);
    PNAS_CHECK(level->blocks == search->levels + 1 && level->blocks <= search->options.space.blocks &&
                   !pnas_search_begun(search),
               PNAS_ERROR_DATA, "level %d was to be put back after level %d of %d", level->blocks,
               search->levels, search->options.space.blocks);
    PNAS_CHECK(!level->begun || (search->levels > 0 && strategy->begin_next), PNAS_ERROR_DATA,
               "level %d was begun early, which cannot be", level->blocks);
    size_t unfinished = pnas_search_unfinished(search);
    PNAS_CHECK(level->begun || !strategy->levelwise || search->retries || unfinished == 0, PNAS_ERROR_DATA,
               "level %d was to be put back, but %zu children of level %d are not finished", level->blocks,
               unfinished, search->levels);
    PNAS_CHECK(level->count > 0 || !strategy->levelwise, PNAS_ERROR_DATA,
               "level %d was to be put back without children", level->blocks);
    for (size_t i = 0; i < level->count; ++i)
        PNAS_TRY(check_restored_child(search, level, i));
    pnas_level *kept = &search->level[search->levels];
    search->levels += !level->begun;
    *kept = *level;
    memset(level, 0, sizeof *level);
    for (size_t i = 0; i < kept->count; ++i)
        kept->child[i].hash = pnas_cell_hash(&kept->child[i].cell);
    kept->spearman = pnas_level_spearman(kept);
    return PNAS_OK;
}
