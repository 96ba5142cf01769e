#include "src/search/guided/guided_candidates.h"

#include "src/base/random.h"
#include "src/search/canonical.h"
#include "src/search/extension.h"
#include "src/search/search_draw.h"

#include <stdlib.h>

#define DRAWN 256 /* cells of each number of blocks to begin with one of */

/* --- the table or the whole space --- */

static pnas_status list_table(const pnas_cell_table *table, pnas_cell_list *out)
{
    const pnas_table_entry *entry = pnas_cell_table_entries(table);
    for (size_t i = 0; i < pnas_cell_table_count(table); ++i)
        PNAS_TRY(pnas_cell_list_append(out, &entry[i].cell));
    return PNAS_OK;
}

/* *whole: whether they are listed; else `out` is empty. */
static pnas_status list_all(const pnas_search *search, pnas_cell_list *out, bool *whole)
{
    const pnas_cell root = {.blocks = 0};
    const pnas_space *space = &search->options.space;
    pnas_status status = PNAS_OK;
    *whole = true;
    if (search->table)
        return list_table(search->table, out);
    out->most = PNAS_GUIDED_WALK_MAX;
    for (int b = 1; b <= space->blocks && status == PNAS_OK; ++b)
        status = pnas_space_walk_trie(space, &root, b, pnas_cell_list_append, out);
    out->most = 0;
    if (status == PNAS_STOPPED) {
        *whole = false;
        out->count = 0;
        return PNAS_OK;
    }
    out->count = pnas_cells_sort(out->cell, out->count);
    return status;
}

pnas_status pnas_guided_first(const pnas_search *search, pnas_cell_list *out)
{
    bool whole;
    PNAS_TRY(list_all(search, out, &whole));
    if (whole)
        return PNAS_OK;
    pnas_space space = search->options.space;
    for (int b = 1; b <= search->options.space.blocks; ++b) {
        space.blocks = b;
        pnas_stream stream = pnas_stream_make(search->options.seed, PNAS_STREAM_FIRST_CELLS, (uint64_t)b, 1);
        for (int i = 0; i < DRAWN; ++i) {
            pnas_cell cell;
            pnas_draw_cell(&space, &stream, &cell);
            PNAS_TRY(pnas_cell_list_append(out, &cell));
        }
    }
    out->count = pnas_cells_sort(out->cell, out->count);
    return PNAS_OK;
}

/* --- candidates in a space that is too large to be listed --- */

static pnas_status append_mutant(const pnas_space *space, const pnas_cell *mutant, pnas_cell_list *out)
{
    pnas_cell canonical;
    if (pnas_space_check(space, mutant) != PNAS_OK)
        return PNAS_OK;
    pnas_cell_canonical(mutant, &canonical);
    return pnas_cell_list_append(out, &canonical);
}

/* All cells that differ from `cell` in one input or operator; with itself. */
static pnas_status append_mutants(const pnas_space *space, const pnas_cell *cell, pnas_cell_list *out)
{
    for (int b = 0; b < cell->blocks; ++b)
        for (int side = 0; side < 2; ++side) {
            pnas_cell mutant = *cell;
            pnas_block *block = &mutant.block[b];
            int8_t *input = side ? &block->in2 : &block->in1, *op = side ? &block->op2 : &block->op1;
            for (*input = (int8_t)space->lookback; *input < b; ++*input)
                PNAS_TRY(append_mutant(space, &mutant, out));
            *input = side ? cell->block[b].in2 : cell->block[b].in1;
            for (*op = 0; *op < space->operators.count; ++*op)
                PNAS_TRY(append_mutant(space, &mutant, out));
        }
    return PNAS_OK;
}

/* The best trained children of level b, at most PNAS_GUIDED_BEAM. */
static pnas_status best_trained(const pnas_search *search, int blocks, pnas_beam *out)
{
    const pnas_level *level = &search->level[blocks - 1];
    PNAS_TRY(pnas_beam_create(PNAS_GUIDED_BEAM, out));
    double worth;
    for (size_t i = 0; i < level->count; ++i)
        if (pnas_child_worth(&level->child[i], &worth))
            pnas_beam_offer(out, &level->child[i].cell, worth, 0);
    pnas_beam_sort(out);
    return PNAS_OK;
}

/* Of the best trained cells of all sizes. */
static pnas_status append_mutants_of_best(const pnas_search *search, int blocks, pnas_cell_list *out)
{
    pnas_beam best = {0};
    pnas_status status = best_trained(search, blocks, &best);
    for (size_t i = 0; i < best.count && status == PNAS_OK; ++i)
        status = append_mutants(&search->options.space, &best.entry[i].cell, out);
    pnas_beam_destroy(&best);
    return status;
}

