/* A search over cells of all sizes at once, guided by the surrogate: some of the largest cells, then rounds.
 * In each the surrogate is fit on all children and scores every cell that it may choose
 * (src/search/guided/guided_candidates.h), and the best by the acquisition are trained side by side, no two too
 * much alike (src/search/guided/round_choice.h). */
#include "src/base/clock.h"
#include "src/search/first_cells.h"
#include "src/search/guided/guided_candidates.h"
#include "src/search/guided/known_results.h"
#include "src/search/guided/round_choice.h"

#include <math.h>
#include <stdlib.h>

enum { SHORTLIST = 64 };

static pnas_status check(const pnas_search_options *options)
{
    PNAS_CHECK(options->round >= 1, PNAS_ERROR_USAGE, "rounds of %d children; a round must have at least 1",
               options->round);
    PNAS_CHECK(options->lag >= 1 || !options->overlap, PNAS_ERROR_USAGE,
               "rounds overlap by %d; it must be by at least 1", options->lag);
    return PNAS_OK;
}

static size_t budget_left(const pnas_search *search)
{
    size_t budget = pnas_search_budget(&search->options), have = pnas_search_count_children(search);
    return !search->exhausted && have < budget ? budget - have : 0;
}

static size_t remaining(const pnas_search *search, int blocks)
{
    return blocks == search->options.space.blocks ? budget_left(search) : 0;
}

/* As many cells to begin with as there are operators, if nothing else is said; where rounds overlap, so many that
 * nobody waits for the first results. */
static size_t first_size(const pnas_search_options *options)
{
    size_t operators = (size_t)options->space.operators.count;
    size_t least = PNAS_GUIDED_LEAST + pnas_guided_lag(options);
    if (options->first > 0)
        return (size_t)options->first;
    return operators > least ? operators : least;
}

static size_t begins_with(const pnas_search_options *options)
{
    size_t first = first_size(options), least = PNAS_GUIDED_LEAST + pnas_guided_lag(options);
    return first > least ? first : least;
}

static void begin_levels(pnas_search *search)
{
    for (; search->levels < search->options.space.blocks; ++search->levels)
        search->level[search->levels] = (pnas_level){.blocks = search->levels + 1, .spearman = NAN};
}

/* --- what becomes of a choice --- */

static pnas_status add_child(pnas_search *search, const pnas_cell *cell, double predicted, double spread)
{
    pnas_level *level = &search->level[cell->blocks - 1];
    pnas_child *child = realloc(level->child, (level->count + 1) * sizeof *child);
    PNAS_CHECK(child, PNAS_ERROR_MEMORY, "out of memory for %zu children", level->count + 1);
    level->child = child;
    child[level->count] = (pnas_child){.order = 1 + (int)pnas_search_count_children(search)};
    pnas_child_set(&child[level->count], cell, predicted, spread);
    ++level->count;
    return PNAS_OK;
}

static void forget_children(pnas_search *search, const size_t *counts)
{
    for (int b = 0; b < search->levels; ++b)
        search->level[b].count = counts[b];
}

/* --- the children to begin with --- */

static pnas_status add_first(pnas_search *search, size_t wanted)
{
    pnas_cell_list list = {0};
    pnas_cell *chosen = NULL;
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_guided_first(search, &list));
    wanted = wanted < list.count ? wanted : list.count;
    chosen = malloc((wanted + 1) * sizeof *chosen);
    PNAS_CHECK_CLEANUP(chosen, PNAS_ERROR_MEMORY, "out of memory for %zu cells to begin with", wanted);
    PNAS_TRY_CLEANUP(pnas_first_cells_largest(list.cell, list.count, wanted, search->options.space.blocks,
                                              search->options.seed, chosen));
    for (size_t i = 0; i < wanted; ++i)
        PNAS_TRY_CLEANUP(add_child(search, &chosen[i], NAN, NAN));
cleanup:
    free(chosen);
    free(list.cell);
    return status;
}

/* --- a round --- */

