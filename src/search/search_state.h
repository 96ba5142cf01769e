/* What a search consists of, for search.c and the strategies. Not for callers of the search. Local. */
#ifndef PNAS_SEARCH_SEARCH_STATE_H
#define PNAS_SEARCH_SEARCH_STATE_H

#include "src/search/cell_table.h"
#include "src/search/space_expand.h"
#include "src/search/strategy.h"

struct pnas_search {
    pnas_search_options options;
    const pnas_cell_table *table; /* borrowed; NULL: no limit */
    pnas_candidates candidates;
    pnas_expand_tick tick;
    bool retries;   /* levels are put back above children that are tried again */
    bool exhausted; /* there is no cell left to draw */
    pnas_choice choice;
    int levels;
    pnas_level level[PNAS_BLOCKS_MAX + 1]; /* [levels], those so far, then one that may be begun */
};

/* The level after the last if it was begun, or NULL. */
static inline pnas_level *pnas_search_begun(pnas_search *search)
{
    pnas_level *next = &search->level[search->levels];
    return next->begun ? next : NULL;
}

static inline size_t pnas_search_count_children(const pnas_search *search)
{
    size_t count = 0;
    for (int i = 0; i < search->levels; ++i)
        count += search->level[i].count;
    return count;
}

#endif
