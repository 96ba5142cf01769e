#include "cl/ops/check/convolution_case.h"

#include "cl/ops/check/op_check.h"

#include <math.h>
#include <string.h>

typedef struct { /* an instance on the device and its sizes */
    const convolution_case *test;
    op_operand x;
    op_upstream dy;
    double *weight, *before;
    pnas_view y;
    pnas_slice weight_on_device, statistics, weight_gradient;
    pnas_downstream dx;
    size_t y_count, x_count, weight_count;
    int C, M, taps; /* padded channels */
    int tiles;      /* of an image's statistics */
} instance;

void convolution_case_same(reference_convolution *shape)
{
    pnas_window *w = &shape->window;
    shape->OH = (shape->H + w->stride_h - 1) / w->stride_h;
    shape->OW = (shape->W + w->stride_w - 1) / w->stride_w;
    int high = (shape->OH - 1) * w->stride_h + (w->kernel_h - 1) * w->dilation + 1 - shape->H;
    int wide = (shape->OW - 1) * w->stride_w + (w->kernel_w - 1) * w->dilation + 1 - shape->W;
    w->pad_top = high > 0 ? high / 2 : 0;
    w->pad_left = wide > 0 ? wide / 2 : 0;
}

convolution_case convolution_case_random(op_harness *h, reference_convolution shape, bool pointwise)
{
    return (convolution_case){.shape = shape,
                              .pointwise = pointwise,
                              .x_normalise = op_harness_between(h, 0, 1),
                              .x_relu = op_harness_between(h, 0, 1),
                              .y_normalise = op_harness_between(h, 0, 1),
                              .accumulate = op_harness_between(h, 0, 1),
                              .no_input_gradient = op_harness_between(h, 0, 5) == 0,
                              .no_statistics = op_harness_between(h, 0, 3) == 0};
}

static instance make(op_harness *h, const convolution_case *test)
{
    const reference_convolution *s = &test->shape;
    instance i = {.test = test,
                  .C = op_harness_padded(h, s->C),
                  .M = op_harness_padded(h, s->M),
                  .taps = s->window.kernel_h * s->window.kernel_w};
    i.y_count = (size_t)s->N * s->M * s->OH * s->OW;
    i.x_count = (size_t)s->N * s->C * s->H * s->W;
    i.weight_count = (size_t)i.taps * s->C * s->M;
    i.weight = op_harness_random(h, i.weight_count);
    i.before = op_harness_random(h, i.x_count);
    i.x = op_harness_operand(h, s->N, s->C, s->H, s->W, test->x_normalise, test->x_relu);
    i.dy = op_harness_upstream(h, s->N, s->M, s->OH, s->OW, test->y_normalise);
    size_t padded = (size_t)i.taps * i.C * i.M;
    i.weight_on_device =
        op_harness_slice(h, padded, op_harness_pad(h, i.taps, s->C, i.C, s->M, i.M, i.weight));
    i.y = op_harness_stored_output(h, s->N, s->M, s->OH, s->OW, NULL);
    int tile = (test->pointwise ? pnas_op_pointwise_statistics_tile : pnas_op_convolution_statistics_tile)(
        h->cl, s->N, &i.x.operand.view, &s->window, &i.y);
    i.tiles = pnas_statistics_tiles(s->OH * s->OW, tile);
    if (!test->no_statistics)
        i.statistics = op_harness_output_slice(h, (size_t)s->N * i.tiles * 2 * i.M, NULL);
    i.weight_gradient = op_harness_output_slice(h, padded, NULL);
    if (!test->no_input_gradient)
        i.dx = (pnas_downstream){
            .into = op_harness_output(h, s->N, s->C, s->H, s->W, test->accumulate ? i.before : NULL),
            .accumulate = test->accumulate};
    return i;
}

