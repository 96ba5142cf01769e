#include "cl/train/child_routes.h"

#include <stdio.h>

typedef struct {
    const pnas_graph *graph;
    int vector;
    pnas_status (*visit)(void *payload, const pnas_routed_op *op);
    void *payload;
} walk;

pnas_window pnas_layer_window(const pnas_graph *graph, const pnas_layer *layer)
{
    pnas_window window = {layer->kernel_h, layer->kernel_w, layer->stride_h, layer->stride_w,
                          layer->dilation, layer->pad_top,  layer->pad_left, 0};
    if (layer->kind == PNAS_LAYER_REDUCTION) {
        window.kernel_h = 2;
        window.kernel_w = 1;
        window.dilation = 1;
        window.pad_top = window.pad_left = 0;
        window.reduction_split = graph->parameter[layer->weight].shape[3] / 2;
    }
    return window;
}

static int padded(const walk *w, int tensor, int segments)
{
    int channels = w->graph->tensor[tensor].segment_channels;
    return segments * ((channels + w->vector - 1) / w->vector * w->vector);
}

static pnas_status visit_as(const walk *w, pnas_routed_op op, pnas_op_kind kind)
{
    op.op = kind;
    return w->visit(w->payload, &op);
}

/* An op with a window, its shape as pnas_op_tiled makes it. */
static pnas_status visit_window(const walk *w, pnas_routed_op op, pnas_op_kind forward, pnas_op_kind backward)
{
    op.shape = (pnas_route_shape){.N = op.N,
                                  .C = op.C,
                                  .M = op.M,
                                  .H = op.H,
                                  .W = op.W,
                                  .kernel_h = op.window.kernel_h,
                                  .kernel_w = op.window.kernel_w,
                                  .stride = op.window.stride_w,
                                  .dilation = op.window.dilation};
    bool pointwise = forward == PNAS_OP_POINTWISE_FORWARD, moves = op.window.pad_top || op.window.pad_left;
    if (pointwise && op.window.stride_h == 1 && op.window.stride_w == 1 && !moves) {
        op.shape.W = (int64_t)op.H * op.W; /* such a layer does not see rows */
        op.shape.H = 1;
    }
    PNAS_TRY(visit_as(w, op, forward));
    return backward == forward ? PNAS_OK : visit_as(w, op, backward);
}

/* An op whose route depends on one tensor alone. */
static pnas_status visit_tensor(const walk *w, pnas_routed_op op, pnas_op_kind kind, int C, int H, int W)
{
    op.shape = (pnas_route_shape){.N = op.N, .C = C, .H = H, .W = W};
    return visit_as(w, op, kind);
}

static pnas_status visit_product(const walk *w, pnas_routed_op op, int m, int n, int k, bool a, bool b)
{
    op.shape = (pnas_route_shape){.N = 1, .C = k, .H = m, .W = n};
    op.transpose_a = a;
    op.transpose_b = b;
    return visit_as(w, op, PNAS_OP_GEMM);
}

static pnas_status visit_classifier(const walk *w, pnas_routed_op op)
{
    int classes = w->graph->options.classes;
    PNAS_TRY(visit_product(w, op, op.N, classes, op.C, false, false));
    PNAS_TRY(visit_product(w, op, op.C, classes, op.N, true, false));
    return visit_product(w, op, op.N, op.C, classes, false, true);
}

static pnas_status visit_layer(const walk *w, pnas_routed_op op)
{
    switch (op.layer->kind) {
    case PNAS_LAYER_CONVOLUTION:
    case PNAS_LAYER_REDUCTION:
        return visit_window(w, op, PNAS_OP_CONVOLUTION_FORWARD, PNAS_OP_CONVOLUTION_BACKWARD);
    case PNAS_LAYER_POINTWISE:
        return visit_window(w, op, PNAS_OP_POINTWISE_FORWARD, PNAS_OP_POINTWISE_BACKWARD);
    case PNAS_LAYER_DEPTHWISE:
        return visit_window(w, op, PNAS_OP_DEPTHWISE_FORWARD, PNAS_OP_DEPTHWISE_BACKWARD);
    case PNAS_LAYER_MAX_POOL:
        return visit_window(w, op, PNAS_OP_MAX_POOL, PNAS_OP_MAX_POOL);
    case PNAS_LAYER_AVERAGE_POOL:
        return visit_window(w, op, PNAS_OP_AVERAGE_POOL, PNAS_OP_AVERAGE_POOL);
    case PNAS_LAYER_ADD:
    case PNAS_LAYER_COPY:
        return visit_tensor(w, op, PNAS_OP_ADD, op.M, op.OH, op.OW);
    case PNAS_LAYER_GLOBAL_POOL:
        return visit_tensor(w, op, PNAS_OP_HEAD, op.C, op.H, op.W);
    case PNAS_LAYER_CLASSIFIER:
        return visit_classifier(w, op);
    }
    return PNAS_OK;
}

pnas_status pnas_child_routes(const pnas_graph *graph, int batch, int vector,
                              pnas_status (*visit)(void *payload, const pnas_routed_op *op), void *payload)
{
    const walk w = {graph, vector, visit, payload};
    for (int i = 0; i < graph->layer_count; ++i) {
        const pnas_layer *layer = &graph->layer[i];
        const pnas_tensor *in = &graph->tensor[layer->in[0].tensor], *out = &graph->tensor[layer->out];
        pnas_routed_op op = {.layer = layer,
                             .window = pnas_layer_window(graph, layer),
                             .N = batch,
                             .C = padded(&w, layer->in[0].tensor, layer->in[0].segments),
                             .H = in->height,
                             .W = in->width,
                             .M = padded(&w, layer->out, layer->out_segments),
                             .OH = out->height,
                             .OW = out->width};
        PNAS_TRY(visit_layer(&w, op));
        if (layer->norm >= 0)
            PNAS_TRY(visit_tensor(&w, op, PNAS_OP_NORM, op.M, op.OH, op.OW));
    }
    return PNAS_OK;
}
