/* How well a surrogate ranks the next level, measured on cells that were trained already. Paper section 5.2
 * and Table 1. Trials may be shared among processes.
 *
 * For each level b of the table but the last, and each of some trials, a fresh surrogate is fit on K cells of
 * every level up to b and judged twice with Spearman's rank correlation: on the cells of level b that it was
 * fit on, and on all cells of level b + 1. The paper fits on cells of level b alone; a search fits on all
 * that it has, as is done here.
 *
 * Held out: the surrogate is fit on K cells of level b alone and judged on the others of level b, with Spearman's
 * correlation and with Kendall's tau, as predictors of architectures are usually compared (White et al. 2021).
 *
 * The K cells of a trial are those with the smallest keys; a key is 64 bits of FNV-1a over "TRIAL:CELL" (the
 * cell as text), mixed once more, so that scripts in other languages can draw the same cells. */
#ifndef PNAS_RUN_EVALUATE_TABLE_H
#define PNAS_RUN_EVALUATE_TABLE_H

#include "src/search/search.h"

typedef struct { /* makes surrogates for the trials */
    pnas_status (*open)(void *payload, uint64_t seed, pnas_surrogate *out);
    void (*close)(void *payload, pnas_surrogate *surrogate); /* takes one that is zero */
    void *payload;
} pnas_surrogate_maker;

/* One number of every process: `first`, `first` + `step`, ... are this one's trials. */
typedef struct {
    int first, step;
    /* Called once by every process after its trials, however they ended (`status`): makes each of the
     * `count` values that is NaN here what the process that has it knows. Returns one status for all. */
    pnas_status (*gather)(void *payload, pnas_status status, double *values, size_t count);
    void *payload;
} pnas_trial_share;

typedef struct { /* all borrowed */
    const pnas_cell_table *table;
    const pnas_operator_set *operators;
    int trials;    /* T, at least 1 */
    size_t cells;  /* K; 0: all */
    bool held_out; /* K at least 1 */
    uint64_t seed; /* trial t's surrogate gets seed + t */
    pnas_surrogate_maker maker;
    pnas_trial_share share; /* step 0: all trials are done here */
} pnas_evaluate_options;

typedef struct {
    int level; /* b */
    bool held_out;
    size_t fit, next; /* cells fit on, and of level b + 1, or those held out */
    int trials;       /* those whose correlations are defined */
    double fit_mean, fit_std, next_mean,
        next_std; /* of Spearman over trials; std of a sample, 0 for one. Held out:
                                                      of Spearman, and of tau, both on cells held out */
} pnas_evaluation;

/* Fills out[0 .. *levels), one for each level that has a next one in the table, or more than K + 1 cells, where the
 * joined values are known. PNAS_ERROR_DATA if no level has. */
pnas_status pnas_evaluate_table(const pnas_evaluate_options *options, pnas_evaluation out[PNAS_BLOCKS_MAX],
                                int *levels);

/* On stdout, a line a level, with the figures of the paper's Table 1 beside it. */
void pnas_evaluation_print(const pnas_evaluation *evaluation, int levels);

#endif
