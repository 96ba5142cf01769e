#include "cl/ops/convolution.h"

enum { CHUNKS_LEAST = 16, CHUNKS_MOST = 64, CHUNK_FLOATS = 1 << 20 };

int pnas_convolution_chunks(int N, size_t weights)
{
    size_t chunks = CHUNK_FLOATS / weights;
    chunks = chunks < CHUNKS_LEAST ? CHUNKS_LEAST : chunks > CHUNKS_MOST ? CHUNKS_MOST : chunks;
    return N < (int)chunks ? N : (int)chunks;
}

size_t pnas_convolution_weights(const pnas_window *window, int C, int M)
{
    return (size_t)window->kernel_h * window->kernel_w * C * M;
}

size_t pnas_convolution_scratch(int N, const pnas_window *window, int C, int M)
{
    size_t weights = pnas_convolution_weights(window, C, M);
    return weights * (1 + (size_t)pnas_convolution_chunks(N, weights));
}

double pnas_convolution_flops(int N, const pnas_window *window, const pnas_view *x, const pnas_view *y)
{
    double served = window->reduction_split ? 0.5 : 1; /* each tap of a reduction makes half of the outputs */
    return 2.0 * N * served * window->kernel_h * window->kernel_w * pnas_view_used(x) * pnas_view_used(y) *
           y->height * y->width;
}

pnas_slice pnas_convolution_partial(const pnas_convolution *conv, pnas_slice scratch)
{
    scratch.offset += pnas_convolution_weights(conv->window, conv->x->view.channels, conv->y->channels);
    return scratch;
}
