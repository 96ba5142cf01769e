/* The operators a block may apply to an input: a table by name, extended by configuration.
 *
 * Source: Liu et al. 2018 (arXiv 1712.00559), section 3.1, in that order; `conv3` is an addition. */
#ifndef PNAS_SEARCH_OPERATOR_H
#define PNAS_SEARCH_OPERATOR_H

#include "src/base/status.h"

#define PNAS_OPERATORS_MAX     32
#define PNAS_OPERATOR_NAME_MAX 24

typedef enum {
    PNAS_IDENTITY,
    PNAS_SEPARABLE,   /* `repeat` times ReLU, depthwise kernel x kernel, pointwise, BN; stride on the first */
    PNAS_CONVOLUTION, /* ReLU, dense kernel x kernel, BN */
    PNAS_FACTORIZED,  /* ReLU, 1 x kernel, BN, ReLU, kernel x 1, BN */
    PNAS_AVERAGE_POOL, /* kernel x kernel, SAME, padded values left out of the average */
    PNAS_MAX_POOL
} pnas_operator_kind;

typedef struct {
    char name[PNAS_OPERATOR_NAME_MAX]; /* letters, digits, '-' and '_' only */
    pnas_operator_kind kind;
    int kernel;     /* odd, 1 .. 15; 1 for identity */
    int dilation;   /* 1 .. 8; 1 for pools and identity */
    int repeat;     /* separable only, 1 .. 4; else 1 */
    int bottleneck; /* convolution and factorized: F / bottleneck channels inside, 1x1 before and after;
                       1 .. 16, 1 = none */
} pnas_operator;

typedef struct { /* a plain value; an operator's code is its index here */
    int count;
    pnas_operator item[PNAS_OPERATORS_MAX];
} pnas_operator_set;

/* The eight of the paper: identity sep3 sep5 sep7 1x7-7x1 avg3 max3 dil3. */
void pnas_operator_set_paper(pnas_operator_set *out);

/* Adds a built-in operator by name (the paper's eight and conv3) or by the seed's names ("3x3 dconv",
 * "1x7-7x1 conv", "3x3 maxpool", ...). PNAS_ERROR_USAGE with what is allowed if unknown, twice, or full. */
pnas_status pnas_operator_set_add_named(pnas_operator_set *set, const char *name);

/* Adds an operator of one's own; every field is checked against the limits above. */
pnas_status pnas_operator_set_add(pnas_operator_set *set, const pnas_operator *custom);

/* Index of `name` (an alias of the seed is understood) or -1. */
int pnas_operator_set_find(const pnas_operator_set *set, const char *name);

#endif
