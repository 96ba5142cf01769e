/* Settings of the surrogate (paper section 4.2 and appendix; docs/algorithm.md). A zero is the first word of
 * each enumeration; members 0 is one member, and fit_share 0 is 1. */
#ifndef PNAS_SEARCH_SURROGATE_OPTIONS_H
#define PNAS_SEARCH_SURROGATE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define PNAS_MEMBERS_MAX 1000

typedef enum {
    PNAS_MODEL_LSTM, /* reads 4b tokens one after another */
    PNAS_MODEL_MLP,  /* mean over blocks of their four embeddings, then two layers */
    PNAS_MODEL_MLP1 /* the same with one layer: additive up to its units, so a space is scored as fast as read */
} pnas_surrogate_model;

typedef enum {
    PNAS_LOSS_L1,      /* mean of |predicted - measured| */
    PNAS_LOSS_SQUARED, /* mean of its square */
    PNAS_LOSS_RANKING  /* logistic loss of the logits' difference over pairs of cells of one length; scaled
                          afterwards */
} pnas_surrogate_loss;

typedef enum { PNAS_SURROGATE_ADAM, PNAS_SURROGATE_SGD } pnas_surrogate_optimizer;

typedef enum {
    PNAS_REFIT_SCRATCH, /* fresh weights at each fit (the paper's ensembles) */
    PNAS_REFIT_FINETUNE /* from the weights that the fit after the level before left */
} pnas_surrogate_refit;

typedef enum {
    PNAS_BIAS_GIVEN, /* last_bias */
    PNAS_BIAS_MEAN   /* what predicts the mean accuracy of the cells fit on */
} pnas_surrogate_bias;

typedef struct {
    pnas_surrogate_model model;
    int members;       /* of the ensemble: 5 */
    double fit_share;  /* share of the cells that each member is fit on, another one each: 0.8; 1: all */
    double kernel;     /* share of a kernel part (src/regression/kernel_model.h) in the logit; 0: none */
    double forest;     /* share of a random forest in the kernel part's logit; 0: none */
    double linear;     /* share of a linear part (src/regression/linear_model.h) in the rest; 0: none */
    bool augment_swap; /* fit on each cell a second time with the sides of its blocks exchanged */
    int embedding;     /* 100 */
    int hidden;        /* 100 */
    pnas_surrogate_loss loss;
    pnas_surrogate_optimizer optimizer;
    double momentum;     /* SGD */
    double weight_decay; /* added to the gradient of embeddings and weights of the layers before the last */
    int epochs;          /* passes over a member's cells at each fit; at most, if patience > 0 */
    int patience;      /* epochs without a smaller loss on the cells left out after which a fit ends, keeping
                          its best weights; 0: all epochs, keeping the last */
    int batch;         /* cells a step; all of one length */
    double rate_first; /* the optimizer's rate for the fit after level 1: 0.01 */
    double rate_later; /* after later levels: 0.002 */
    pnas_surrogate_refit refit;
    pnas_surrogate_bias bias;
    double last_bias; /* initial bias of the output: 1.8 */
    uint64_t seed;
} pnas_surrogate_options;

#endif
