#include "cl/ops/check/reference_ops.h"

#include <string.h>

static size_t at(int channels, int H, int W, int n, int c, int h, int w)
{
    return (((size_t)n * channels + c) * H + h) * W + w;
}

typedef void (*product)(void *payload, size_t x, size_t weight, size_t y);

/* Visits every product that a convolution is the sum of. */
static void each_product(const reference_convolution *conv, product visit, void *payload)
{
    const pnas_window *v = &conv->window;
    int taps = v->kernel_h * v->kernel_w, split = v->reduction_split;
    for (int n = 0; n < conv->N; ++n)
        for (int m = 0; m < conv->M; ++m)
            for (int oh = 0; oh < conv->OH; ++oh)
                for (int ow = 0; ow < conv->OW; ++ow)
                    for (int tap = 0; tap < taps; ++tap) {
                        int ky = tap / v->kernel_w, kx = split ? ky : tap % v->kernel_w;
                        int h = oh * v->stride_h - v->pad_top + ky * v->dilation;
                        int w = ow * v->stride_w - v->pad_left + kx * v->dilation;
                        bool counts = split == 0 || (m < split) == (tap == 0);
                        if (!counts || h < 0 || h >= conv->H || w < 0 || w >= conv->W)
                            continue;
                        for (int c = 0; c < conv->C; ++c)
                            visit(payload, at(conv->C, conv->H, conv->W, n, c, h, w),
                                  ((size_t)tap * conv->C + c) * conv->M + m,
                                  at(conv->M, conv->OH, conv->OW, n, m, oh, ow));
                    }
}

typedef struct {
    const double *x, *weight, *dy;
    double *y, *dx, *dw;
} arrays;

static void forward(void *payload, size_t x, size_t weight, size_t y)
{
    const arrays *a = payload;
    a->y[y] += a->x[x] * a->weight[weight];
}

static void backward(void *payload, size_t x, size_t weight, size_t y)
{
    const arrays *a = payload;
    a->dx[x] += a->dy[y] * a->weight[weight];
    a->dw[weight] += a->dy[y] * a->x[x];
}

void reference_convolution_forward(const reference_convolution *conv, const double *x, const double *weight,
                                   double *y)
{
    arrays a = {.x = x, .weight = weight, .y = y};
    memset(y, 0, sizeof *y * conv->N * conv->M * conv->OH * conv->OW);
    each_product(conv, forward, &a);
}

void reference_convolution_backward(const reference_convolution *conv, const double *x, const double *weight,
                                    const double *dy, double *dx, double *dw)
{
    arrays a = {.x = x, .weight = weight, .dy = dy, .dx = dx, .dw = dw};
    memset(dx, 0, sizeof *dx * conv->N * conv->C * conv->H * conv->W);
    memset(dw, 0, sizeof *dw * conv->window.kernel_h * conv->window.kernel_w * conv->C * conv->M);
    each_product(conv, backward, &a);
}

void reference_statistics(int N, int M, int pixels, const double *y, double *statistics)
{
    for (int n = 0; n < N; ++n)
        for (int m = 0; m < M; ++m) {
            double *sum = &statistics[(size_t)n * 2 * M + m], *squares = sum + M;
            const double *image = &y[((size_t)n * M + m) * pixels];
            *sum = *squares = 0;
            for (int p = 0; p < pixels; ++p) {
                *sum += image[p];
                *squares += image[p] * image[p];
            }
        }
}
