#include "cl/ops/check/depthwise_case.h"

#include "cl/ops/check/op_check.h"

#include <math.h>

#define TOLERANCE 2e-6

static double *absolute(op_harness *h, const double *values, size_t count)
{
    double *result = op_harness_zeros(h, count);
    for (size_t i = 0; i < count; ++i)
        result[i] = fabs(values[i]);
    return result;
}

depthwise_setting depthwise_case_set_up(op_harness *h, const depthwise_case *test)
{
    const reference_window *s = &test->shape;
    depthwise_setting at = {
        .x = op_harness_operand(h, s->N, s->C, s->H, s->W, test->x_normalise, test->x_relu),
        .padded = op_harness_padded(h, s->C),
        .taps = s->window.kernel_h * s->window.kernel_w};
    at.inputs = (size_t)s->N * s->C * s->H * s->W;
    at.outputs = (size_t)s->N * s->C * s->OH * s->OW;
    at.weights = (size_t)at.taps * s->C;
    at.weight = op_harness_random(h, at.weights);
    at.weight_magnitude = absolute(h, at.weight, at.weights);
    at.weight_slice = op_harness_slice(h, (size_t)at.taps * at.padded,
                                       op_harness_pad(h, 1, at.taps, at.taps, s->C, at.padded, at.weight));
    return at;
}

static void check_forward(op_harness *h, const depthwise_case *test, const depthwise_setting *at)
{
    const reference_window *s = &test->shape;
    pnas_view y = op_harness_stored_output(h, s->N, s->C, s->OH, s->OW, NULL);
    op_harness_ok(h, pnas_op_depthwise_forward(h->cl, &h->list, s->N, &at->x.operand, at->weight_slice,
                                               &s->window, &y));
    op_harness_run(h);
    double *expected = op_harness_zeros(h, at->outputs), *magnitude = op_harness_zeros(h, at->outputs);
    reference_depthwise_forward(s, at->x.value, at->weight, expected);
    reference_depthwise_forward(s, at->x.magnitude, at->weight_magnitude, magnitude);
    op_harness_compare_stored(h, "output", op_harness_read(h, &y, s->N, s->C), expected, magnitude,
                              at->outputs, TOLERANCE);
}

static void check_backward(op_harness *h, const depthwise_case *test, const depthwise_setting *at)
{
    const reference_window *s = &test->shape;
    op_upstream y = op_harness_upstream(h, s->N, s->C, s->OH, s->OW, test->y_normalise);
    double *before = test->accumulate ? op_harness_random(h, at->inputs) : op_harness_zeros(h, at->inputs);
    pnas_downstream dx = {.accumulate = test->accumulate};
    if (!test->no_input_gradient)
        dx.into = op_harness_output(h, s->N, s->C, s->H, s->W, test->accumulate ? before : NULL);
    pnas_slice dw = op_harness_output_slice(h, (size_t)at->taps * at->padded, NULL);
    pnas_slice scratch = op_harness_output_slice(
        h, pnas_op_depthwise_scratch(h->cl, s->N, &at->x.operand.view, &s->window, &y.upstream.gradient),
        NULL);
    op_harness_ok(h, pnas_op_depthwise_backward(h->cl, &h->list, s->N, &at->x.operand, at->weight_slice,
                                                &s->window, &y.upstream, &dx, dw, scratch));
    op_harness_run(h);
    double *expected_x = op_harness_zeros(h, at->inputs), *magnitude_x = op_harness_zeros(h, at->inputs);
    double *expected_w = op_harness_zeros(h, at->weights), *magnitude_w = op_harness_zeros(h, at->weights);
    reference_depthwise_backward(s, at->x.value, at->weight, y.value, expected_x, expected_w);
    reference_depthwise_backward(s, at->x.magnitude, at->weight_magnitude, y.magnitude, magnitude_x,
                                 magnitude_w);
    for (size_t i = 0; i < at->inputs; ++i) {
        expected_x[i] = expected_x[i] * at->x.mask[i] + before[i];
        magnitude_x[i] = magnitude_x[i] * at->x.mask[i] + fabs(before[i]);
    }
    if (!test->no_input_gradient)
        op_harness_compare(h, "input gradient", op_harness_read(h, &dx.into, s->N, s->C), expected_x,
                           magnitude_x, at->inputs, TOLERANCE);
    double *got_w = op_harness_unpad(h, 1, at->taps, at->taps, s->C, at->padded,
                                     op_harness_read_slice(h, dw, (size_t)at->taps * at->padded));
    op_harness_compare(h, "weight gradient", got_w, expected_w, magnitude_w, at->weights, TOLERANCE);
}

void depthwise_case_check(op_harness *h, const depthwise_case *test)
{
    depthwise_setting at = depthwise_case_set_up(h, test);
    check_forward(h, test, &at);
    check_backward(h, test, &at);
}

depthwise_case depthwise_case_random(op_harness *h, int kernel_h, int kernel_w, int dilation, int stride)
{
    int largest = h->small ? 6 : 21;
    depthwise_case test = {.shape = {.N = op_harness_between(h, 1, h->small ? 2 : 6),
                                     .C = op_harness_between(h, 1, h->small ? 9 : 20),
                                     .H = op_harness_between(h, 1, largest),
                                     .W = op_harness_between(h, 1, largest)},
                           .x_normalise = op_harness_between(h, 0, 1),
                           .x_relu = op_harness_between(h, 0, 1),
                           .y_normalise = op_harness_between(h, 0, 1),
                           .accumulate = op_harness_between(h, 0, 1),
                           .no_input_gradient = op_harness_between(h, 0, 7) == 0};
    test.shape.window = (pnas_window){.kernel_h = kernel_h,
                                      .kernel_w = kernel_w,
                                      .stride_h = stride,
                                      .stride_w = stride,
                                      .dilation = dilation};
    reference_window_same(&test.shape);
    return test;
}

/* --- the self-test --- */

static void try_depthwise(op_harness *h, int round)
{
    static const int windows[][3] = {{3, 1, 1}, {5, 1, 2}, {7, 1, 1}, {3, 2, 2}, {5, 1, 1}, {7, 1, 2}};
    const int *w = windows[round % (int)(sizeof windows / sizeof *windows)];
    depthwise_case test = depthwise_case_random(h, w[0], w[0], w[1], w[2]);
    depthwise_case_check(h, &test);
}

OP_CHECK(PNAS_LAYER_DEPTHWISE) = {"depthwise convolution", PNAS_OP_DEPTHWISE_BACKWARD, try_depthwise, 6};
