#include "cl/ops/check/reference_norm_pool.h"

#include <math.h>
#include <string.h>

static int same(int size, int kernel, int stride, int dilation, int *pad)
{
    int out = (size + stride - 1) / stride, total = (out - 1) * stride + (kernel - 1) * dilation + 1 - size;
    *pad = total > 0 ? total / 2 : 0;
    return out;
}

void reference_window_same(reference_window *s)
{
    s->OH = same(s->H, s->window.kernel_h, s->window.stride_h, s->window.dilation, &s->window.pad_top);
    s->OW = same(s->W, s->window.kernel_w, s->window.stride_w, s->window.dilation, &s->window.pad_left);
}

typedef struct { /* one pair of an output value and an input value under its window */
    size_t out, in;
    int tap, c;
} pair;

static void each_pair(const reference_window *s, void (*visit)(const pair *p, void *payload), void *payload)
{
    const pnas_window *w = &s->window;
    for (int nc = 0; nc < s->N * s->C; ++nc)
        for (int o = 0; o < s->OH * s->OW; ++o)
            for (int tap = 0; tap < w->kernel_h * w->kernel_w; ++tap) {
                int y = o / s->OW * w->stride_h - w->pad_top + tap / w->kernel_w * w->dilation;
                int x = o % s->OW * w->stride_w - w->pad_left + tap % w->kernel_w * w->dilation;
                if (y < 0 || y >= s->H || x < 0 || x >= s->W)
                    continue;
                visit(&(pair){.out = (size_t)nc * s->OH * s->OW + o,
                              .in = ((size_t)nc * s->H + y) * s->W + x,
                              .tap = tap,
                              .c = nc % s->C},
                      payload);
            }
}

static size_t outputs(const reference_window *s)
{
    return (size_t)s->N * s->C * s->OH * s->OW;
}

static size_t inputs(const reference_window *s)
{
    return (size_t)s->N * s->C * s->H * s->W;
}

typedef struct {
    const double *x, *weight, *dy, *count;
    double *y, *dx, *dw;
    int *positions, C;
} arrays;

static void visit_depthwise_forward(const pair *p, void *payload)
{
    const arrays *a = payload;
    a->y[p->out] += a->x[p->in] * a->weight[p->tap * a->C + p->c];
}

void reference_depthwise_forward(const reference_window *s, const double *x, const double *weight, double *y)
{
    memset(y, 0, outputs(s) * sizeof *y);
    each_pair(s, visit_depthwise_forward, &(arrays){.x = x, .weight = weight, .y = y, .C = s->C});
}

static void visit_depthwise_backward(const pair *p, void *payload)
{
    const arrays *a = payload;
    a->dx[p->in] += a->dy[p->out] * a->weight[p->tap * a->C + p->c];
    a->dw[p->tap * a->C + p->c] += a->dy[p->out] * a->x[p->in];
}

void reference_depthwise_backward(const reference_window *s, const double *x, const double *weight,
                                  const double *dy, double *dx, double *dw)
{
    memset(dx, 0, inputs(s) * sizeof *dx);
    memset(dw, 0, (size_t)s->window.kernel_h * s->window.kernel_w * s->C * sizeof *dw);
    each_pair(s, visit_depthwise_backward,
              &(arrays){.x = x, .weight = weight, .dy = dy, .dx = dx, .dw = dw, .C = s->C});
}

static void visit_max_forward(const pair *p, void *payload)
{
    const arrays *a = payload;
    if (a->positions[p->out] >= 0 && a->x[p->in] <= a->y[p->out])
        return;
    a->y[p->out] = a->x[p->in];
    a->positions[p->out] = p->tap;
}

void reference_max_pool_forward(const reference_window *s, const double *x, double *y, int *positions)
{
    for (size_t i = 0; i < outputs(s); ++i)
        positions[i] = -1;
    each_pair(s, visit_max_forward, &(arrays){.x = x, .y = y, .positions = positions});
}

static void visit_max_backward(const pair *p, void *payload)
{
    const arrays *a = payload;
    if (a->positions[p->out] == p->tap)
        a->dx[p->in] += a->dy[p->out];
}