static int compare_numbers(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The median worth of the trained children; 0 if there is none. */
static pnas_status median_accuracy(const pnas_search *search, double *out)
{
    size_t done = 0;
    double *accuracy = malloc((pnas_search_count_children(search) + 1) * sizeof *accuracy);
    PNAS_CHECK(accuracy, PNAS_ERROR_MEMORY, "out of memory for the accuracies of all children");
    for (int b = 0; b < search->levels; ++b)
        for (size_t i = 0; i < search->level[b].count; ++i)
            done += pnas_child_worth(&search->level[b].child[i], &accuracy[done]);
    qsort(accuracy, done, sizeof *accuracy, compare_numbers);
    *out = done > 0 ? accuracy[done / 2] : 0;
    free(accuracy);
    return PNAS_OK;
}

typedef struct { /* what a round is chosen by */
    const pnas_surrogate *surrogate;
    pnas_search view;       /* what is known */
    pnas_cell_list unknown; /* and the cells of the other children */
} basis;

static pnas_status choose(pnas_search *search, const basis *by, size_t places, pnas_selection *selection)
{
    const pnas_search *view = &by->view;
    pnas_search_options options = search->options;
    uint64_t scored[PNAS_BLOCKS_MAX + 1] = {0};
    size_t listed = places + by->unknown.count;
    double lie;
    options.beam = SHORTLIST + (int)(listed < INT32_MAX - SHORTLIST ? listed : 0);
    PNAS_TRY(median_accuracy(view, &lie));
    PNAS_TRY(pnas_selection_create(&options, pnas_levels_best(view->level, view->levels),
                                   (uint64_t)search->choice.round, (size_t)options.beam, selection));
    PNAS_TRY(pnas_guided_offer(view, by->surrogate, selection, scored));
    PNAS_TRY(pnas_round_choose(selection, places, options.diversity, lie, &by->unknown));
    for (int b = 1; b <= search->levels; ++b) {
        search->level[b - 1].candidates = scored[b];
        search->choice.candidates += scored[b];
    }
    return PNAS_OK;
}

static pnas_status add_round(pnas_search *search, const basis *by, size_t places)
{
    pnas_selection selection = {0};
    double start = pnas_clock_seconds();
    pnas_status status = choose(search, by, places, &selection);
    for (size_t i = 0; i < selection.count && status == PNAS_OK; ++i) {
        const pnas_beam_entry *entry = pnas_selection_entry(&selection, i);
        status = add_child(search, &entry->cell, entry->predicted, entry->spread);
    }
    pnas_selection_destroy(&selection);
    search->choice.score_seconds = pnas_clock_seconds() - start;
    search->level[search->levels - 1].score_seconds += search->choice.score_seconds;
    return status;
}

static const char *first_error(const pnas_search *search)
{
    for (int b = 0; b < search->levels; ++b)
        if (pnas_level_count(&search->level[b], PNAS_CHILD_FAILED) > 0)
            return pnas_level_first_error(&search->level[b]);
    return "no reason was given";
}

static size_t count_trained(const pnas_search *search)
{
    size_t trained = 0;
    for (int b = 0; b < search->levels; ++b)
        trained += pnas_level_trained(&search->level[b]);
    return trained;
}

static pnas_status fit(pnas_search *search, const basis *by)
{
    PNAS_CHECK(count_trained(&by->view) > 0, PNAS_ERROR_DATA,
               "all %zu children so far failed, so the search ends; the first message: %s",
               pnas_search_count_children(search), first_error(search));
    PNAS_TRY(pnas_surrogate_fit_levels(by->surrogate, by->view.level, search->levels,
                                       search->options.failed_reward, &search->choice.fit_seconds));
    search->level[search->levels - 1].fit_seconds += search->choice.fit_seconds;
    return PNAS_OK;
}

/* Children may be recorded meanwhile, which changes nothing. */
static pnas_status add_guided(pnas_search *search, const pnas_surrogate *surrogate, size_t places)
{
    basis by = {.surrogate = surrogate};
    size_t known = pnas_guided_known(search);
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_guided_view(search, known, &by.view));
    PNAS_TRY_CLEANUP(pnas_guided_unknown(search, known, &by.unknown));
    if (pnas_search_count_children(search) > 0)
        PNAS_TRY_CLEANUP(fit(search, &by));
    status = add_round(search, &by, places);
cleanup:
    pnas_guided_view_free(&by.view);
    free(by.unknown.cell);
    return status;
}

/* --- the strategy --- */

/* A search that ends in the middle of a round and is extended goes on with the next one. */
static int round_after(const pnas_search_options *options, size_t children)
{
    size_t first = first_size(options), round = (size_t)options->round;
    return children <= first ? children > 0 : 1 + (int)((children - first + round - 1) / round);
}

static pnas_status propose(pnas_search *search, const pnas_surrogate *surrogate)
{
    size_t have = pnas_search_count_children(search), left = budget_left(search),
           counts[PNAS_BLOCKS_MAX] = {0};
    size_t size = have == 0 ? first_size(&search->options) : (size_t)search->options.round;
    pnas_status status;
    PNAS_CHECK(left > 0, PNAS_ERROR_INTERNAL,
               "more children were asked for, but the search has all of its %zu", have);
    begin_levels(search);
    for (int b = 0; b < search->levels; ++b)
        counts[b] = search->level[b].count;
    search->choice = (pnas_choice){.round = round_after(&search->options, have)};
    size = size < left ? size : left;
    status = surrogate ? add_guided(search, surrogate, size) : add_first(search, size);
    if (status != PNAS_OK) {
        forget_children(search, counts);
        return status;
    }
    search->choice.children = pnas_search_count_children(search) - have;
    search->exhausted = search->choice.children < size;
    return PNAS_OK;
}

const pnas_strategy pnas_strategy_guided = {
    .round = 2,
    .surrogate = true,
    .closed_form = true,
    .all_sizes = true,
    .grows_by = "search.children",
    .check = check,
    .propose = propose,
    .awaits = pnas_guided_known,
    .begins_with = begins_with,
    .remaining = remaining,
};
