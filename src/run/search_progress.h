/* What a person sees of a search while it runs; local to rank 0. */
#ifndef PNAS_RUN_SEARCH_PROGRESS_H
#define PNAS_RUN_SEARCH_PROGRESS_H

#include "src/search/evaluator.h"
#include "src/search/search.h"

typedef struct {               /* zero to start with; set search and trainers */
    const pnas_search *search; /* borrowed */
    int trainers;              /* lanes of ranks that train */
    int level; /* B where all_sizes: a round has children on several levels, which then count as one */
    bool all_sizes;
    size_t children, done, running; /* of this level; of the whole search where they count as one */
    double best;                    /* of the whole run; 0 before the first child */
    double average_cost;            /* multiply-adds of a child of this level; of its part that rungs leave */
    double cost_left, cost_done;    /* of this level's children; done: since training was started */
    double seconds_done;            /* training time of those done */
    double last_shown;              /* steady clock */
} pnas_search_progress;

/* A level's training starts; `jobs` are its children that are still to be trained. */
void pnas_search_progress_level(pnas_search_progress *progress, const pnas_level *level, const pnas_job *jobs,
                                size_t count);

/* The same of a round with children on several levels. */
void pnas_search_progress_round(pnas_search_progress *progress, const pnas_job *jobs, size_t count);
/* Further children of it. */
void pnas_search_progress_add(pnas_search_progress *progress, const pnas_job *jobs, size_t count);
void pnas_search_progress_started(pnas_search_progress *progress);

/* A child is done or failed: a line for the log, and on a terminal for each failure. */
void pnas_search_progress_result(pnas_search_progress *progress, const pnas_job *job,
                                 const pnas_result *result);

/* The line on a terminal, at most five times a second. */
void pnas_search_progress_show(pnas_search_progress *progress);

/* Seconds until the last level's last child, guessed from the children trained so far; NaN before the first. */
double pnas_search_progress_left(const pnas_search_progress *progress);

#endif
