/* The search as a state machine: propose -> record -> fit -> advance. Paper section 4, algorithm 1.
 *
 * Two other strategies share everything around it, to be compared with: random sampling, and regularised
 * evolution (Real et al. 2018, arXiv 1802.01548). Both train cells of B blocks only, so their levels before
 * the last have no children; the last one grows by rounds until pnas_search_budget children are there.
 *
 * It knows no device, no message and no file: children are trained elsewhere and recorded here; a surrogate
 * is a callback. All of it runs on rank 0; local. */
#ifndef PNAS_SEARCH_SEARCH_H
#define PNAS_SEARCH_SEARCH_H

#include "src/search/acquisition.h"
#include "src/search/cell_table.h"
#include "src/search/result.h"

typedef struct {
    pnas_cell cell; /* canonical */
    uint64_t hash;
    double predicted, predicted_std; /* NaN where no surrogate was asked, as mostly on level 1 */
    bool early;                      /* chosen before the level below was finished (pnas_search_begin_next) */
    pnas_result result;
} pnas_child;

typedef struct {             /* what training a level's children took of the ranks, summed over restarts */
    double span_seconds;     /* from the first child handed out to the last one done */
    double lane_seconds;     /* the same, times the children that could be trained at once */
    double busy_seconds;     /* spent training, of these */
    double longest_seconds;  /* the longest child */
    double best_seconds;     /* no order of the same children could have made the span shorter */
    int64_t messages, bytes; /* between ranks, meanwhile */
} pnas_level_usage;

void pnas_usage_add(pnas_level_usage *sum, const pnas_level_usage *usage);

typedef struct {
    int blocks; /* the level's b */
    bool begun; /* only children chosen early are there so far */
    size_t count;
    pnas_child *child;    /* [count] */
    uint64_t candidates;  /* cells scored by the surrogate to choose these; 0: it was not asked */
    double spearman;      /* predicted against measured over done children; NaN if undefined */
    double score_seconds; /* spent scoring candidates */
    double fit_seconds;   /* spent fitting after this level */
    pnas_level_usage usage;
} pnas_level;

typedef struct { /* a surrogate; cells may be of several lengths */
    /* Fits on all of `cells`; `level` is the level just finished. Deterministic in its arguments. */
    pnas_status (*fit)(void *payload, int level, const pnas_cell *cells, const double *accuracy,
                       size_t count);
    /* Predicts mean and spread (0 where there is one model) for each cell. */
    pnas_status (*predict)(void *payload, const pnas_cell *cells, size_t count, double *mean, double *spread);
    void *payload;
} pnas_surrogate;

typedef enum {
    PNAS_STRATEGY_PNAS,
    PNAS_STRATEGY_RANDOM,   /* cells of B blocks, each once, every input and operator equally likely */
    PNAS_STRATEGY_EVOLUTION /* of cells of B blocks: the best of a sample is mutated, the oldest is left out
                             */
} pnas_strategy;

typedef enum {                             /* where a search that is limited to a table finds its cells */
               PNAS_CANDIDATES_TABLE,      /* any cell of the table that has the right number of blocks */
               PNAS_CANDIDATES_EXTENSIONS, /* PNAS: of these, those that extend a cell of the last level */
               PNAS_CANDIDATES_SPACE /* the whole space; whoever trains decides about cells not in the table
                                      */
} pnas_candidates;

typedef struct {
    pnas_space space;
    int beam;                     /* K: how many children a level after the first trains */
    pnas_acquisition acquisition; /* what candidates are chosen by */
    double kappa;                 /* of the upper confidence bound */
    double diversity;             /* share of K for the candidates of the widest spread, 0 .. 1 */
    double failed_reward;         /* what the surrogate is told a failed child reached; 0: nothing */
    bool overlap;         /* PNAS: children of the next level may be chosen before a level is finished, ... */
    double overlap_share; /* ... at most this share of the K, 0 .. 1 */
    int first; /* how many of level 1 to train, evenly spaced in canonical order; 0 = all (the paper) */
    pnas_strategy strategy;
    int population, sample; /* evolution: how many of the last children take part, how many are compared */
    int round;              /* evolution: children proposed at a time once the population is there */
    uint64_t seed;          /* of random and evolution */
} pnas_search_options;

