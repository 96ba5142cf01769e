/* Private to cl: sizes that the routes of dense and pointwise convolutions share. Local.
 *
 * A factorized reduction is served as two windows of one tap, each for its own range of outputs; every other
 * convolution is one range of all of them. Backward, the tile route takes both taps in one launch. */
#ifndef PNAS_CL_CONVOLUTION_H
#define PNAS_CL_CONVOLUTION_H

#include "cl/ops/op_arguments.h"

typedef struct {
    int N;
    const pnas_operand *x;
    pnas_slice weight; /* [taps][C][M] */
    const pnas_window *window;
    const pnas_view *y; /* shape and, forward, what to write; a borrowed view */
    pnas_route route;   /* that serves it; the op finds it */
} pnas_convolution;

typedef struct {
    pnas_window window;
    int tap;         /* its first tap in the weights */
    int first, last; /* outputs first <= m < last */
} pnas_tap_range;

/* Images are summed in so many chunks, fixed by shapes alone: enough to keep cores busy, few enough that the
 * partial sums stay small. */
int pnas_convolution_chunks(int N, size_t weights);

/* taps * C * M */
size_t pnas_convolution_weights(const pnas_window *window, int C, int M);
size_t pnas_convolution_scratch(int N, const pnas_window *window, int C, int M);
double pnas_convolution_flops(int N, const pnas_window *window, const pnas_view *x, const pnas_view *y);

/* scratch starts with the transposed weights [taps][M][C]; then partial sums [chunks][taps][C][M]. */
pnas_slice pnas_convolution_partial(const pnas_convolution *conv, pnas_slice scratch);

#endif
