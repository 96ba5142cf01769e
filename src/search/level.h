/* A level of a search: its children, which all have cells of b blocks, and what training them took.
 *
 * Accuracies are shares, 0 .. 1; times are seconds. Local. */
#ifndef PNAS_SEARCH_LEVEL_H
#define PNAS_SEARCH_LEVEL_H

#include "src/search/cell.h"
#include "src/search/result.h"

typedef struct {
    pnas_cell cell; /* canonical */
    uint64_t hash;
    double predicted, predicted_std; /* NaN where no surrogate was asked, as mostly on level 1 */
    bool early;                      /* chosen before the level below was finished (pnas_search_begin_next) */
    double expected;                 /* of a stopped child: the accuracy at its end, by its curve
                                        (src/search/rungs/curve_model.h) */
    int order; /* of children on all levels, in which they were proposed, from 1; 0: in that of levels */
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
    pnas_child *child;    /* [count], owned */
    uint64_t candidates;  /* cells scored by the surrogate to choose these; 0: it was not asked */
    double spearman;      /* predicted against measured over done children; NaN if undefined */
    double score_seconds; /* spent scoring candidates */
    double fit_seconds;   /* spent fitting after this level */
    pnas_level_usage usage;
} pnas_level;

/* `count` pending children with no cells yet. *out is pnas_level_clear's. */
pnas_status pnas_level_create(int blocks, size_t count, pnas_level *out);

/* Frees the children and their histories; zeroes the rest. */
void pnas_level_clear(pnas_level *level);

/* Gives a child its canonical cell; NaN where nothing was predicted. */
void pnas_child_set(pnas_child *child, const pnas_cell *cell, double predicted, double spread);

/* How many children have this status. */
size_t pnas_level_count(const pnas_level *level, pnas_child_status status);

/* How many have yet to be trained, some of them on from a rung. */
size_t pnas_level_unfinished(const pnas_level *level);

/* What is known of a child that was trained: its accuracy, or what is expected of one that was stopped. False of
 * others. For whoever learns from children; what they reached is told of those alone that are done. */
bool pnas_child_worth(const pnas_child *child, double *out);

/* How many children have a worth. */
size_t pnas_level_trained(const pnas_level *level);

/* Spearman of predicted and measured accuracy over the children that have both; NaN if there are not two,
 * and while children are pending. */
double pnas_level_spearman(const pnas_level *level);

/* The sentence of the first child that failed, for a person to start from; borrowed. */
const char *pnas_level_first_error(const pnas_level *level);

/* The highest accuracy of the done children of level[0 .. levels); 0 if there is none. */
double pnas_levels_best(const pnas_level *level, int levels);

#endif
