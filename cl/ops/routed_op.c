#include "cl/ops/routed_op.h"

#include <stdio.h>

/* As pnas_op_tiled makes it. */
void pnas_route_shape_from_window(pnas_routed_op *op, int which)
{
    op->shape = (pnas_route_shape){.N = op->N,
                                   .C = op->C,
                                   .M = op->M,
                                   .H = op->H,
                                   .W = op->W,
                                   .kernel_h = op->window.kernel_h,
                                   .kernel_w = op->window.kernel_w,
                                   .stride = op->window.stride_w,
                                   .dilation = op->window.dilation};
}

void pnas_route_shape_from_output(pnas_routed_op *op, int which)
{
    op->shape = (pnas_route_shape){.N = op->N, .C = op->M, .H = op->OH, .W = op->OW};
}

void pnas_route_shape_from_input(pnas_routed_op *op, int which)
{
    op->shape = (pnas_route_shape){.N = op->N, .C = op->C, .H = op->H, .W = op->W};
}

pnas_window pnas_layer_window(const pnas_graph *graph, const pnas_layer *layer)
{
    pnas_window window = {layer->kernel_h, layer->kernel_w, layer->stride_h, layer->stride_w,
                          layer->dilation, layer->pad_top,  layer->pad_left, 0};
    if (pnas_layer_kind_traits(layer->kind)->form == PNAS_WEIGHT_SPLIT)
        window.reduction_split = graph->parameter[layer->weight].shape[3] / 2;
    return window;
}

void pnas_routed_op_describe(const pnas_routed_op *op, char *out, size_t size)
{
    const pnas_route_shape *s = &op->shape;
    if (op->op == PNAS_OP_GEMM) {
        snprintf(out, size, "%lldx%lld, depth %lld%s%s", (long long)s->H, (long long)s->W, (long long)s->C,
                 op->transpose_a ? ", A transposed" : "", op->transpose_b ? ", B transposed" : "");
        return;
    }
    int used = snprintf(out, size, "N %lld, %lldx%lldx%lld", (long long)s->N, (long long)s->C,
                        (long long)s->H, (long long)s->W);
    if (s->kernel_h && (size_t)used < size)
        used += snprintf(out + used, size - (size_t)used, " to %lld, %dx%d", (long long)s->M, s->kernel_h,
                         s->kernel_w);
    if (s->stride > 1 && (size_t)used < size)
        used += snprintf(out + used, size - (size_t)used, ", stride %d", s->stride);
    if (s->dilation > 1 && (size_t)used < size)
        snprintf(out + used, size - (size_t)used, ", dilation %d", s->dilation);
}
