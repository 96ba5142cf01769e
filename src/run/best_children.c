#include "src/run/best_children.h"

#include "src/search/cell_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int better_first(const void *a, const void *b)
{
    const pnas_best_child *left = a, *right = b;
    const pnas_result *l = &left->child->result, *r = &right->child->result;
    if (l->accuracy != r->accuracy)
        return l->accuracy > r->accuracy ? -1 : 1;
    if (l->parameters != r->parameters)
        return l->parameters < r->parameters ? -1 : 1;
    if (left->level != right->level)
        return left->level < right->level ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

static size_t count_children(const pnas_search *search)
{
    size_t total = 0;
    for (int b = 1; pnas_search_level(search, b); b++)
        total += pnas_search_level(search, b)->count;
    return total;
}

pnas_status pnas_best_children(const pnas_search *search, pnas_best_child **out, size_t *count)
{
    size_t total = count_children(search), found = 0;
    pnas_best_child *best = calloc(total ? total : 1, sizeof *best);
    PNAS_CHECK(best, PNAS_ERROR_MEMORY, "no memory for a list of %zu children", total);
    for (int b = 1; pnas_search_level(search, b); b++) {
        const pnas_level *level = pnas_search_level(search, b);
        for (size_t i = 0; i < level->count; i++)
            if (level->child[i].result.status == PNAS_CHILD_DONE)
                best[found++] = (pnas_best_child){b, i, &level->child[i]};
    }
    qsort(best, found, sizeof *best, better_first);
    *out = best;
    *count = found;
    return PNAS_OK;
}

pnas_status pnas_best_children_print(const pnas_search *search, size_t most)
{
    const pnas_operator_set *operators = &pnas_search_get_options(search)->space.operators;
    pnas_best_child *best = NULL;
    size_t count = 0;
    PNAS_TRY(pnas_best_children(search, &best, &count));
    size_t shown = count < most ? count : most, stopped = pnas_search_count(search, PNAS_CHILD_STOPPED);
    char early[48] = "";
    if (stopped > 0)
        snprintf(early, sizeof early, "; %zu more were stopped early", stopped);
    printf("best %zu of %zu children%s\n%4s  %8s  %11s  %s\n", shown, count, early, "", "accuracy",
           "parameters", "cell");
    for (size_t i = 0; i < shown; i++) {
        char text[PNAS_CELL_TEXT_MAX], parameters[32] = "-"; /* a table may not know them */
        const pnas_result *result = &best[i].child->result;
        pnas_cell_format(&best[i].child->cell, operators, text);
        if (result->parameters > 0)
            snprintf(parameters, sizeof parameters, "%" PRId64, result->parameters);
        printf("%4zu  %8.4f  %11s  %s\n", i + 1, result->accuracy, parameters, text);
    }
    free(best);
    return PNAS_OK;
}
