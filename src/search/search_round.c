#include "src/search/search_round.h"

#include "src/search/canonical.h"
#include "src/search/search_draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Draws that give nothing new before a space counts as exhausted, and before a mutation is given up. */
enum { DRAWS_MAX = 100000, MUTATIONS_MAX = 1000 };

typedef struct { /* what has been proposed; either by the table's entries or by hashes */
    const pnas_search *search;
    const pnas_table_entry *entry;
    bool *taken;    /* [entries] */
    size_t entries; /* of B blocks; 0 without a table */
    uint64_t *slot; /* [slots] open addressing; 0 is empty */
    size_t slots;   /* a power of two */
} round_state;

static size_t slot_of(const round_state *state, uint64_t hash)
{
    size_t i = (size_t)hash & (state->slots - 1);
    while (state->slot[i] != 0 && state->slot[i] != hash)
        i = (i + 1) & (state->slots - 1);
    return i;
}

static void mark(round_state *state, const pnas_child *child)
{
    if (state->entries == 0) {
        state->slot[slot_of(state, child->hash)] = child->hash;
        return;
    }
    const pnas_table_entry *found = pnas_cell_table_find(state->search->table, &child->cell);
    if (found)
        state->taken[found - state->entry] = true;
}

static pnas_status begin(const pnas_search *search, const pnas_level *level, size_t most, round_state *out)
{
    round_state state = {.search = search, .slots = 16};
    if (search->table) {
        size_t start;
        pnas_cell_table_level(search->table, level->blocks, &start, &state.entries);
        PNAS_CHECK(state.entries > 0, PNAS_ERROR_DATA,
                   "the table has no cell of %d blocks, which this strategy draws; set space.blocks to a "
                   "number that it has",
                   level->blocks);
        state.entry = pnas_cell_table_entries(search->table) + start;
        state.taken = calloc(state.entries, sizeof *state.taken);
        state.slots = 1;
    }
    while (!search->table && state.slots < 2 * most)
        state.slots *= 2;
    state.slot = calloc(state.slots, sizeof *state.slot);
    *out = state;
    PNAS_CHECK(state.slot && (state.taken || !search->table), PNAS_ERROR_MEMORY,
               "out of memory for a round of the search");
    for (size_t i = 0; i < level->count; ++i)
        mark(out, &level->child[i]);
    return PNAS_OK;
}

static void end(round_state *state)
{
    free(state->taken);
    free(state->slot);
}

static bool draw_from_table(const round_state *state, const pnas_child *parent, pnas_stream *stream,
                            pnas_cell *out)
{
    size_t i = parent ? pnas_draw_nearest(state->entry, state->taken, state->entries, &parent->cell, stream)
                      : pnas_draw_entry(state->taken, state->entries, stream);
    if (i == state->entries)
        return false;
    *out = state->entry[i].cell;
    return true;
}

static bool is_new(const round_state *state, const pnas_cell *cell)
{
    return state->slot[slot_of(state, pnas_cell_hash(cell))] == 0;
}

static bool draw_from_space(const round_state *state, const pnas_child *parent, pnas_stream *stream,
                            pnas_cell *out)
{
    const pnas_space *space = &state->search->options.space;
    for (int i = 0; parent && i < MUTATIONS_MAX; ++i)
        if (pnas_draw_mutation(space, &parent->cell, stream, out) && is_new(state, out))
            return true;
    for (int i = 0; i < DRAWS_MAX; ++i) {
        pnas_draw_cell(space, stream, out);
        if (is_new(state, out))
            return true;
    }
    return false;
}

static bool draw_child(round_state *state, size_t index, pnas_parent_choice choose, pnas_child *out)
{
    pnas_stream stream = pnas_stream_make(state->search->options.seed, PNAS_STREAM_SEARCH, index, 0);
    const pnas_child *parent = choose ? choose(state->search, &stream) : NULL;
    pnas_cell cell;
    bool drawn = state->entries ? draw_from_table(state, parent, &stream, &cell)
                                : draw_from_space(state, parent, &stream, &cell);
    if (!drawn)
        return false;
    pnas_child_set(out, &cell, NAN, NAN);
    mark(state, out);
    return true;
}

/* Levels before the last have no children. */
static void begin_levels(pnas_search *search)
{
    for (; search->levels < search->options.space.blocks; ++search->levels)
        search->level[search->levels] = (pnas_level){.blocks = search->levels + 1, .spearman = NAN};
}

static pnas_status check_progress(const pnas_level *level, size_t size)
{
    PNAS_CHECK(size > 0, PNAS_ERROR_INTERNAL,
               "more children were asked for, but the search has all of its %zu", level->count);
    PNAS_CHECK(level->count == 0 || pnas_level_trained(level) > 0, PNAS_ERROR_DATA,
               "all %zu children so far failed, so the search ends; the first message: %s", level->count,
               pnas_level_first_error(level));
    return PNAS_OK;
}

pnas_status pnas_round_propose(pnas_search *search, size_t size, pnas_parent_choice choose)
{
    begin_levels(search);
    pnas_level *level = &search->level[search->levels - 1];
    size_t drawn = 0;
    PNAS_TRY(check_progress(level, size));
    pnas_child *child = realloc(level->child, (level->count + size) * sizeof *child);
    PNAS_CHECK(child, PNAS_ERROR_MEMORY, "out of memory for %zu children", level->count + size);
    level->child = child;
    memset(child + level->count, 0, size * sizeof *child);
    round_state state = {0};
    pnas_status status = begin(search, level, level->count + size, &state);
    while (status == PNAS_OK && drawn < size &&
           draw_child(&state, level->count + drawn, choose, &child[level->count + drawn]))
        ++drawn;
    end(&state);
    if (status == PNAS_OK) {
        search->exhausted = drawn < size;
        level->count += drawn;
    }
    return status;
}

size_t pnas_round_children(const pnas_search *search)
{
    int last = search->options.space.blocks;
    return search->levels == last ? search->level[last - 1].count : 0;
}

size_t pnas_round_remaining(const pnas_search *search, int blocks)
{
    size_t budget = pnas_search_budget(&search->options), have = pnas_round_children(search);
    bool more = blocks == search->options.space.blocks && !search->exhausted && have < budget;
    return more ? budget - have : 0;
}
