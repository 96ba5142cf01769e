#include "cl/train/child_routes.h"

#include "cl/ops/layer_op.h"

static int padded(const pnas_graph *graph, int tensor, int segments, int vector)
{
    int channels = graph->tensor[tensor].segment_channels;
    return segments * ((channels + vector - 1) / vector * vector);
}

static pnas_routed_op op_of(const pnas_graph *graph, const pnas_layer *layer, int batch, int vector)
{
    const pnas_tensor *in = &graph->tensor[layer->in[0].tensor], *out = &graph->tensor[layer->out];
    return (pnas_routed_op){.layer = layer,
                            .window = pnas_layer_window(graph, layer),
                            .N = batch,
                            .C = padded(graph, layer->in[0].tensor, layer->in[0].segments, vector),
                            .H = in->height,
                            .W = in->width,
                            .M = padded(graph, layer->out, layer->out_segments, vector),
                            .OH = out->height,
                            .OW = out->width,
                            .outputs = layer->out_segments * out->segment_channels};
}

pnas_status pnas_child_routes(const pnas_graph *graph, int batch, int vector,
                              pnas_status (*visit)(void *payload, const pnas_routed_op *op), void *payload)
{
    for (int i = 0; i < graph->layer_count; ++i) {
        const pnas_layer *layer = &graph->layer[i];
        const pnas_layer_op *row = pnas_layer_op_of(layer->kind);
        for (int which = 0; which < row->routes; ++which) {
            pnas_routed_op op = op_of(graph, layer, batch, vector);
            op.op = row->route[which];
            op.forward = which == 0;
            op.backward = which > 0 || row->routes == 1;
            row->route_shape(&op, which);
            PNAS_TRY(visit(payload, &op));
        }
        if (layer->norm < 0)
            continue;
        pnas_routed_op norm = op_of(graph, layer, batch, vector);
        norm.op = PNAS_OP_NORM;
        pnas_route_shape_from_output(&norm, 0);
        PNAS_TRY(visit(payload, &norm));
    }
    return PNAS_OK;
}
