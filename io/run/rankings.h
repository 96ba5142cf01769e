/* Several rankings side by side: all of their cells in one order, and two files compared by the cells that
 * both have. Local. */
#ifndef PNAS_IO_RANKINGS_H
#define PNAS_IO_RANKINGS_H

#include "io/run/ranking.h"

typedef struct { /* a cell among those of all files; borrowed from them */
    const pnas_ranking *ranking;
    size_t file;
    const pnas_ranked_cell *cell;
} pnas_ranking_entry;

/* The cells of all files, best first (ties: fewer parameters, then the earlier file and cell). `stopped`: behind them
 * the children that were stopped at rungs. *out is the caller's (free). */
pnas_status pnas_ranking_merge(const pnas_ranking *const *ranking, size_t files, bool stopped,
                               pnas_ranking_entry **out, size_t *count);

/* Whether the settings of the operator are known: files that are no run tell names only, and a name of their own
 * may be any operator. */
bool pnas_ranking_knows_operator(const pnas_ranking *ranking, int code);

typedef struct {
    size_t count; /* cells that both have */
    double
        difference; /* of the second file's accuracies of these to the first's, on average; NaN if there are none,
                          or some were predicted */
    double spearman;                /* of their order; NaN if undefined */
    const pnas_operator *unlike[2]; /* the first's and the second's operator of one name but other settings;
                                       then nothing is compared. NULL if there is none; borrowed */
} pnas_ranking_pair;

/* Operators are told by name, as two files may have them in another order. A cell that one file has twice
 * counts once, with the score met first. */
pnas_status pnas_ranking_compare(const pnas_ranking *a, const pnas_ranking *b, pnas_ranking_pair *out);

#endif
