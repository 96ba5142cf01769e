/* The operators a block may apply to an input: a table by name, extended by configuration. Local.
 *
 * A new operator of a known kind is a row in operator.c; a new kind a row here.
 *
 * Source: Liu et al. 2018 (arXiv 1712.00559), section 3.1, in that order; `conv3` is an addition. */
#ifndef PNAS_SEARCH_OPERATOR_H
#define PNAS_SEARCH_OPERATOR_H

#include "src/base/status.h"

#define PNAS_OPERATORS_MAX     32
#define PNAS_OPERATOR_NAME_MAX 24
#define PNAS_KERNEL_MAX        15
#define PNAS_DILATION_MAX      8
#define PNAS_REPEAT_MAX        4
#define PNAS_BOTTLENECK_MAX    16

/* ROW(kind, its name in configurations, largest kernel, dilation, repeat, bottleneck). The layers of a kind:
 * src/net/graph_operator.c. Run files store the number of a kind, so a new one goes last. */
#define PNAS_OPERATOR_KINDS(ROW)                                                                             \
    ROW(PNAS_IDENTITY, "identity", 1, 1, 1, 1)                                                               \
    /* `repeat` times ReLU, depthwise kernel x kernel, pointwise, BN; stride on the first */                 \
    ROW(PNAS_SEPARABLE, "separable", PNAS_KERNEL_MAX, PNAS_DILATION_MAX, PNAS_REPEAT_MAX, 1)                 \
    /* ReLU, dense kernel x kernel, BN */                                                                    \
    ROW(PNAS_CONVOLUTION, "convolution", PNAS_KERNEL_MAX, PNAS_DILATION_MAX, 1, PNAS_BOTTLENECK_MAX)         \
    /* ReLU, 1 x kernel, BN, ReLU, kernel x 1, BN */                                                         \
    ROW(PNAS_FACTORIZED, "factorized", PNAS_KERNEL_MAX, PNAS_DILATION_MAX, 1, PNAS_BOTTLENECK_MAX)           \
    /* kernel x kernel, SAME, padded values left out of the average */                                       \
    ROW(PNAS_AVERAGE_POOL, "average_pool", PNAS_KERNEL_MAX, 1, 1, 1)                                         \
    ROW(PNAS_MAX_POOL, "max_pool", PNAS_KERNEL_MAX, 1, 1, 1)

#define PNAS_AS_CONSTANT(kind, ...) kind,
#define PNAS_PLUS_ONE(...)          +1
typedef enum { PNAS_OPERATOR_KINDS(PNAS_AS_CONSTANT) } pnas_operator_kind;
enum { PNAS_OPERATOR_KIND_COUNT = PNAS_OPERATOR_KINDS(PNAS_PLUS_ONE) };
#undef PNAS_AS_CONSTANT
#undef PNAS_PLUS_ONE

typedef struct {
    char name[PNAS_OPERATOR_NAME_MAX]; /* letters, digits, '-' and '_' only */
    pnas_operator_kind kind;
    int kernel;     /* odd, 1 .. PNAS_KERNEL_MAX; 1 for identity */
    int dilation;   /* 1 .. PNAS_DILATION_MAX; 1 for pools and identity */
    int repeat;     /* separable only, 1 .. PNAS_REPEAT_MAX; else 1 */
    int bottleneck; /* convolution and factorized: F / bottleneck channels inside, 1x1 before and after;
                       1 .. PNAS_BOTTLENECK_MAX, 1 = none */
} pnas_operator;

typedef struct { /* a plain value; an operator's code is its index here */
    int count;
    pnas_operator item[PNAS_OPERATORS_MAX];
} pnas_operator_set;

/* "average_pool"; static. */
const char *pnas_operator_kind_name(pnas_operator_kind kind);

/* The eight of the paper: identity sep3 sep5 sep7 1x7-7x1 avg3 max3 dil3. */
void pnas_operator_set_paper(pnas_operator_set *out);

/* All built-in ones: those of the paper first. */
void pnas_operator_set_built_in(pnas_operator_set *out);

/* Adds a built-in operator by name (the paper's eight and conv3) or by those of the Keras implementation
 * ("3x3 dconv", "1x7-7x1 conv", "3x3 maxpool", ...). PNAS_ERROR_USAGE with what is allowed if unknown,
 * twice, or full. */
pnas_status pnas_operator_set_add_named(pnas_operator_set *set, const char *name);

/* Adds an operator of one's own; every field is checked against the limits above. */
pnas_status pnas_operator_set_add(pnas_operator_set *set, const pnas_operator *custom);

/* Index of `name` (the Keras implementation's, too) or -1. */
int pnas_operator_set_find(const pnas_operator_set *set, const char *name);

/* "sep 5x5", as the paper writes a built-in operator; one of one's own by its name. Borrowed from `op`. */
const char *pnas_operator_label(const pnas_operator *op);

#define PNAS_OPERATOR_SETTINGS_MAX 96

/* "separable, kernel 3, dilation 1, repeat 2": what its name stands for; only what its kind can choose. */
void pnas_operator_settings(const pnas_operator *op, char out[PNAS_OPERATOR_SETTINGS_MAX]);

#endif