typedef struct pnas_search pnas_search;

/* PNAS_ERROR_USAGE unless all options are in their ranges. */
pnas_status pnas_search_create(const pnas_search_options *options, pnas_search **out);
void pnas_search_destroy(pnas_search **search);

/* Proposes from now on only what `table` (borrowed, of the same space) allows by `candidates`. */
void pnas_search_limit(pnas_search *search, const pnas_cell_table *table, pnas_candidates candidates);

/* `tick` is called every few milliseconds while a beam is expanded, so that nobody waits for the end of that;
 * anything but PNAS_OK ends it and is returned. */
void pnas_search_set_tick(pnas_search *search, pnas_status (*tick)(void *payload), void *payload);

/* How many children PNAS trains with these options, and every other strategy too. */
size_t pnas_search_budget(const pnas_search_options *options);

const pnas_search_options *pnas_search_get_options(const pnas_search *search);
int pnas_search_levels(const pnas_search *search); /* levels proposed so far */

/* 1-based; the one after the last may be begun (below); NULL if not yet. */
const pnas_level *pnas_search_level(const pnas_search *search, int blocks);

/* Proposes the next level: level 1 from the space; level b+1 by fitting the surrogate on all done children,
 * expanding the beam (the children of level b), scoring and keeping the best K (src/search/selection.h).
 * PNAS_ERROR_INTERNAL if the current level has pending children or the search is complete.
 * PNAS_ERROR_DATA if no child of the level succeeded, or a table has no candidate. For level 1
 * `surrogate` may be NULL; one that another search has fit chooses there, too, before any fit. The other
 * strategies: more children of level B; no surrogate is asked. What is drawn for a child depends on the seed,
 * its index and the children before it only.
 *
 * A level that was begun keeps its children in front, whatever has become of them; only the others are chosen
 * now, and the surrogate is fit on the levels below alone. */
pnas_status pnas_search_propose(pnas_search *search, const pnas_surrogate *surrogate);

/* Whether the next level may be begun now: overlap is on, half of the level's children are done, some are
 * pending, and a level comes after it that was not begun yet. */
bool pnas_search_may_begin_next(const pnas_search *search);

/* Begins the next level: the surrogate is fit on what is done, the cells of this level's done children are
 * expanded, and of the best K the first overlap_share K become the level's first children. None if that is
 * less than one. Children may be recorded meanwhile. */
pnas_status pnas_search_begin_next(pnas_search *search, const pnas_surrogate *surrogate);

/* Forgets all but the first `count` children of a level that was begun; those must be pending. */
pnas_status pnas_search_keep_begun(pnas_search *search, size_t count);

/* Records child `index` of level `blocks`; takes over result->history and clears *result. */
pnas_status pnas_search_record(pnas_search *search, int blocks, size_t index, pnas_result *result);

/* Adds to what level `blocks` took of the ranks. */
void pnas_search_add_usage(pnas_search *search, int blocks, const pnas_level_usage *usage);

/* Fits the surrogate on all done children after the last level, for its weights to be kept. */
pnas_status pnas_search_fit(pnas_search *search, const pnas_surrogate *surrogate);

size_t pnas_search_pending(const pnas_search *search); /* of the current level */
bool pnas_search_complete(const pnas_search *search);  /* level B is there in full and nothing is pending */

/* Puts back a level read from a run file (levels in order 1, 2, ..., at last one that was begun); takes over
 * level->child and clears *level. PNAS_ERROR_DATA if a cell does not fit the space or the order is wrong. */
pnas_status pnas_search_restore(pnas_search *search, pnas_level *level);

/* Spearman's rank correlation with average ranks for ties; NaN for fewer than two or constant input. */
double pnas_spearman(const double *a, const double *b, size_t count);

#endif
