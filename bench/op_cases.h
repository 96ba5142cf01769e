/* The ops of a child at the shapes that they have in it: what bench/ops and its peers measure. */
#ifndef PNAS_BENCH_OP_CASES_H
#define PNAS_BENCH_OP_CASES_H

#include <stdbool.h>

typedef enum {
    PNAS_CASE_DEPTHWISE, /* relu, depthwise convolution */
    PNAS_CASE_POINTWISE, /* 1x1 convolution, batch normalisation */
    PNAS_CASE_DENSE,     /* kernel_h x kernel_w convolution, batch normalisation */
    PNAS_CASE_REDUCTION, /* relu, factorized reduction, batch normalisation */
    PNAS_CASE_MAX_POOL,
    PNAS_CASE_AVERAGE_POOL,
    PNAS_CASE_SUM,   /* of two tensors */
    PNAS_CASE_UPDATE /* C parameters: norm clipped, momentum SGD */
} pnas_case_kind;

typedef struct {
    char name[64];
    pnas_case_kind kind;
    int C, M, size; /* channels in and out, height and width in */
    int kernel_h, kernel_w, stride, dilation;
    bool relu; /* POINTWISE, DENSE: of the input, too */
} pnas_op_case;

enum { PNAS_OP_CASES_MAX = 128 };

/* The cases of children of `blocks` blocks and `filters` filters on images of `size` pixels; their number. */
int pnas_op_cases(int blocks, int filters, int size, pnas_op_case out[PNAS_OP_CASES_MAX]);

const char *pnas_case_kind_name(pnas_case_kind kind);

#endif
