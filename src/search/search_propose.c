#include "src/base/clock.h"
#include "src/search/search_state.h"
#include "src/search/selection.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Candidates the surrogate scores at a time, so that its memory does not grow with the level. */
#define CHUNK 65536

static pnas_status create_children(pnas_level *level, int blocks, size_t count)
{
    pnas_child *child = calloc(count, sizeof *child);
    PNAS_CHECK(child, PNAS_ERROR_MEMORY, "out of memory for the %zu children of level %d", count, blocks);
    *level = (pnas_level){.blocks = blocks, .count = count, .child = child, .spearman = NAN};
    return PNAS_OK;
}

static void set_child(pnas_child *child, const pnas_cell *cell, double predicted, double spread)
{
    child->cell = *cell;
    child->hash = pnas_cell_hash(cell);
    child->predicted = predicted;
    child->predicted_std = spread;
}

typedef struct { /* the cells of level 1 pass by; every so many of them becomes a child */
    pnas_level *level;
    size_t seen, all, taken;
} first_level;

static pnas_status take_cell(void *payload, const pnas_cell *cell)
{
    first_level *state = payload;
    if (state->taken < state->level->count && state->seen == state->taken * state->all / state->level->count)
        set_child(&state->level->child[state->taken++], cell, NAN, NAN);
    ++state->seen;
    return PNAS_OK;
}

static pnas_status check_first_of_table(size_t count)
{
    PNAS_CHECK(
        count > 0, PNAS_ERROR_DATA,
        "the table has no cells of one block, with which this search begins; take a strategy that does "
        "not, random or evolution");
    return PNAS_OK;
}

static pnas_status propose_first_from_table(const pnas_search *search, pnas_level *level)
{
    size_t begin, count, wanted = (size_t)search->options.first;
    pnas_cell_table_level(search->table, 1, &begin, &count);
    PNAS_TRY(check_first_of_table(count));
    first_level state = {.level = level, .all = count};
    PNAS_TRY(create_children(level, 1, wanted > 0 && wanted < count ? wanted : count));
    for (size_t i = 0; i < count; ++i)
        PNAS_TRY(take_cell(&state, &pnas_cell_table_entries(search->table)[begin + i].cell));
    return PNAS_OK;
}

static pnas_status propose_first(const pnas_search *search, pnas_level *level)
{
    const pnas_search_options *options = &search->options;
    if (search->table)
        return propose_first_from_table(search, level);
    first_level state = {.level = level, .all = pnas_level_one_size(&options->space)};
    PNAS_TRY(create_children(level, 1, options->first ? (size_t)options->first : state.all));
    return pnas_space_walk_unique(&options->space, 1, take_cell, &state);
}

/* The cells of the level's done children, appended to `cell`; returns how many. */
static size_t collect_done(const pnas_level *level, pnas_cell *cell)
{
    size_t count = 0;
    for (size_t i = 0; i < level->count; ++i)
        if (level->child[i].result.status == PNAS_CHILD_DONE)
            cell[count++] = level->child[i].cell;
    return count;
}

/* What the surrogate learns from, in the same way: failed children, too, where they have a reward. */
static size_t collect_rewarded(const pnas_level *level, double failed_reward, pnas_cell *cell,
                               double *accuracy)
{
    size_t count = 0;
    for (size_t i = 0; i < level->count; ++i) {
        const pnas_result *result = &level->child[i].result;
        bool done = result->status == PNAS_CHILD_DONE;
        if (!done && (result->status != PNAS_CHILD_FAILED || failed_reward <= 0))
            continue;
        accuracy[count] = done ? result->accuracy : failed_reward;
        cell[count++] = level->child[i].cell;
    }
    return count;
}

