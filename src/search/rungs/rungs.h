/* Stopping children early: successive halving (Jamieson and Talwalkar 2016), in step. All children of a round train
 * to the first rung; the best of them go on to the next; and so on. A round is what a strategy proposed at a time: a
 * level where it goes by levels. Local; of values and order the same on any machine. */
#ifndef PNAS_SEARCH_RUNGS_H
#define PNAS_SEARCH_RUNGS_H

#include "src/search/level.h"
#include "src/search/search_options.h"

/* The next rung of a child that was trained for so many epochs; 0: none, it goes on to its end. */
int pnas_rung_after(const pnas_search_options *options, int epochs);

bool pnas_is_rung(const pnas_search_options *options, int epochs);

/* The share of their training that the children of a large round get on average from epoch `from` on, of `epochs`. */
double pnas_rung_expected_share(const pnas_search_options *options, int from, int epochs);

/* PNAS_ERROR_USAGE unless rungs ascend and the share is in its range. */
pnas_status pnas_rungs_check(const pnas_search_options *options);

typedef struct {
    int epoch; /* of the rung */
    size_t kept, stopped;
} pnas_rung_choice;

/* Chooses among the paused children of level[0 .. levels), those at the lowest rung where they are at several. The
 * best rung_share of them, rounded up, by validation accuracy there, become pending again, equal ones in the order in
 * which they were proposed; the others are stopped. There must be some. */
pnas_status pnas_rungs_choose(const pnas_search_options *options, pnas_level *level, int levels,
                              pnas_rung_choice *out);

#endif
