/* The best children of a run, in the order in which people see them. */
#ifndef PNAS_RUN_BEST_CHILDREN_H
#define PNAS_RUN_BEST_CHILDREN_H

#include "src/search/search.h"

typedef struct {
    int level;
    size_t index;
    const pnas_child *child; /* borrowed from the search */
} pnas_best_child;

/* Children that are done, best accuracy first; ties: fewer parameters, then the earlier one. *out is the
 * caller's (free). */
pnas_status pnas_best_children(const pnas_search *search, pnas_best_child **out, size_t *count);

/* Prints the first `most` of them on stdout. */
pnas_status pnas_best_children_print(const pnas_search *search, size_t most);

#endif
