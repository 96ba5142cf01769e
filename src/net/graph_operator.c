#include "src/net/graph_operator.h"

#include <assert.h>
#include <stdio.h>

int pnas_operator_layers_max(const pnas_operator *op)
{
    return 2 * op->repeat + 2;
}

/* ReLU, filter, BN: what every convolution but the stem is. */
static pnas_value add_rectified(pnas_graph *graph, const char *path, const char *part, pnas_value in,
                                const pnas_filter *filter)
{
    char place[PNAS_LAYER_PATH_MAX];
    snprintf(place, sizeof place, "%s%s", path, part);
    return pnas_graph_add_filter(graph, place, pnas_value_rectified(in), filter);
}

static pnas_value add_pointwise(pnas_graph *graph, const char *path, const char *part, pnas_value in,
                                int filters, int stride)
{
    pnas_filter pointwise = pnas_filter_square(PNAS_LAYER_POINTWISE, filters, 1, stride, 1);
    return add_rectified(graph, path, part, in, &pointwise);
}

static pnas_value add_identity(pnas_graph *graph, const char *path, const pnas_operator *op, pnas_value in,
                               int filters, int stride)
{
    if (stride == 1 && pnas_value_channels(graph, in) == filters)
        return in;
    return add_pointwise(graph, path, "", in, filters, stride);
}

static pnas_value add_separable(pnas_graph *graph, const char *path, const pnas_operator *op, pnas_value in,
                                int filters, int stride)
{
    pnas_filter pointwise = pnas_filter_square(PNAS_LAYER_POINTWISE, filters, 1, 1, 1);
    for (int r = 0; r < op->repeat; r++) {
        pnas_filter depthwise =
            pnas_filter_square(PNAS_LAYER_DEPTHWISE, 0, op->kernel, r == 0 ? stride : 1, op->dilation);
        char place[PNAS_LAYER_PATH_MAX];
        snprintf(place, sizeof place, "%s/%d", path, r);
        in = add_rectified(graph, place, "", in, &depthwise);
        in = pnas_graph_add_filter(graph, place, in, &pointwise);
    }
    return in;
}

/* The k x k convolution, or 1 x k and k x 1 which each stride along the axis they convolve. */
static pnas_value add_kernels(pnas_graph *graph, const char *path, const pnas_operator *op, pnas_value in,
                              int filters, int stride)
{
    pnas_filter square =
        pnas_filter_square(PNAS_LAYER_CONVOLUTION, filters, op->kernel, stride, op->dilation);
    if (op->kind == PNAS_CONVOLUTION)
        return add_rectified(graph, path, "", in, &square);
    pnas_filter row = square, column = square;
    row.kernel_h = row.stride_h = 1;
    column.kernel_w = column.stride_w = 1;
    in = add_rectified(graph, path, "/0", in, &row);
    return add_rectified(graph, path, "/1", in, &column);
}

static pnas_value add_convolution(pnas_graph *graph, const char *path, const pnas_operator *op, pnas_value in,
                                  int filters, int stride)
{
    if (op->bottleneck == 1)
        return add_kernels(graph, path, op, in, filters, stride);
    int inside = filters / op->bottleneck > 1 ? filters / op->bottleneck : 1;
    in = add_pointwise(graph, path, "/squeeze", in, inside, 1);
    in = add_kernels(graph, path, op, in, inside, stride);
    return add_pointwise(graph, path, "/expand", in, filters, 1);
}

/* A layer of `kind` over the operator's window, and a pointwise convolution where the channels do not fit. */
static pnas_value add_window(pnas_graph *graph, const char *path, const pnas_operator *op, pnas_value in,
                             int filters, int stride, pnas_layer_kind kind)
{
    pnas_filter window = pnas_filter_square(kind, 0, op->kernel, stride, op->dilation);
    pnas_value out = pnas_graph_add_filter(graph, path, in, &window);
    if (pnas_value_channels(graph, out) == filters)
        return out;
    pnas_filter match = pnas_filter_square(PNAS_LAYER_POINTWISE, filters, 1, 1, 1);
    return pnas_graph_add_filter(graph, path, out, &match);
}

/* No default: the compiler names a kind that has no layers here. */
static pnas_value add_kind(pnas_graph *graph, const char *path, const pnas_operator *op, pnas_value in,
                           int filters, int stride)
{
    switch (op->kind) {
    case PNAS_IDENTITY:
        return add_identity(graph, path, op, in, filters, stride);
    case PNAS_SEPARABLE:
        return add_separable(graph, path, op, in, filters, stride);
    case PNAS_CONVOLUTION:
    case PNAS_FACTORIZED:
        return add_convolution(graph, path, op, in, filters, stride);
    case PNAS_AVERAGE_POOL:
        return add_window(graph, path, op, in, filters, stride, PNAS_LAYER_AVERAGE_POOL);
    case PNAS_MAX_POOL:
        return add_window(graph, path, op, in, filters, stride, PNAS_LAYER_MAX_POOL);
    }
    assert(false);
    return in;
}

pnas_value pnas_graph_add_operator(pnas_graph *graph, const char *path, const pnas_operator *op,
                                   pnas_value in, int filters, int stride)
{
    int before = graph->layer_count;
    pnas_value out = add_kind(graph, path, op, in, filters, stride);
    assert(graph->layer_count - before <= pnas_operator_layers_max(op));
    (void)before;
    return out;
}