/* The extensions of parents, into `out`. */
static pnas_status append_extensions(const pnas_search *search, const pnas_beam *scored, int blocks,
                                     pnas_cell_list *out)
{
    pnas_beam best = {0};
    pnas_cell_list parents = {0};
    pnas_cell *longer = NULL;
    size_t count = 0;
    pnas_status status;
    PNAS_TRY_CLEANUP(best_trained(search, blocks, &best));
    for (size_t i = 0; i < best.count; ++i)
        PNAS_TRY_CLEANUP(pnas_cell_list_append(&parents, &best.entry[i].cell));
    for (size_t i = 0; i < scored->count; ++i)
        PNAS_TRY_CLEANUP(pnas_cell_list_append(&parents, &scored->entry[i].cell));
    parents.count = pnas_cells_sort(parents.cell, parents.count);
    PNAS_TRY_CLEANUP(pnas_space_expand(&search->options.space, parents.cell, parents.count, &search->tick,
                                       &longer, &count));
    for (size_t i = 0; i < count; ++i)
        PNAS_TRY_CLEANUP(pnas_cell_list_append(out, &longer[i]));
cleanup:
    pnas_beam_destroy(&best);
    free(parents.cell);
    free(longer);
    return status;
}

/* --- scoring --- */

typedef struct {
    const pnas_search *search;
    const pnas_surrogate *surrogate;
    pnas_selection *selection;
    uint64_t *scored;     /* [PNAS_BLOCKS_MAX + 1] */
    pnas_cell_list taken; /* sorted */
} offering;

static pnas_status list_taken(const pnas_search *search, pnas_cell_list *out)
{
    for (int b = 0; b < search->levels; ++b)
        for (size_t i = 0; i < search->level[b].count; ++i)
            PNAS_TRY(pnas_cell_list_append(out, &search->level[b].child[i].cell));
    out->count = pnas_cells_sort(out->cell, out->count);
    return PNAS_OK;
}

static pnas_status offer_list(const offering *o, pnas_cell_list *list, pnas_selection *also)
{
    if (!list->cell)
        return PNAS_OK;
    list->count = pnas_cells_leave_out(o->taken.cell, o->taken.count, list->cell, list->count);
    for (size_t i = 0; i < list->count; ++i)
        ++o->scored[list->cell[i].blocks];
    return pnas_selection_offer_all(o->selection, also, o->surrogate, list->cell, list->count);
}

/* The cells of one number of blocks after the other; the best of each are extended. */
static pnas_status offer_beams(const offering *o)
{
    const pnas_search *search = o->search;
    const pnas_cell root = {.blocks = 0};
    pnas_search_options beam = search->options;
    pnas_cell_list list = {0};
    pnas_selection parents = {0};
    pnas_status status;
    beam.beam = PNAS_GUIDED_BEAM;
    beam.diversity = 0;
    PNAS_TRY_CLEANUP(pnas_space_walk_trie(&beam.space, &root, 1, pnas_cell_list_append, &list));
    for (int b = 1; b <= beam.space.blocks; ++b) {
        if (b > 1)
            PNAS_TRY_CLEANUP(append_extensions(search, &parents.chosen, b - 1, &list));
        PNAS_TRY_CLEANUP(append_mutants_of_best(search, b, &list));
        list.count = pnas_cells_sort(list.cell, list.count);
        pnas_selection_destroy(&parents);
        PNAS_TRY_CLEANUP(
            pnas_selection_create(&beam, o->selection->best, o->selection->turn, PNAS_GUIDED_BEAM, &parents));
        PNAS_TRY_CLEANUP(offer_list(o, &list, &parents));
        pnas_selection_finish(&parents);
        list.count = 0;
    }
    status = PNAS_OK;
cleanup:
    pnas_selection_destroy(&parents);
    free(list.cell);
    return status;
}

pnas_status pnas_guided_offer(const pnas_search *search, const pnas_surrogate *surrogate,
                              pnas_selection *selection, uint64_t *scored)
{
    offering o = {.search = search, .surrogate = surrogate, .selection = selection, .scored = scored};
    pnas_cell_list list = {0};
    bool whole;
    pnas_status status;
    PNAS_TRY_CLEANUP(list_taken(search, &o.taken));
    PNAS_TRY_CLEANUP(list_all(search, &list, &whole));
    PNAS_TRY_CLEANUP(whole ? offer_list(&o, &list, NULL) : offer_beams(&o));
    pnas_selection_finish(selection);
    status = PNAS_OK;
cleanup:
    free(o.taken.cell);
    free(list.cell);
    return status;
}
