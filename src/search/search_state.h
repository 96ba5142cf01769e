/* What the files of the search share. Not for callers. */
#ifndef PNAS_SEARCH_SEARCH_STATE_H
#define PNAS_SEARCH_SEARCH_STATE_H

#include "src/search/search.h"

struct pnas_search {
    pnas_search_options options;
    const pnas_cell_table *table; /* borrowed; NULL: no limit */
    pnas_candidates candidates;
    pnas_status (*tick)(void *payload); /* or NULL */
    void *tick_payload;
    bool exhausted; /* random, evolution: there is no cell left to draw */
    int levels;
    pnas_level level[PNAS_BLOCKS_MAX + 1]; /* [levels], those so far, then one that may be begun */
};

/* How many one-block cells the space has. */
size_t pnas_level_one_size(const pnas_space *space);

size_t pnas_level_count(const pnas_level *level, pnas_child_status status);

/* Spearman of a level; NaN where nothing was predicted and while children are pending. */
double pnas_level_spearman(const pnas_level *level);

/* The level after the last if it was begun, or NULL. */
pnas_level *pnas_search_begun(pnas_search *search);

/* pnas_space_expand with the search's tick in between. */
pnas_status pnas_search_expand(const pnas_search *search, const pnas_cell *parents, size_t count,
                               pnas_cell **out, size_t *out_count);

/* The next round of random or evolution. */
pnas_status pnas_search_propose_round(pnas_search *search);

/* The sentence of the first child that failed, for a person to start from. */
const char *pnas_level_first_error(const pnas_level *level);

/* Frees the children and their histories. */
void pnas_level_clear(pnas_level *level);

#endif
