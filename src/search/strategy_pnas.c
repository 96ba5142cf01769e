/* The paper's progressive search (section 4, algorithm 1). Level 1 is the cells of one block, all or some
 * that show each operator and input equally often. For level b + 1 the surrogate is fit on all children, the
 * trained cells of level b are extended by every block, and of these the best K by the acquisition are trained
 * (src/search/selection.h). */
#include "src/base/clock.h"
#include "src/search/cell_list.h"
#include "src/search/first_cells.h"
#include "src/search/search_state.h"
#include "src/search/selection.h"
#include "src/search/space_expand.h"
#include "src/search/space_walk.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static pnas_status list_level_one(const pnas_search *search, pnas_cell **out, size_t *count)
{
    *count = pnas_space_one_block_cells(&search->options.space);
    *out = malloc(*count * sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "out of memory for %zu cells of one block", *count);
    pnas_cell_list list = {.cell = *out, .room = *count};
    return pnas_space_walk_unique(&search->options.space, 1, pnas_cell_list_append, &list);
}

static pnas_status take_level_of_table(const pnas_search *search, int blocks, pnas_cell **out, size_t *count)
{
    size_t begin;
    pnas_cell_table_level(search->table, blocks, &begin, count);
    *out = malloc((*count + 1) * sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "out of memory for %zu cells of a table", *count);
    for (size_t i = 0; i < *count; ++i)
        (*out)[i] = pnas_cell_table_entries(search->table)[begin + i].cell;
    return PNAS_OK;
}

static pnas_status check_first_of_table(size_t count)
{
    PNAS_CHECK(count > 0, PNAS_ERROR_DATA,
               "the table has no cells of one block, with which this search begins; take a strategy that "
               "draws cells of "
               "all blocks");
    return PNAS_OK;
}

static pnas_status propose_first(const pnas_search *search, pnas_level *level)
{
    pnas_cell *cell = NULL;
    size_t count, wanted = pnas_search_level_size(&search->options, 1, 0);
    pnas_status status;
    PNAS_TRY_CLEANUP(search->table ? take_level_of_table(search, 1, &cell, &count)
                                   : list_level_one(search, &cell, &count));
    PNAS_TRY_CLEANUP(check_first_of_table(count));
    wanted = wanted < count ? wanted : count;
    PNAS_TRY_CLEANUP(pnas_first_cells_choose(cell, count, wanted, search->options.seed));
    PNAS_TRY_CLEANUP(pnas_level_create(1, wanted, level));
    for (size_t i = 0; i < wanted; ++i)
        pnas_child_set(&level->child[i], &cell[i], NAN, NAN);
cleanup:
    free(cell);
    return status;
}

/* The cells of the level's trained children, appended to `cell`; returns how many. */
static size_t collect_trained(const pnas_level *level, pnas_cell *cell)
{
    size_t count = 0;
    double worth;
    for (size_t i = 0; i < level->count; ++i)
        if (pnas_child_worth(&level->child[i], &worth))
            cell[count++] = level->child[i].cell;
    return count;
}

/* Keeps of the candidates what the table holds; returns how many. */
static size_t keep_known(const pnas_cell_table *table, pnas_cell *cell, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; ++i)
        if (pnas_cell_table_find(table, &cell[i]))
            cell[kept++] = cell[i];
    return kept;
}

static pnas_status expand_beam(const pnas_search *search, pnas_cell **out, size_t *count)
{
    const pnas_level *level = &search->level[search->levels - 1];
    pnas_cell *parents = malloc(level->count * sizeof *parents);
    PNAS_CHECK(parents, PNAS_ERROR_MEMORY, "out of memory for a beam of %zu cells", level->count);
    size_t parent_count = collect_trained(level, parents);
    pnas_status status =
        pnas_space_expand(&search->options.space, parents, parent_count, &search->tick, out, count);
    free(parents);
    return status;
}

static pnas_status find_candidates(const pnas_search *search, pnas_cell **out, size_t *count)
{
    int blocks = search->levels + 1;
    if (!search->table)
        return blocks == 1 ? list_level_one(search, out, count) : expand_beam(search, out, count);
    if (blocks == 1 || search->candidates == PNAS_CANDIDATES_TABLE) {
        PNAS_TRY(take_level_of_table(search, blocks, out, count));
    } else {
        PNAS_TRY(expand_beam(search, out, count));
        *count = keep_known(search->table, *out, *count);
    }
    if (blocks == 1)
        return check_first_of_table(*count);
    PNAS_CHECK(*count > 0, PNAS_ERROR_DATA, "the table has no cell of %d blocks%s; lower space.blocks%s",
               blocks,
               search->candidates == PNAS_CANDIDATES_TABLE ? "" : " that extends one of the last level",
               search->candidates == PNAS_CANDIDATES_TABLE ? "" : " or set search.candidates to table");
    return PNAS_OK;
}

/* Drops what the level has already from the candidates; returns how many are left. `begun` may be NULL. */
static size_t leave_out(const pnas_level *begun, pnas_cell *taken, pnas_cell *cell, size_t count)
{
    size_t taken_count = begun ? begun->count : 0;
    for (size_t i = 0; i < taken_count; ++i)
        taken[i] = begun->child[i].cell;
    taken_count = pnas_cells_sort(taken, taken_count);
    return pnas_cells_leave_out(taken, taken_count, cell, count);
}

