/* The kernel part of a surrogate: a Gaussian process over what stands in a cell's blocks, in closed form. On
 * the host, in double precision; the same arguments give the same bits. Local.
 *
 * Letters: O operators; a *side* is a kind of input (H(c-2), H(c-1), an earlier block) with an operator,
 * numbered kind * O + operator; b blocks of a cell; n cells fit to; S sides of the longest of them.
 *
 * What is fit is the logit of the accuracy, less its mean, with the covariance
 *
 *   exp(-|x - x'|^2 / (2 width^2)) + scale (f - c) (f' - c), and `noise` more for a cell with itself
 *
 * x: the shares p of operators and q of sides among a cell's 2b sides, as p, sqrt(p) / 2, q / 2, sqrt(q) / 4,
 * and 0.2 log b. f: the mean over blocks of half of the counts of operators, of kinds of input, of sides and
 * of pairs of operators (the last two times sqrt(1/2)), and 2 log b; c: its mean over the cells. Width, scale
 * and noise are those of a grid with the largest marginal likelihood (Rasmussen and Williams 2006, 2.2 and
 * 5.4), the covariance's own size being its best one; of more than PNAS_KERNEL_CHOICE cells, so many, evenly
 * spread, choose them.
 *
 * Beside the process there may be a random forest (src/regression/forest.h), fit to the same logits by counts of
 * operators, of kinds of input and of blocks. It is not kept but grown again from the cells and their logits. */
#ifndef PNAS_REGRESSION_KERNEL_MODEL_H
#define PNAS_REGRESSION_KERNEL_MODEL_H

#include "src/regression/forest.h"
#include "src/search/cell.h"

#define PNAS_KERNEL_CHOICE 400

enum { /* where the fields stand in the values; behind PNAS_KERNEL_HEAD of them the arrays */
       PNAS_KERNEL_SHARE,
       PNAS_KERNEL_BIAS,
       PNAS_KERNEL_WIDTH,
       PNAS_KERNEL_LENGTH,
       PNAS_KERNEL_OPERATORS,
       PNAS_KERNEL_PLACES,
       PNAS_KERNEL_COUNT,
       PNAS_KERNEL_FOREST,
       PNAS_KERNEL_TARGETS,
       PNAS_KERNEL_HEAD = 10
};

/* All in one array of floats, as it is sent and kept. A model of no values is none. */
typedef struct {
    size_t size;
    float *values;             /* [size]; owns all below */
    int operators, places;     /* O, S */
    size_t count;              /* n */
    float share;               /* of a surrogate's logit */
    float bias, width, length; /* of the logit; of the covariance; what log b adds to the logit */
    float *side;               /* [3 O]: what a side adds, of the mean over blocks */
    float *pair;               /* [O][O]: what two operators of a block add; symmetric */
    float *weight;             /* [n]: of each cell's covariance */
    float *sides;              /* [n][S]: each cell's, as numbers; -1 behind the last */
    float forest_share;        /* of the part's logit; 0: there is no forest */
    size_t targets;            /* of how many cells, the first, the forest knows the logits */
    float *target;             /* [targets] */
    pnas_forest *forest;       /* owned; NULL: none */
} pnas_kernel_model;

/* Cells must have operators below O; `count` at least 1. The model's share is 0. `origin` (NULL: none): the
 * model of another search. What it says of the cells that it was fit to stands beside these cells, if it says
 * more of these than their mean does and less is missed of cells left out then. *out is to be freed also
 * after a failure. */
pnas_status pnas_kernel_fit(int operators, const pnas_cell *cells, const double *accuracy, size_t count,
                            const pnas_kernel_model *origin, pnas_kernel_model *out);
void pnas_kernel_free(pnas_kernel_model *model);

/* A copy of `values` as a model; PNAS_ERROR_DATA if they are none of O operators. *out is the caller's. */
pnas_status pnas_kernel_take(int operators, const float *values, size_t size, pnas_kernel_model *out);

/* Of so many cells, and targets of a forest, with zeros, to be filled in by whoever has its values; *out is the
 * caller's. The forest itself is grown by pnas_kernel_take. */
pnas_status pnas_kernel_make(int operators, int places, size_t count, size_t targets, pnas_kernel_model *out);
void pnas_kernel_set(pnas_kernel_model *model, double bias, double width, double length);
void pnas_kernel_set_share(pnas_kernel_model *model, double share);

/* Gives a model that was fit to these cells a forest, which is `share` of its logit; nothing for a share of 0. A
 * failure leaves the model as it was. */
pnas_status pnas_kernel_add_forest(pnas_kernel_model *model, double share, const double *accuracy,
                                   size_t count);

/* What the forest looks at: how often each operator and each kind of input stands in a cell, and its blocks; out
 * [operators + PNAS_INPUT_KINDS + 1]. */
void pnas_kernel_counts(int operators, const int *sides, int count, uint8_t *out);

/* The number of a side. */
int pnas_kernel_side(int operators, int input, int op);

#endif
