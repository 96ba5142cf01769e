#include "tests/net/net_helpers.h"

#include "src/net/graph_create.h"
#include "src/search/cell_text.h"

#include <criterion/criterion.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

pnas_network_options net_options(int filters, int repeats, pnas_concatenation concatenation)
{
    return (pnas_network_options){.filters = filters,
                                  .repeats = repeats,
                                  .stem_multiplier = 3,
                                  .concatenation = concatenation,
                                  .height = 32,
                                  .width = 32,
                                  .channels = 3,
                                  .classes = 10};
}

void net_operators(pnas_operator_set *out)
{
    pnas_operator_set_paper(out);
    cr_assert_eq(pnas_operator_set_add_named(out, "conv3"), PNAS_OK, "%s", pnas_message());
}

pnas_graph *net_graph(const char *text, const pnas_network_options *options)
{
    pnas_operator_set operators;
    pnas_cell cell;
    pnas_graph *graph = NULL;
    net_operators(&operators);
    cr_assert_eq(pnas_cell_parse(text, &operators, &cell), PNAS_OK, "%s: %s", text, pnas_message());
    cr_assert_eq(pnas_graph_create(&cell, &operators, options, &graph), PNAS_OK, "%s: %s", text,
                 pnas_message());
    return graph;
}

const pnas_layer *net_layer(const pnas_graph *graph, const char *path)
{
    for (int l = 0; l < graph->layer_count; l++)
        if (strcmp(graph->layer[l].path, path) == 0)
            return &graph->layer[l];
    return NULL;
}

const pnas_layer *net_layer_at(const pnas_graph *graph, const char *path)
{
    const pnas_layer *layer = net_layer(graph, path);
    cr_assert_not_null(layer, "there is no layer %s", path);
    return layer;
}

const pnas_tensor *net_output(const pnas_graph *graph, const char *path)
{
    return &graph->tensor[net_layer_at(graph, path)->out];
}

void net_expect_shape(const pnas_tensor *tensor, int segments, int channels, int height, int width)
{
    cr_expect(tensor->segments == segments && tensor->segment_channels == channels &&
                  tensor->height == height && tensor->width == width,
              "[%d x %d, %d, %d], not [%d x %d, %d, %d]", tensor->segments, tensor->segment_channels,
              tensor->height, tensor->width, segments, channels, height, width);
}

const pnas_parameter *net_parameter(const pnas_graph *graph, const char *path)
{
    for (int p = 0; p < graph->parameter_count; p++)
        if (strcmp(graph->parameter[p].path, path) == 0)
            return &graph->parameter[p];
    return NULL;
}

void net_check_leaks(void)
{
#if defined(__SANITIZE_ADDRESS__)
    cr_assert_eq(__lsan_do_recoverable_leak_check(), 0);
#endif
}