/* Chooses by the surrogate as it is, beside what was begun; of level 1 as many as without one. */
static pnas_status choose(const pnas_search *search, const pnas_surrogate *surrogate, const pnas_level *begun,
                          uint64_t *candidates, pnas_selection *selection)
{
    pnas_cell *candidate = NULL;
    pnas_search_options options = search->options;
    size_t count, taken_count = begun ? begun->count : 0;
    pnas_cell *taken = malloc((taken_count + 1) * sizeof *taken);
    pnas_status status;
    PNAS_CHECK_CLEANUP(taken, PNAS_ERROR_MEMORY, "out of memory for %zu cells", taken_count);
    PNAS_TRY_CLEANUP(find_candidates(search, &candidate, &count));
    *candidates = count;
    count = leave_out(begun, taken, candidate, count);
    size_t wanted = pnas_search_level_size(&options, search->levels + 1, pnas_search_count_children(search));
    options.beam = wanted > taken_count ? (int)(wanted - taken_count) : 0;
    PNAS_TRY_CLEANUP(pnas_selection_create(&options, pnas_levels_best(search->level, search->levels),
                                           (uint64_t)search->levels, count, selection));
    status = pnas_selection_score(selection, surrogate, candidate, count);
cleanup:
    free(candidate);
    free(taken);
    return status;
}

static void set_children(pnas_child *child, const pnas_selection *selection, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        const pnas_beam_entry *entry = pnas_selection_entry(selection, i);
        pnas_child_set(&child[i], &entry->cell, entry->predicted, entry->spread);
    }
}

/* What was begun moves into `level` with what has become of it, which may change until then. */
static pnas_status fill_level(pnas_search *search, const pnas_surrogate *surrogate, pnas_level *level)
{
    pnas_level *begun = pnas_search_begun(search);
    size_t early = begun ? begun->count : 0;
    pnas_selection selection = {0};
    uint64_t candidates = 0;
    pnas_status status;
    double start = pnas_clock_seconds();
    PNAS_TRY_CLEANUP(choose(search, surrogate, begun, &candidates, &selection));
    PNAS_TRY_CLEANUP(pnas_level_create(search->levels + 1, early + selection.count, level));
    set_children(level->child + early, &selection, selection.count);
    if (early > 0)
        memcpy(level->child, begun->child, early * sizeof *level->child);
    if (begun)
        free(begun->child);
    level->candidates = candidates;
    level->score_seconds = pnas_clock_seconds() - start;
    search->choice.children = selection.count;
    search->choice.candidates = candidates;
    search->choice.score_seconds = level->score_seconds;
cleanup:
    pnas_selection_destroy(&selection);
    return status;
}

/* The surrogate is fit on the levels below alone, not on what was begun of the next. */
static pnas_status propose_next(pnas_search *search, const pnas_surrogate *surrogate, pnas_level *level)
{
    pnas_level *last = &search->level[search->levels - 1];
    double seconds;
    PNAS_CHECK(pnas_level_trained(last) > 0, PNAS_ERROR_DATA,
               "all %zu children of level %d failed, so level %d cannot be proposed; the first message: %s",
               last->count, last->blocks, last->blocks + 1, pnas_level_first_error(last));
    PNAS_TRY(pnas_surrogate_fit_levels(surrogate, search->level, search->levels,
                                       search->options.failed_reward, &seconds));
    last->fit_seconds = seconds;
    search->choice.fit_seconds = seconds;
    return fill_level(search, surrogate, level);
}

static pnas_status propose(pnas_search *search, const pnas_surrogate *surrogate)
{
    PNAS_CHECK(search->levels < search->options.space.blocks, PNAS_ERROR_INTERNAL,
               "level %d was asked for, but the search has %d levels", search->levels + 1,
               search->options.space.blocks);
    assert(surrogate || search->levels == 0);
    pnas_level level = {0};
    pnas_status status = PNAS_OK;
    search->choice = (pnas_choice){.round = search->levels};
    if (search->levels > 0)
        status = propose_next(search, surrogate, &level);
    else
        status = surrogate ? fill_level(search, surrogate, &level) : propose_first(search, &level);
    if (status == PNAS_OK)
        search->level[search->levels++] = level;
    else
        pnas_level_clear(&level);
    return status;
}

/* The cells of the last level's done children are extended, and of the best K the first overlap_share K
 * become the next level's first children; none if that is less than one. */
static pnas_status begin_next(pnas_search *search, const pnas_surrogate *surrogate)
{
    pnas_level level = {0};
    pnas_selection selection = {0};
    uint64_t candidates = 0;
    double seconds;
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_surrogate_fit_levels(surrogate, search->level, search->levels,
                                               search->options.failed_reward, &seconds));
    PNAS_TRY_CLEANUP(choose(search, surrogate, NULL, &candidates, &selection));
    size_t count = (size_t)floor(search->options.overlap_share * (double)selection.count);
    PNAS_TRY_CLEANUP(pnas_level_create(search->levels + 1, count ? count : 1, &level));
    level.begun = true;
    level.candidates = candidates;
    level.count = count;
    set_children(level.child, &selection, count);
    for (size_t i = 0; i < count; ++i)
        level.child[i].early = true;
    search->level[search->levels] = level;
cleanup:
    pnas_selection_destroy(&selection);
    return status;
}

/* As if each level had as many candidates as it may train. */
static size_t remaining(const pnas_search *search, int blocks)
{
    size_t below = pnas_search_count_children(search), size = 0;
    for (int b = search->levels + 1; b <= blocks; ++b) {
        size = pnas_search_level_size(&search->options, b, below);
        below += size;
    }
    return size;
}

const pnas_strategy pnas_strategy_pnas = {
    .round = 10,
    .surrogate = true,
    .levelwise = true,
    .grows_by = "space.blocks",
    .propose = propose,
    .begin_next = begin_next,
    .remaining = remaining,
};
