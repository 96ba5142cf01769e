/* The ops of a child at the shapes that they have in it: what bench/ops and its peers measure. */
#ifndef PNAS_BENCH_OP_CASES_H
#define PNAS_BENCH_OP_CASES_H

#include "src/net/layer_kind.h"

/* An op includes the batch normalisation of its output where its kind has one. */
typedef struct {
    char name[64];
    const char *word;     /* of the kind, for peers: "dense" */
    pnas_layer_kind kind; /* unless `update` */
    bool update;          /* of C parameters: norm clipped, momentum SGD */
    int C, M, size;       /* channels in and out, height and width in */
    int kernel_h, kernel_w, stride, dilation;
    bool normalised; /* the input is, and is rectified unless it is a sum's */
    bool relu;       /* the input is rectified; peers are told */
} pnas_op_case;

enum { PNAS_OP_CASES_MAX = 128 };

/* The cases of children of `blocks` blocks and `filters` filters on images of `size` pixels; their number. */
int pnas_op_cases(int blocks, int filters, int size, pnas_op_case out[PNAS_OP_CASES_MAX]);

#endif
