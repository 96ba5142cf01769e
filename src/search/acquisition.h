/* What a candidate is worth for the next level, from its prediction and the prediction's spread.
 * Accuracies are shares, 0 .. 1. Local. */
#ifndef PNAS_SEARCH_ACQUISITION_H
#define PNAS_SEARCH_ACQUISITION_H

typedef enum {
    PNAS_ACQUISITION_MEAN,    /* the prediction (the paper) */
    PNAS_ACQUISITION_UCB,     /* upper confidence bound: prediction + kappa * spread */
    PNAS_ACQUISITION_EI,      /* expected improvement on the best accuracy so far, of a normal distribution
                              (Jones et al. 1998) */
    PNAS_ACQUISITION_THOMPSON /* a draw from that distribution, independent for each candidate (White et al.
                                 2021, arXiv 1910.11858) */
} pnas_acquisition;

/* `best`: the highest accuracy so far. A spread of 0 is a prediction that is certain. `draw`: thompson's, of the
 * normal distribution around 0 with deviation 1. */
double pnas_acquisition_value(pnas_acquisition kind, double kappa, double best, double mean, double spread,
                              double draw);

#endif
