/* Settings of a search, docs/configuration.md's section `search`. A plain value; local. */
#ifndef PNAS_SEARCH_SEARCH_OPTIONS_H
#define PNAS_SEARCH_SEARCH_OPTIONS_H

#include "src/search/acquisition.h"
#include "src/search/space.h"

#define PNAS_RUNGS_MAX 16

/* Where a search that is limited to a table finds its cells */
typedef enum {
    PNAS_CANDIDATES_TABLE,      /* any cell of the table that has the right number of blocks */
    PNAS_CANDIDATES_EXTENSIONS, /* PNAS: of these, those that extend a cell of the last level */
    PNAS_CANDIDATES_SPACE       /* the whole space; whoever trains decides about cells not in the table
                                      */
} pnas_candidates;

typedef struct {
    pnas_space space;
    int beam;                     /* K: how many children a level after the first trains */
    int children;                 /* N: how many the search trains, instead of K; 0: what K gives */
    pnas_acquisition acquisition; /* what candidates are chosen by */
    double kappa;                 /* of the upper confidence bound */
    double diversity;             /* share of K for the candidates of the widest spread, 0 .. 1 */
    double failed_reward;         /* what the surrogate is told a failed child reached; 0: nothing */
    bool overlap;             /* children of the next level may be chosen before a level is finished, ... */
    double overlap_share;     /* ... at most this share of the K, 0 .. 1; guided: rounds overlap, ... */
    int lag;                  /* ... each being chosen without the results of so many before it */
    int first;                /* how many of level 1 to train (src/search/first_cells.h); 0 = all (the paper),
                               or with `children` level 1's share of these; guided: how many it begins with */
    int strategy;             /* its number in src/search/strategy.h; 0: the first */
    int population, sample;   /* evolution: how many of the last children take part, how many are compared */
    int round;                /* of strategies that go by rounds: children proposed at a time */
    int rungs;                /* of a child's training; 0: every child is trained to its end */
    int rung[PNAS_RUNGS_MAX]; /* [rungs], ascending: after so many epochs the worst of a round are stopped */
    double rung_share;        /* of those at a rung so many go on, above 0 to 1 */
    uint64_t seed;            /* of what is drawn at random */
} pnas_search_options;

/* How many children a search with these options trains, by whatever strategy. */
size_t pnas_search_budget(const pnas_search_options *options);

/* How many children a levelwise search trains at level `blocks` if it has `below` on the levels below: K, or with
 * `children` an equal share of those that are left for this level and the later ones, but at least one. Level 1
 * gets `first`, if that is not 0, and never more than there are cells of one block. */
size_t pnas_search_level_size(const pnas_search_options *options, int blocks, size_t below);

#endif
