#include "src/search/space_walk.h"

#include "src/search/block_list.h"
#include "src/search/canonical.h"

typedef struct {
    pnas_block_list list[PNAS_BLOCKS_MAX]; /* by place */
    pnas_cell cell;
    int blocks;
    int readable; /* how many blocks of the cell others may read */
    pnas_cell_visitor visit;
    void *payload;
} walk;

static pnas_status walk_begin(walk *state, const pnas_space *space, int blocks)
{
    PNAS_TRY(pnas_space_validate(space));
    PNAS_CHECK(blocks >= 1 && blocks <= PNAS_BLOCKS_MAX, PNAS_ERROR_USAGE,
               "cells of %d blocks were asked for; cells have 1 to %d", blocks, PNAS_BLOCKS_MAX);
    state->blocks = blocks;
    state->readable = space->lookforward < 0 ? PNAS_BLOCKS_MAX : space->lookforward;
    for (int i = 0; i < blocks; ++i)
        PNAS_TRY(pnas_block_list_create(space, i, &state->list[i]));
    return PNAS_OK;
}

static void walk_end(walk *state)
{
    for (int i = 0; i < PNAS_BLOCKS_MAX; ++i)
        pnas_block_list_destroy(&state->list[i]);
}

/* The first blocks of a canonical form are a canonical form and read no more blocks than the whole, so what
 * fails here need not be extended. */
static bool worth_extending(const walk *state)
{
    if (__builtin_popcount(pnas_cell_used(&state->cell, NULL)) > state->readable)
        return false;
    pnas_cell canonical;
    pnas_cell_canonical(&state->cell, &canonical);
    return pnas_cell_compare(&canonical, &state->cell) == 0;
}

static pnas_status walk_unique(walk *state, int place)
{
    const pnas_block_list *list = &state->list[place];
    for (size_t i = 0; i < list->count; ++i) {
        state->cell.block[place] = list->block[i];
        state->cell.blocks = place + 1;
        if (!worth_extending(state))
            continue;
        if (place + 1 < state->blocks)
            PNAS_TRY(walk_unique(state, place + 1));
        else
            PNAS_TRY(state->visit(state->payload, &state->cell));
    }
    return PNAS_OK;
}

pnas_status pnas_space_walk_unique(const pnas_space *space, int blocks, pnas_cell_visitor visit,
                                   void *payload)
{
    walk state = {.visit = visit, .payload = payload};
    pnas_status status;
    PNAS_TRY_CLEANUP(walk_begin(&state, space, blocks));
    status = walk_unique(&state, 0);
cleanup:
    walk_end(&state);
    return status;
}