static void run(op_harness *h, instance *i)
{
    const reference_convolution *s = &i->test->shape;
    bool pointwise = i->test->pointwise;
    pnas_slice scratch =
        op_harness_output_slice(h,
                                (pointwise ? pnas_op_pointwise_scratch : pnas_op_convolution_scratch)(
                                    h->cl, s->N, &i->x.operand.view, &s->window, &i->y),
                                NULL);
    pnas_status status = (pointwise ? pnas_op_pointwise_forward : pnas_op_convolution_forward)(
        h->cl, &h->list, s->N, &i->x.operand, i->weight_on_device, &s->window, &i->y, i->statistics);
    op_harness_ok(h, status);
    status = (pointwise ? pnas_op_pointwise_backward : pnas_op_convolution_backward)(
        h->cl, &h->list, s->N, &i->x.operand, i->weight_on_device, &s->window, &i->dy.upstream, &i->dx,
        i->weight_gradient, scratch);
    op_harness_ok(h, status);
    op_harness_run(h);
}

static double *absolute(op_harness *h, const double *values, size_t count)
{
    double *out = op_harness_zeros(h, count);
    for (size_t i = 0; i < count; ++i)
        out[i] = fabs(values[i]);
    return out;
}

/* [N][2][M] of an image, without padding. */
static double *read_statistics(op_harness *h, const instance *i)
{
    const reference_convolution *s = &i->test->shape;
    size_t rows = (size_t)s->N * i->tiles * 2, row = 2 * (size_t)s->M;
    double *tiles = op_harness_unpad(h, (int)rows, 1, 1, s->M, i->M,
                                     op_harness_read_slice(h, i->statistics, rows * i->M));
    double *sums = op_harness_zeros(h, (size_t)s->N * row);
    for (size_t v = 0; v < rows * s->M; ++v)
        sums[v / row / i->tiles * row + v % row] += tiles[v];
    return sums;
}

static void check_forward(op_harness *h, const instance *i)
{
    const reference_convolution *s = &i->test->shape;
    double *expected = op_harness_zeros(h, i->y_count), *magnitude = op_harness_zeros(h, i->y_count);
    reference_convolution_forward(s, i->x.value, i->weight, expected);
    reference_convolution_forward(s, i->x.magnitude, absolute(h, i->weight, i->weight_count), magnitude);
    double *written = op_harness_read(h, &i->y, s->N, s->M);
    op_harness_compare_stored(h, "y", written, expected, magnitude, i->y_count, CONVOLUTION_TOLERANCE);
    if (i->test->no_statistics)
        return;
    if (h->half) { /* what was written, not what it was rounded from */
        expected = written;
        magnitude = absolute(h, written, i->y_count);
    }
    size_t count = (size_t)s->N * 2 * s->M;
    double *statistics = op_harness_zeros(h, count), *sums = op_harness_zeros(h, count);
    reference_statistics(s->N, s->M, s->OH * s->OW, expected, statistics);
    reference_statistics(s->N, s->M, s->OH * s->OW, magnitude, sums);
    op_harness_compare(h, "statistics", read_statistics(h, i), statistics, sums, count,
                       CONVOLUTION_TOLERANCE);
}

/* dx is masked by the rectifier and added to what was there. */
static double *finish_input_gradient(op_harness *h, const instance *i, double *dx, const double *before)
{
    for (size_t p = 0; p < i->x_count; ++p)
        dx[p] = dx[p] * i->x.mask[p] + (i->test->accumulate ? before[p] : 0);
    return dx;
}

static void check_backward(op_harness *h, const instance *i)
{
    const reference_convolution *s = &i->test->shape;
    double *dx = op_harness_zeros(h, i->x_count), *dx_magnitude = op_harness_zeros(h, i->x_count);
    double *dw = op_harness_zeros(h, i->weight_count), *dw_magnitude = op_harness_zeros(h, i->weight_count);
    reference_convolution_backward(s, i->x.value, i->weight, i->dy.value, dx, dw);
    reference_convolution_backward(s, i->x.magnitude, absolute(h, i->weight, i->weight_count),
                                   i->dy.magnitude, dx_magnitude, dw_magnitude);
    double *got = op_harness_read_slice(h, i->weight_gradient, (size_t)i->taps * i->C * i->M);
    op_harness_compare(h, "weight gradient", op_harness_unpad(h, i->taps, s->C, i->C, s->M, i->M, got), dw,
                       dw_magnitude, i->weight_count, CONVOLUTION_TOLERANCE);
    if (i->test->no_input_gradient)
        return;
    finish_input_gradient(h, i, dx, i->before);
    finish_input_gradient(h, i, dx_magnitude, absolute(h, i->before, i->x_count));
    op_harness_compare(h, "input gradient", op_harness_read(h, &i->dx.into, s->N, s->C), dx, dx_magnitude,
                       i->x_count, CONVOLUTION_TOLERANCE);
}