static pnas_status fit(const pnas_search *search, const pnas_surrogate *surrogate, double *seconds)
{
    size_t room = 0, done = 0, count = 0;
    for (int i = 0; i < search->levels; ++i) {
        done += pnas_level_count(&search->level[i], PNAS_CHILD_DONE);
        room += search->level[i].count;
    }
    PNAS_CHECK(done > 0, PNAS_ERROR_DATA,
               "no child has succeeded, so there is nothing to fit the surrogate on");
    pnas_cell *cell = malloc(room * sizeof *cell);
    double *accuracy = malloc(room * sizeof *accuracy);
    pnas_status status;
    PNAS_CHECK_CLEANUP(cell && accuracy, PNAS_ERROR_MEMORY, "out of memory for %zu cells to fit on", room);
    for (int i = 0; i < search->levels; ++i)
        count += collect_rewarded(&search->level[i], search->options.failed_reward, cell + count,
                                  accuracy + count);
    double start = pnas_clock_seconds();
    status = surrogate->fit(surrogate->payload, search->levels, cell, accuracy, count);
    *seconds = pnas_clock_seconds() - start;
cleanup:
    free(cell);
    free(accuracy);
    return status;
}

pnas_status pnas_search_fit(pnas_search *search, const pnas_surrogate *surrogate)
{
    double seconds;
    PNAS_TRY(fit(search, surrogate, &seconds));
    search->level[search->levels - 1].fit_seconds = seconds;
    return PNAS_OK;
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

static pnas_status expand_beam(const pnas_search *search, pnas_cell **out, size_t *count)
{
    const pnas_level *level = &search->level[search->levels - 1];
    pnas_cell *parents = malloc(level->count * sizeof *parents);
    PNAS_CHECK(parents, PNAS_ERROR_MEMORY, "out of memory for a beam of %zu cells", level->count);
    size_t parent_count = collect_done(level, parents);
    pnas_status status = pnas_search_expand(search, parents, parent_count, out, count);
    free(parents);
    return status;
}

static pnas_status append_cell(void *payload, const pnas_cell *cell)
{
    pnas_cell **next = payload;
    *(*next)++ = *cell;
    return PNAS_OK;
}

static pnas_status list_level_one(const pnas_search *search, pnas_cell **out, size_t *count)
{
    *count = pnas_level_one_size(&search->options.space);
    pnas_cell *next = *out = malloc(*count * sizeof **out);
    PNAS_CHECK(*out, PNAS_ERROR_MEMORY, "out of memory for %zu cells of one block", *count);
    return pnas_space_walk_unique(&search->options.space, 1, append_cell, &next);
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

static pnas_status score_chunk(const pnas_surrogate *surrogate, const pnas_cell *cell, size_t count,
                               double *mean, double *spread, pnas_selection *selection)
{
    PNAS_TRY(surrogate->predict(surrogate->payload, cell, count, mean, spread));
    for (size_t i = 0; i < count; ++i) {
        PNAS_CHECK(
            isfinite(mean[i]) && isfinite(spread[i]), PNAS_ERROR_INTERNAL,
            "the surrogate predicts %g +- %g for a cell of %d blocks; a lower learning rate of the surrogate "
            "may help",
            mean[i], spread[i], cell[i].blocks);
        pnas_selection_offer(selection, &cell[i], mean[i], spread[i]);
    }
    return PNAS_OK;
}

/* Leaves the chosen candidates in `selection`. */
static pnas_status score(const pnas_surrogate *surrogate, const pnas_cell *cell, size_t count,
                         pnas_selection *selection)
{
    size_t chunk = count < CHUNK ? count : CHUNK;
    double *mean = malloc(chunk * sizeof *mean), *spread = malloc(chunk * sizeof *spread);
    pnas_status status;
    PNAS_CHECK_CLEANUP(mean && spread, PNAS_ERROR_MEMORY, "out of memory for %zu predictions", chunk);
    for (size_t done = 0; done < count; done += chunk) {
        size_t now = count - done < chunk ? count - done : chunk;
        PNAS_TRY_CLEANUP(score_chunk(surrogate, cell + done, now, mean, spread, selection));
    }
    pnas_selection_finish(selection);
cleanup:
    free(mean);
    free(spread);
    return status;
}

/* The highest accuracy of all done children. */
static double best_accuracy(const pnas_search *search)
{
    double best = 0;
    for (int i = 0; i < search->levels; ++i)
        for (size_t j = 0; j < search->level[i].count; ++j) {
            const pnas_result *result = &search->level[i].child[j].result;
            if (result->status == PNAS_CHILD_DONE && result->accuracy > best)
                best = result->accuracy;
        }
    return best;
}

static int compare_cells(const void *a, const void *b)
{
    return pnas_cell_compare(a, b);
}

/* Drops what the level has already from the candidates; returns how many are left. `begun` may be NULL. */
static size_t leave_out(const pnas_level *begun, pnas_cell *taken, pnas_cell *cell, size_t count)
{
    size_t kept = 0, taken_count = begun ? begun->count : 0;
    for (size_t i = 0; i < taken_count; ++i)
        taken[i] = begun->child[i].cell;
    qsort(taken, taken_count, sizeof *taken, compare_cells);
    for (size_t i = 0; i < count; ++i)
        if (!bsearch(&cell[i], taken, taken_count, sizeof *taken, compare_cells))
            cell[kept++] = cell[i];
    return kept;
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
    if (search->levels == 0)
        options.beam = options.first > 0 ? options.first : (int)count;
    options.beam = (size_t)options.beam > taken_count ? options.beam - (int)taken_count : 0;
    PNAS_TRY_CLEANUP(pnas_selection_create(&options, best_accuracy(search), count, selection));
    status = score(surrogate, candidate, count, selection);
cleanup:
    free(candidate);
    free(taken);
    return status;
}

static void set_children(pnas_child *child, const pnas_selection *selection, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        const pnas_beam_entry *entry = pnas_selection_entry(selection, i);
        set_child(&child[i], &entry->cell, entry->predicted, entry->spread);
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
    PNAS_TRY_CLEANUP(create_children(level, search->levels + 1, early + selection.count));
    set_children(level->child + early, &selection, selection.count);
    if (early > 0)
        memcpy(level->child, begun->child, early * sizeof *level->child);
    if (begun)
        free(begun->child);
    level->candidates = candidates;
    level->score_seconds = pnas_clock_seconds() - start;
cleanup:
    pnas_selection_destroy(&selection);
    return status;
}

static pnas_status propose_next(pnas_search *search, const pnas_surrogate *surrogate, pnas_level *level)
{
    const pnas_level *last = &search->level[search->levels - 1];
    PNAS_CHECK(pnas_level_count(last, PNAS_CHILD_DONE) > 0, PNAS_ERROR_DATA,
               "all %zu children of level %d failed, so level %d cannot be proposed; the first said: %s",
               last->count, last->blocks, last->blocks + 1, pnas_level_first_error(last));
    PNAS_TRY(pnas_search_fit(search, surrogate));
    return fill_level(search, surrogate, level);
}

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
    pnas_level level = {0};
    pnas_selection selection = {0};
    uint64_t candidates = 0;
    double seconds;
    pnas_status status;
    PNAS_CHECK(pnas_search_may_begin_next(search), PNAS_ERROR_INTERNAL,
               "level %d was to be begun at a moment when it must not be", search->levels + 1);
    PNAS_TRY_CLEANUP(fit(search, surrogate, &seconds));
    PNAS_TRY_CLEANUP(choose(search, surrogate, NULL, &candidates, &selection));
    size_t count = (size_t)floor(search->options.overlap_share * (double)selection.count);
    PNAS_TRY_CLEANUP(create_children(&level, search->levels + 1, count ? count : 1));
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

pnas_status pnas_search_propose(pnas_search *search, const pnas_surrogate *surrogate)
{
    PNAS_CHECK(pnas_search_pending(search) == 0, PNAS_ERROR_INTERNAL,
               "level %d was asked for while %zu children of level %d are not finished", search->levels + 1,
               pnas_search_pending(search), search->levels);
    if (search->options.strategy != PNAS_STRATEGY_PNAS)
        return pnas_search_propose_round(search);
    PNAS_CHECK(search->levels < search->options.space.blocks, PNAS_ERROR_INTERNAL,
               "level %d was asked for, but the search has %d levels", search->levels + 1,
               search->options.space.blocks);
    assert(surrogate || search->levels == 0);
    pnas_level level = {0};
    pnas_status status = PNAS_OK;
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
