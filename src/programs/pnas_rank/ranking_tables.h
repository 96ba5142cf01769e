/* What pnas_rank prints on stdout: text, comma-separated values, JSON. Several files are laid side by side,
 * and their cells ranked together. */
#ifndef PNAS_PROGRAMS_RANKING_TABLES_H
#define PNAS_PROGRAMS_RANKING_TABLES_H

#include "io/run/rankings.h"

typedef struct {
    pnas_ranking **ranking; /* [count], owned */
    size_t count;
} pnas_ranking_files;

/* `top` cells; 0: all. */
pnas_status pnas_ranking_print_text(const pnas_ranking_files *files, size_t top);
pnas_status pnas_ranking_print_csv(const pnas_ranking_files *files, size_t top);
pnas_status pnas_ranking_print_json(const pnas_ranking_files *files, size_t top);

/* What each level of a run took of its ranks, and all of them; nothing where nothing was trained. */
void pnas_ranking_print_usage(const pnas_ranking *ranking);

/* The Pareto fronts, as a list under a plot of them. */
pnas_status pnas_ranking_print_fronts(const pnas_ranking_files *files, pnas_cost cost);

/* One line a run: how far it is. *complete: all are. PNAS_ERROR_USAGE for a file that is no run. */
pnas_status pnas_ranking_print_status(const pnas_ranking_files *files, bool *complete);

#endif