void convolution_case_check(op_harness *h, const convolution_case *test)
{
    instance i = make(h, test);
    run(h, &i);
    check_forward(h, &i);
    check_backward(h, &i);
}

convolution_results convolution_case_run(op_harness *h, const convolution_case *test)
{
    const reference_convolution *s = &test->shape;
    instance i = make(h, test);
    run(h, &i);
    convolution_results r = {.y_count = i.y_count,
                             .statistics_count = (size_t)s->N * i.tiles * 2 * i.M,
                             .dx_count = i.x_count,
                             .dw_count = (size_t)i.taps * i.C * i.M};
    r.y = op_harness_read(h, &i.y, s->N, s->M);
    r.statistics = op_harness_read_slice(h, i.statistics, r.statistics_count);
    r.dx = op_harness_read(h, &i.dx.into, s->N, s->C);
    r.dw = op_harness_read_slice(h, i.weight_gradient, r.dw_count);
    return r;
}

/* --- the self-test --- */

static reference_convolution random_shape(op_harness *h, pnas_window window)
{
    reference_convolution shape = {.N = op_harness_up_to(h, 3),
                                   .C = op_harness_up_to(h, 20),
                                   .M = op_harness_up_to(h, 20),
                                   .H = op_harness_up_to(h, 13),
                                   .W = op_harness_up_to(h, 13),
                                   .window = window};
    convolution_case_same(&shape);
    return shape;
}

/* kernel height and width, dilation, stride; the first are the paper's. */
static const int dense_windows[][4] = {{3, 3, 1, 1}, {1, 7, 1, 1}, {7, 1, 1, 1},
                                       {3, 3, 2, 1}, {1, 3, 1, 2}, {3, 1, 1, 2}};

static pnas_window window_of(const int w[4])
{
    return (pnas_window){
        .kernel_h = w[0], .kernel_w = w[1], .dilation = w[2], .stride_h = w[3], .stride_w = w[3]};
}

static void try_convolution(op_harness *h, int round)
{
    const int *w = dense_windows[round % (int)(sizeof dense_windows / sizeof *dense_windows)];
    convolution_case test = convolution_case_random(h, random_shape(h, window_of(w)), false);
    convolution_case_check(h, &test);
}

static void try_reduction(op_harness *h, int round)
{
    reference_convolution shape = random_shape(h, window_of((const int[]){2, 1, 1, 2}));
    shape.M *= 2;
    shape.window.pad_top = shape.window.pad_left = 0;
    shape.window.reduction_split = shape.M / 2;
    convolution_case test = convolution_case_random(h, shape, false);
    convolution_case_check(h, &test);
}

static void try_pointwise(op_harness *h, int round)
{
    pnas_window window = window_of((const int[]){1, 1, 1, 1 + round % 2});
    convolution_case test = convolution_case_random(h, random_shape(h, window), true);
    convolution_case_check(h, &test);
}

OP_CHECK(PNAS_LAYER_POINTWISE) = {"pointwise convolution", PNAS_OP_POINTWISE_BACKWARD, try_pointwise, 6};
OP_CHECK(PNAS_LAYER_CONVOLUTION) = {"dense convolution", PNAS_OP_CONVOLUTION_BACKWARD, try_convolution, 6};
OP_CHECK(PNAS_LAYER_REDUCTION) = {"factorized reduction", PNAS_OP_CONVOLUTION_BACKWARD, try_reduction, 3};