void reference_max_pool_backward(const reference_window *s, const int *positions, const double *dy,
                                 double *dx)
{
    memset(dx, 0, inputs(s) * sizeof *dx);
    each_pair(s, visit_max_backward, &(arrays){.dy = dy, .dx = dx, .positions = (int *)positions});
}

/* How many values of the image are under an output's window. */
static int covered(const reference_window *s, size_t out)
{
    const pnas_window *w = &s->window;
    int o = (int)(out % ((size_t)s->OH * s->OW)), rows = 0, columns = 0;
    for (int k = 0; k < w->kernel_h; ++k) {
        int y = o / s->OW * w->stride_h - w->pad_top + k * w->dilation;
        rows += y >= 0 && y < s->H;
    }
    for (int k = 0; k < w->kernel_w; ++k) {
        int x = o % s->OW * w->stride_w - w->pad_left + k * w->dilation;
        columns += x >= 0 && x < s->W;
    }
    return rows * columns;
}

typedef struct {
    const reference_window *shape;
    const double *from;
    double *to;
} average;

static void visit_average_forward(const pair *p, void *payload)
{
    const average *a = payload;
    a->to[p->out] += a->from[p->in] / covered(a->shape, p->out);
}

static void visit_average_backward(const pair *p, void *payload)
{
    const average *a = payload;
    a->to[p->in] += a->from[p->out] / covered(a->shape, p->out);
}

void reference_average_pool_forward(const reference_window *s, const double *x, double *y)
{
    memset(y, 0, outputs(s) * sizeof *y);
    each_pair(s, visit_average_forward, &(average){s, x, y});
}

void reference_average_pool_backward(const reference_window *s, const double *dy, double *dx)
{
    memset(dx, 0, inputs(s) * sizeof *dx);
    each_pair(s, visit_average_backward, &(average){s, dy, dx});
}

static double channel_sum(int N, int C, int pixels, int c, const double *a, double shift, const double *b)
{
    double sum = 0;
    for (int n = 0; n < N; ++n)
        for (int p = 0; p < pixels; ++p) {
            size_t i = ((size_t)n * C + c) * pixels + p;
            sum += (a[i] - shift) * (b ? b[i] : a[i] - shift);
        }
    return sum;
}

static double channel_mean(int N, int C, int pixels, int c, const double *a)
{
    double sum = 0;
    for (int n = 0; n < N; ++n)
        for (int p = 0; p < pixels; ++p)
            sum += a[((size_t)n * C + c) * pixels + p];
    return sum / ((double)N * pixels);
}

void reference_norm_forward(int N, int C, int pixels, const double *raw, const double *gamma,
                            const double *beta, double epsilon, double *mean, double *variance, double *y)
{
    for (int c = 0; c < C; ++c) {
        mean[c] = channel_mean(N, C, pixels, c, raw);
        variance[c] = channel_sum(N, C, pixels, c, raw, mean[c], NULL) / ((double)N * pixels);
        double inverse = 1 / sqrt(variance[c] + epsilon);
        for (int i = 0; y && i < N * pixels; ++i) {
            size_t at = ((size_t)(i / pixels) * C + c) * pixels + i % pixels;
            y[at] = gamma[c] * (raw[at] - mean[c]) * inverse + beta[c];
        }
    }
}

void reference_norm_backward(int N, int C, int pixels, const double *raw, const double *gamma, double epsilon,
                             const double *dy, double *draw, double *dgamma, double *dbeta)
{
    double count = (double)N * pixels;
    for (int c = 0; c < C; ++c) {
        double mean = channel_mean(N, C, pixels, c, raw);
        double inverse = 1 / sqrt(channel_sum(N, C, pixels, c, raw, mean, NULL) / count + epsilon);
        dgamma[c] = channel_sum(N, C, pixels, c, raw, mean, dy) * inverse;
        dbeta[c] = channel_mean(N, C, pixels, c, dy) * count;
        for (int i = 0; i < N * pixels; ++i) {
            size_t at = ((size_t)(i / pixels) * C + c) * pixels + i % pixels;
            double normal = (raw[at] - mean) * inverse;
            draw[at] = gamma[c] * inverse * (dy[at] - dbeta[c] / count - normal * dgamma[c] / count);
        }
    }
}
