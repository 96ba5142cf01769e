#include "src/net/graph_auxiliary.h"

#include "src/net/graph_builder.h"

enum { POOL = 5, POOL_STRIDE = 3, PROJECTED = 128, EXPANDED = 768 };

static int pool_side(int side)
{
    return side < POOL ? side : POOL;
}

void pnas_graph_add_auxiliary(pnas_graph *graph, pnas_value in)
{
    pnas_value value = pnas_graph_add_regrouped(graph, "auxiliary", in);
    const pnas_tensor *map = &graph->tensor[value.tensor];
    pnas_filter pool = pnas_filter_square(PNAS_LAYER_AVERAGE_POOL, 0, POOL, POOL_STRIDE, 1);
    pool.kernel_h = pool_side(map->height);
    pool.kernel_w = pool_side(map->width);
    pool.valid = true;
    value = pnas_graph_add_filter(graph, "auxiliary", pnas_value_rectified(value), &pool);
    pnas_filter project = pnas_filter_square(PNAS_LAYER_POINTWISE, PROJECTED, 1, 1, 1);
    value = pnas_graph_add_filter(graph, "auxiliary/project", value, &project);
    map = &graph->tensor[value.tensor];
    pnas_filter expand = pnas_filter_square(PNAS_LAYER_CONVOLUTION, EXPANDED, 1, 1, 1);
    expand.kernel_h = map->height;
    expand.kernel_w = map->width;
    expand.valid = true;
    value = pnas_graph_add_filter(graph, "auxiliary/expand", pnas_value_rectified(value), &expand);
    value = pnas_graph_add_head(graph, "auxiliary/head", pnas_value_rectified(value), graph->options.classes);
    graph->auxiliary_logits = value.tensor;
}
