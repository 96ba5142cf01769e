/* Which ranks have devices of one kind, and what earlier children took there: for the order in which children
 * are handed out. On rank 0; local. */
#ifndef PNAS_RUN_RANK_KINDS_H
#define PNAS_RUN_RANK_KINDS_H

#include "src/run/search_run_options.h"

typedef struct { /* the devices of a run's ranks when its children were trained */
    pnas_run_rank *rank;
    size_t count;
} pnas_rank_kinds;

/* Tells the scheduler the ranks' kinds: devices of one name are one. */
void pnas_rank_kinds_set(const pnas_search_run_options *options);

/* Keeps the table of ranks of a run that was read, before it is replaced. */
pnas_status pnas_rank_kinds_remember(pnas_run_file *file, pnas_rank_kinds *out);
void pnas_rank_kinds_free(pnas_rank_kinds *kinds);

/* Has the scheduler learn from the children that are there already, on devices that are still in use. */
pnas_status pnas_rank_kinds_learn(const pnas_search_run_options *options, const pnas_search *search,
                                  const pnas_rank_kinds *then);

#endif
