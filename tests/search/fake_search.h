/* A search whose surrogate and training are plain functions of the cell. */
#ifndef FAKE_SEARCH_H
#define FAKE_SEARCH_H

#include "src/search/search.h"

typedef struct { /* what the surrogate was asked, and how it shall answer */
    size_t fitted[PNAS_BLOCKS_MAX + 1];
    double fitted_sum[PNAS_BLOCKS_MAX + 1];
    int fits, last_fit_level;
    size_t predicted, largest_call;
    bool constant;
    double answer;        /* where constant */
    double failed_reward; /* what failed children are to be fitted with; 0: they are to be left out */
    pnas_status status;
} fake;

double true_accuracy(const pnas_cell *cell);
bool fails(const pnas_cell *cell);
double prediction(const pnas_cell *cell);

pnas_surrogate surrogate_of(fake *f);
pnas_search_options paper_options(int blocks, int beam);
pnas_search *created(const pnas_search_options *options);

/* Children are given the result that their cell has: one, all that wait in the last level, all until the end. */
void record_child(pnas_search *search, int blocks, size_t index);
void record_level(pnas_search *search);
void run_to_end(pnas_search *search, fake *f);

#endif
