/* The child graph with the stem of the released networks for ImageNet: its convolution and two cells. */
#include "src/net/graph_create.h"
#include "tests/net/net_helpers.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static pnas_graph *imagenet_graph(int filters, int side)
{
    pnas_network_options options = net_options(filters, 2, PNAS_CONCATENATE_ALL);
    options.stem = PNAS_STEM_IMAGENET;
    options.height = options.width = side;
    options.auxiliary = 0.4;
    return net_graph("-2:sep3+-1:max3 | 0:identity+-1:dil3 | -1:sep3+-1:identity", &options);
}

Test(imagenet, the_stem_of_imagenet_has_two_cells_of_stride_2_before_the_first_stage)
{
    static const int side[] = {56, 28, 28, 28, 14, 14, 7, 7},
                     filters[] = {13, 27, 54, 54, 108, 108, 216, 216};
    pnas_graph *graph = imagenet_graph(54, 224);
    net_expect_shape(net_output(graph, "stem/convolution"), 1, 96, 111, 111);
    const pnas_layer *stem = net_layer_at(graph, "stem/convolution");
    cr_expect(stem->pad_top == 0 && stem->pad_left == 0 && stem->stride_h == 2 && stem->stride_w == 2);
    cr_assert_eq(pnas_network_cells(&graph->options), 8);
    for (int c = 0; c < 8; c++) {
        char path[PNAS_LAYER_PATH_MAX];
        snprintf(path, sizeof path, "cell_%d/block_0/add", c);
        net_expect_shape(net_output(graph, path), 3, filters[c], side[c], side[c]);
        pnas_cell_place place = pnas_network_cell(&graph->options, c);
        cr_expect_eq(place.filters, filters[c]);
        cr_expect_eq(place.stride, c < 2 || c == 4 || c == 6 ? 2 : 1);
        cr_expect_eq(place.stage, (c - 2) / 2 - (c == 0) - (c == 1), "cell %d: stage %d", c, place.stage);
    }
    pnas_graph_destroy(&graph);
}

Test(imagenet, the_first_cell_of_imagenets_stem_reads_the_convolution_itself_and_the_next_a_reduction_of_it)
{
    pnas_graph *graph = imagenet_graph(54, 224);
    cr_expect_null(net_layer(graph, "cell_0/before/reduction"));
    net_expect_shape(net_output(graph, "cell_1/before/reduction"), 1, 27, 56, 56);
    net_expect_shape(net_output(graph, "cell_2/before/reduction"), 1, 54, 28, 28);
    net_expect_shape(net_output(graph, "cell_3/before/pointwise"), 1, 54, 28, 28); /* of 3 * 27 */
    cr_expect_eq(graph->drop_paths, 2 * 3 * 8);
    pnas_graph_destroy(&graph);
}

Test(imagenet, the_auxiliary_classifier_of_imagenet_reads_the_last_cell_before_the_second_reduction)
{
    pnas_graph *graph = imagenet_graph(8, 224);
    const pnas_layer *read = net_layer_at(graph, "auxiliary/copy");
    cr_expect_eq(graph->tensor[read->in[0].tensor].height, 14);
    pnas_graph_destroy(&graph);
}

Test(imagenet, images_that_are_too_small_for_imagenets_stem_are_refused)
{
    pnas_graph *graph = imagenet_graph(4, 19), *none = NULL;
    pnas_network_options options = graph->options;
    cr_expect_eq(net_output(graph, "cell_7/block_0/add")->height, 1);
    options.width = 18;
    pnas_operator_set operators;
    net_operators(&operators);
    cr_expect_eq(pnas_graph_create(&graph->cell, &operators, &options, &none), PNAS_ERROR_USAGE);
    cr_expect(strstr(pnas_message(), "at least 19 x 19, or network.stem: cifar"), "%s", pnas_message());
    pnas_graph_destroy(&graph);
}
