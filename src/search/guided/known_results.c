#include "src/search/guided/known_results.h"

#include <stdlib.h>
#include <string.h>

size_t pnas_guided_lag(const pnas_search_options *options)
{
    return options->overlap ? (size_t)options->lag * (size_t)options->round : 0;
}

/* The place of the first done child in the order of proposals; 0 if there is none. */
static size_t first_done(const pnas_search *search)
{
    size_t first = 0;
    for (int b = 0; b < search->levels; ++b)
        for (size_t i = 0; i < search->level[b].count; ++i) {
            const pnas_child *child = &search->level[b].child[i];
            if (child->result.status == PNAS_CHILD_DONE && (first == 0 || (size_t)child->order < first))
                first = (size_t)child->order;
        }
    return first;
}

size_t pnas_guided_known(const pnas_search *search)
{
    size_t have = pnas_search_count_children(search), lag = pnas_guided_lag(&search->options);
    size_t least = have < PNAS_GUIDED_LEAST ? have : PNAS_GUIDED_LEAST;
    size_t known = have > least + lag ? have - lag : least, first = first_done(search);
    if (lag == 0 || first == 0)
        return have;
    return first > known ? first : known;
}

pnas_status pnas_guided_view(const pnas_search *search, size_t known, pnas_search *out)
{
    *out = *search;
    for (int b = 0; b < out->levels; ++b)
        out->level[b].child = NULL;
    for (int b = 0; b < out->levels; ++b) {
        const pnas_level *level = &search->level[b];
        pnas_child *child = malloc((level->count + 1) * sizeof *child);
        PNAS_CHECK(child, PNAS_ERROR_MEMORY, "out of memory for %zu children", level->count);
        out->level[b].child = child;
        for (size_t i = 0; i < level->count; ++i) {
            child[i] = level->child[i];
            if ((size_t)child[i].order > known)
                child[i].result = (pnas_result){.status = PNAS_CHILD_PENDING};
        }
    }
    return PNAS_OK;
}

void pnas_guided_view_free(pnas_search *view)
{
    for (int b = 0; b < view->levels; ++b)
        free(view->level[b].child); /* histories and messages are the search's */
    memset(view, 0, sizeof *view);
}

pnas_status pnas_guided_unknown(const pnas_search *search, size_t known, pnas_cell_list *out)
{
    for (int b = 0; b < search->levels; ++b)
        for (size_t i = 0; i < search->level[b].count; ++i)
            if ((size_t)search->level[b].child[i].order > known)
                PNAS_TRY(pnas_cell_list_append(out, &search->level[b].child[i].cell));
    return PNAS_OK;
}
