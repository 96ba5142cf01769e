/* The child graph: structure, shapes, strides, paddings, concatenation and what is left out. */
#include "src/net/graph_builder.h"
#include "src/net/graph_create.h"
#include "tests/net/net_helpers.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static pnas_graph *small(const char *cell, int repeats, pnas_concatenation concatenation)
{
    pnas_network_options options = net_options(8, repeats, concatenation);
    return net_graph(cell, &options);
}

static void expect_absent(const pnas_graph *graph, const char *path)
{
    cr_expect_null(net_layer(graph, path), "there is a layer %s", path);
}

/* --- SAME padding -------------------------------------------------------------------------------------- */

Test(graph, same_padding_at_stride_1_is_centred)
{
    cr_expect_eq(pnas_same_size(9, 1), 9);
    cr_expect_eq(pnas_same_pad(9, 3, 1, 1), 1);
    cr_expect_eq(pnas_same_pad(9, 7, 1, 1), 3);
    cr_expect_eq(pnas_same_pad(9, 3, 1, 2), 2);
    cr_expect_eq(pnas_same_pad(9, 1, 1, 1), 0);
}

Test(graph, same_padding_at_stride_2_pads_even_sizes_at_the_end_first)
{
    cr_expect_eq(pnas_same_size(8, 2), 4);
    cr_expect_eq(pnas_same_pad(8, 3, 2, 1), 0); /* one in all, behind */
    cr_expect_eq(pnas_same_pad(8, 5, 2, 1), 1); /* three in all: one before, two behind */
    cr_expect_eq(pnas_same_size(9, 2), 5);
    cr_expect_eq(pnas_same_pad(9, 3, 2, 1), 1); /* two in all */
    cr_expect_eq(pnas_same_pad(9, 1, 2, 1), 0);
    cr_expect_eq(pnas_same_pad(8, 3, 2, 2), 1); /* a window of 5 */
}

Test(graph, a_window_over_an_image_smaller_than_itself_still_covers_a_pixel)
{
    for (int size = 1; size <= 8; size++)
        for (int kernel = 1; kernel <= 7; kernel += 2)
            for (int stride = 1; stride <= 2; stride++) {
                int pad = pnas_same_pad(size, kernel, stride, 1);
                int last = (pnas_same_size(size, stride) - 1) * stride - pad;
                cr_expect(last < size && pad < kernel, "size %d kernel %d stride %d", size, kernel, stride);
            }
}

/* --- the stack ----------------------------------------------------------------------------------------- */

Test(graph, filters_double_and_the_image_halves_at_cells_n_and_2n)
{
    pnas_network_options options = net_options(8, 2, PNAS_CONCATENATE_ALL);
    options.height = 13;
    options.width = 10;
    pnas_graph *graph = net_graph("-1:sep3+-2:max3 | 0:avg3+-1:identity", &options);
    net_expect_shape(net_output(graph, "stem/convolution"), 1, 24, 13, 10);
    net_expect_shape(net_output(graph, "cell_1/block_0/add"), 2, 8, 13, 10);
    net_expect_shape(net_output(graph, "cell_2/block_0/add"), 2, 16, 7, 5);
    net_expect_shape(net_output(graph, "cell_3/block_1/add"), 2, 16, 7, 5);
    net_expect_shape(net_output(graph, "cell_4/block_0/add"), 2, 32, 4, 3);
    net_expect_shape(net_output(graph, "cell_5/block_0/add"), 2, 32, 4, 3);
    net_expect_shape(net_output(graph, "head/pool"), 2, 32, 1, 1);
    net_expect_shape(net_output(graph, "head/classifier"), 1, 10, 1, 1);
    expect_absent(graph, "cell_6/block_0/add");
    pnas_graph_destroy(&graph);
    net_check_leaks();
}

Test(graph, the_first_tensor_is_the_images_and_the_last_layer_the_classifier)
{
    pnas_graph *graph = small("-1:sep3+-2:max3", 1, PNAS_CONCATENATE_ALL);
    net_expect_shape(&graph->tensor[0], 1, 3, 32, 32);
    cr_expect_eq(graph->layer[0].in[0].tensor, 0);
    cr_expect_eq(graph->layer[graph->layer_count - 1].kind, PNAS_LAYER_CLASSIFIER);
    pnas_graph_destroy(&graph);
}

Test(graph, the_first_cell_reads_the_stem_itself_as_its_second_input)
{
    pnas_graph *graph = small("-1:identity+-2:sep3 | -2:max3+-2:identity", 1, PNAS_CONCATENATE_ALL);
    int stem = net_layer_at(graph, "stem/convolution")->out;
    cr_expect_eq(net_layer_at(graph, "cell_0/previous/pointwise")->in[0].tensor, stem);
    const pnas_layer *depthwise = net_layer_at(graph, "cell_0/block_0/right_sep3/0/depthwise");
    cr_expect_eq(depthwise->in[0].tensor, stem);
    cr_expect(depthwise->in[0].relu);
    cr_expect_eq(depthwise->in[0].norm, net_layer_at(graph, "stem/convolution")->norm);
    net_expect_shape(net_output(graph, "cell_0/block_0/right_sep3/0/depthwise"), 1, 24, 32, 32);
    net_expect_shape(net_output(graph, "cell_0/block_0/right_sep3/0/pointwise"), 1, 8, 32, 32);
    net_expect_shape(net_output(graph, "cell_0/block_1/left_max3/pool"), 1, 24, 32, 32);
    net_expect_shape(net_output(graph, "cell_0/block_1/left_max3/pointwise"), 1, 8, 32, 32);
    cr_expect_not(net_layer_at(graph, "cell_0/block_1/left_max3/pointwise")->in[0].relu);
    net_expect_shape(net_output(graph, "cell_0/block_1/right_identity/pointwise"), 1, 8, 32, 32);
    expect_absent(graph, "cell_0/before/pointwise");
    pnas_graph_destroy(&graph);
}

Test(graph, the_second_input_is_reduced_squeezed_regrouped_or_left_as_it_is)
{
    pnas_graph *graph = small("-1:sep3+-2:max3 | -1:max3+-2:avg3", 3, PNAS_CONCATENATE_ALL);
    net_expect_shape(net_output(graph, "cell_1/before/pointwise"), 1, 8, 32, 32);
    net_expect_shape(net_output(graph, "cell_2/before/pointwise"), 1, 8, 32, 32);
    /* Two blocks of 8 filters are the 16 channels that cell 3 wants. */
    const pnas_layer *copy = net_layer_at(graph, "cell_3/before/copy");
    net_expect_shape(&graph->tensor[copy->out], 1, 16, 32, 32);
    cr_expect_eq(copy->in[0].segments, 2);
    cr_expect_not(copy->in[0].relu);
    cr_expect_eq(copy->norm, -1);
    const pnas_layer *reduction = net_layer_at(graph, "cell_4/before/reduction");
    net_expect_shape(&graph->tensor[reduction->out], 1, 16, 16, 16);
    cr_expect(reduction->in[0].relu);
    cr_expect_geq(reduction->norm, 0);
    net_expect_shape(net_output(graph, "cell_5/before/pointwise"), 1, 16, 16, 16);
    pnas_graph_destroy(&graph);

    /* A stem and cells of one block have as many channels as the cells want. */
    pnas_network_options options = net_options(8, 2, PNAS_CONCATENATE_ALL);
    options.stem_multiplier = 1;
    graph = net_graph("-1:sep3+-2:max3", &options);
    expect_absent(graph, "cell_1/before/pointwise");
    expect_absent(graph, "cell_1/before/copy");
    const pnas_layer *pool = net_layer_at(graph, "cell_1/block_0/right_max3/pool");
    cr_expect_eq(pool->in[0].tensor, net_layer_at(graph, "stem/convolution")->out);
    cr_expect_eq(pool->in[0].norm, net_layer_at(graph, "stem/convolution")->norm);
    cr_expect_not(pool->in[0].relu);
    pnas_graph_destroy(&graph);
}

/* --- operators ----------------------------------------------------------------------------------------- */

Test(graph, only_operators_that_read_a_previous_cell_have_stride_2)
{
    pnas_graph *graph = small("-1:sep3+-2:1x7-7x1 | 0:sep3+0:1x7-7x1 | -1:dil3+0:max3 | -2:conv3+-1:max3", 1,
                              PNAS_CONCATENATE_ALL);
    static const struct {
        const char *path;
        int stride_h, stride_w;
    } expected[] = {
        {"cell_1/block_0/left_sep3/0/depthwise", 2, 2},
        {"cell_1/block_0/left_sep3/0/pointwise", 1, 1},
        {"cell_1/block_0/left_sep3/1/depthwise", 1, 1},
        {"cell_1/block_0/right_1x7-7x1/squeeze/pointwise", 1, 1},
        {"cell_1/block_0/right_1x7-7x1/0/convolution", 1, 2},
        {"cell_1/block_0/right_1x7-7x1/1/convolution", 2, 1},
        {"cell_1/block_0/right_1x7-7x1/expand/pointwise", 1, 1},
        {"cell_1/block_1/left_sep3/0/depthwise", 1, 1},
        {"cell_1/block_1/right_1x7-7x1/0/convolution", 1, 1},
        {"cell_1/block_1/right_1x7-7x1/1/convolution", 1, 1},
        {"cell_1/block_2/left_dil3/convolution", 2, 2},
        {"cell_1/block_2/right_max3/pool", 1, 1},
        {"cell_1/block_3/left_conv3/convolution", 2, 2},
        {"cell_1/block_3/right_max3/pool", 2, 2},
        {"cell_0/block_0/left_sep3/0/depthwise", 1, 1},
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const pnas_layer *layer = net_layer_at(graph, expected[i].path);
        cr_expect(layer->stride_h == expected[i].stride_h && layer->stride_w == expected[i].stride_w,
                  "%s has stride %d x %d", expected[i].path, layer->stride_h, layer->stride_w);
    }
    pnas_graph_destroy(&graph);
}

Test(graph, bottlenecks_work_on_a_quarter_of_the_filters_but_at_least_one)
{
    pnas_graph *graph = small("-1:1x7-7x1+-1:dil3", 1, PNAS_CONCATENATE_ALL);
    net_expect_shape(net_output(graph, "cell_0/block_0/left_1x7-7x1/0/convolution"), 1, 2, 32, 32);
    net_expect_shape(net_output(graph, "cell_2/block_0/right_dil3/convolution"), 1, 8, 8, 8);
    net_expect_shape(net_output(graph, "cell_2/block_0/right_dil3/expand/pointwise"), 1, 32, 8, 8);
    const pnas_layer *row = net_layer_at(graph, "cell_0/block_0/left_1x7-7x1/0/convolution");
    cr_expect(row->kernel_h == 1 && row->kernel_w == 7 && row->pad_top == 0 && row->pad_left == 3);
    cr_expect_eq(net_layer_at(graph, "cell_0/block_0/right_dil3/convolution")->dilation, 2);
    pnas_graph_destroy(&graph);

    pnas_network_options options = net_options(2, 1, PNAS_CONCATENATE_ALL);
    graph = net_graph("-1:1x7-7x1+-1:dil3", &options);
    net_expect_shape(net_output(graph, "cell_0/block_0/right_dil3/convolution"), 1, 1, 32, 32);
    pnas_graph_destroy(&graph);
}

Test(graph, an_identity_with_nothing_to_do_goes_straight_to_the_sum)
{
    pnas_graph *graph = small("-1:identity+-1:sep3 | 0:identity+-1:identity", 1, PNAS_CONCATENATE_ALL);
    const pnas_layer *squeeze = net_layer_at(graph, "cell_0/previous/pointwise");
    const pnas_layer *sum = net_layer_at(graph, "cell_0/block_0/add");
    cr_expect_eq(sum->in[0].tensor, squeeze->out);
    cr_expect_eq(sum->in[0].norm, squeeze->norm);
    cr_expect_not(sum->in[0].relu);
    const pnas_layer *second = net_layer_at(graph, "cell_0/block_1/add");
    cr_expect_eq(second->in[0].tensor, sum->out);
    cr_expect_eq(second->in[0].first_segment, 0);
    cr_expect_eq(second->in[0].segments, 1);
    cr_expect_eq(second->in[0].norm, -1);
    expect_absent(graph, "cell_0/block_0/left_identity/pointwise");
    cr_expect_eq(net_layer_at(graph, "cell_1/block_0/left_identity/pointwise")->stride_h, 2);
    expect_absent(graph, "cell_1/block_1/left_identity/pointwise");
    pnas_graph_destroy(&graph);
}

Test(graph, a_custom_operator_has_its_own_kernel_dilation_and_repeats)
{
    pnas_operator_set operators = {0};
    const pnas_operator custom = {"wide", PNAS_SEPARABLE, 9, 3, 4, 1},
                        plain = {"cross", PNAS_FACTORIZED, 5, 1, 1, 1};
    cr_assert_eq(pnas_operator_set_add(&operators, &custom), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_operator_set_add(&operators, &plain), PNAS_OK, "%s", pnas_message());
    pnas_cell cell = {.blocks = 1, .block = {{-1, 0, -1, 1}}};
    pnas_network_options options = net_options(8, 1, PNAS_CONCATENATE_ALL);
    pnas_graph *graph = NULL;
    cr_assert_eq(pnas_graph_create(&cell, &operators, &options, &graph), PNAS_OK, "%s", pnas_message());
    const pnas_layer *layer = net_layer_at(graph, "cell_1/block_0/left_wide/3/depthwise");
    cr_expect(layer->kernel_h == 9 && layer->kernel_w == 9 && layer->dilation == 3 && layer->pad_top == 12);
    expect_absent(graph, "cell_1/block_0/left_wide/4/depthwise");
    expect_absent(graph, "cell_1/block_0/right_cross/squeeze/pointwise");
    cr_expect_eq(net_layer_at(graph, "cell_1/block_0/right_cross/1/convolution")->kernel_h, 5);
    pnas_graph_destroy(&graph);
}

/* --- concatenation and what is left out ---------------------------------------------------------------- */

Test(graph, all_blocks_are_concatenated_and_read_in_place)
{
    pnas_graph *graph = small("-1:sep3+-1:max3 | 0:sep3+-1:max3 | 1:avg3+-1:max3", 1, PNAS_CONCATENATE_ALL);
    int output = net_layer_at(graph, "cell_0/block_0/add")->out;
    for (int b = 0; b < 3; b++) {
        char path[64];
        snprintf(path, sizeof path, "cell_0/block_%d/add", b);
        cr_expect_eq(net_layer_at(graph, path)->out, output);
        cr_expect_eq(net_layer_at(graph, path)->out_segment, b);
    }
    const pnas_value *in = &net_layer_at(graph, "cell_0/block_2/left_avg3/pool")->in[0];
    cr_expect(in->tensor == output && in->first_segment == 1 && in->segments == 1);
    pnas_graph_destroy(&graph);
}

Test(graph, unused_concatenates_only_blocks_that_no_block_reads)
{
    pnas_graph *graph =
        small("-1:sep3+-1:max3 | 0:sep3+-1:max3 | 0:avg3+-1:max3", 1, PNAS_CONCATENATE_UNUSED);
    net_expect_shape(net_output(graph, "cell_0/block_0/add"), 1, 8, 32, 32);
    net_expect_shape(net_output(graph, "cell_0/block_1/add"), 2, 8, 32, 32);
    cr_expect_eq(net_layer_at(graph, "cell_0/block_1/add")->out,
                 net_layer_at(graph, "cell_0/block_2/add")->out);
    cr_expect_eq(net_layer_at(graph, "cell_0/block_2/add")->out_segment, 1);
    pnas_graph_destroy(&graph);
}

Test(graph, unused_inputs_are_matched_and_copied_into_the_output)
{
    pnas_graph *graph = small("-1:sep3+-1:max3", 2, PNAS_CONCATENATE_UNUSED_INPUTS);
    net_expect_shape(net_output(graph, "cell_0/block_0/add"), 2, 8, 32, 32);
    net_expect_shape(net_output(graph, "cell_0/unused_before/pointwise"), 1, 8, 32, 32);
    expect_absent(graph, "cell_1/unused_before/pointwise");
    const pnas_layer *copy = net_layer_at(graph, "cell_1/unused_before/copy");
    cr_expect_eq(copy->out, net_layer_at(graph, "cell_1/block_0/add")->out);
    cr_expect_eq(copy->out_segment, 1);
    cr_expect_eq(copy->in[0].norm, net_layer_at(graph, "cell_1/before/pointwise")->norm);
    const pnas_layer *reduction = net_layer_at(graph, "cell_2/unused_before/reduction");
    cr_expect_not(reduction->in[0].relu);
    net_expect_shape(&graph->tensor[reduction->out], 1, 16, 16, 16);
    expect_absent(graph, "cell_0/unused_previous/copy");
    pnas_graph_destroy(&graph);

    graph = small("-2:sep3+-2:max3", 1, PNAS_CONCATENATE_UNUSED_INPUTS);
    cr_expect_eq(net_layer_at(graph, "cell_0/unused_previous/copy")->in[0].norm,
                 net_layer_at(graph, "cell_0/previous/pointwise")->norm);
    pnas_graph_destroy(&graph);
}

Test(graph, what_does_not_reach_the_classifier_is_left_out)
{
    /* Every cell reads only the one before the previous, so cell 1 has no reader. */
    pnas_graph *graph = small("-2:sep3+-2:max3", 1, PNAS_CONCATENATE_ALL);
    expect_absent(graph, "cell_0/previous/pointwise");
    expect_absent(graph, "cell_1/block_0/add");
    cr_expect_not_null(net_layer(graph, "cell_0/block_0/add"));
    cr_expect_not_null(net_layer(graph, "cell_2/before/reduction"));
    cr_expect_null(net_parameter(graph, "cell_0/previous/norm/gamma"));
    cr_expect_null(net_parameter(graph, "cell_1/block_0/left_sep3/0/depthwise/weight"));
    pnas_graph_destroy(&graph);

    graph = small("-1:sep3+-1:max3", 2, PNAS_CONCATENATE_ALL);
    expect_absent(graph, "cell_1/before/pointwise");
    pnas_graph_destroy(&graph);
    net_check_leaks();
}

/* --- every graph --------------------------------------------------------------------------------------- */

static void check_value(const pnas_graph *graph, const pnas_layer *layer, const pnas_value *value,
                        const bool *written)
{
    cr_assert(value->tensor >= 0 && value->tensor < graph->tensor_count, "%s", layer->path);
    const pnas_tensor *tensor = &graph->tensor[value->tensor];
    cr_expect(value->first_segment >= 0 && value->segments > 0 &&
                  value->first_segment + value->segments <= tensor->segments,
              "%s", layer->path);
    cr_expect(written[value->tensor], "%s reads what no layer before it wrote", layer->path);
    int norm = -1;
    for (int n = 0; n < graph->norm_count; n++)
        if (graph->norm[n].tensor == value->tensor)
            norm = n;
    cr_expect_eq(value->norm, norm, "%s reads a tensor with another normalisation than its own", layer->path);
}

static void check_layers(const pnas_graph *graph)
{
    bool written[1024] = {true}, read[1024] = {false};
    cr_assert_lt(graph->tensor_count, 1024);
    for (int l = 0; l < graph->layer_count; l++) {
        const pnas_layer *layer = &graph->layer[l];
        for (int i = 0; i < layer->inputs; i++) {
            check_value(graph, layer, &layer->in[i], written);
            read[layer->in[i].tensor] = true;
        }
        const pnas_tensor *in = &graph->tensor[layer->in[0].tensor], *out = &graph->tensor[layer->out];
        if (layer->kind < PNAS_LAYER_GLOBAL_POOL) {
            cr_expect_eq(out->height, (in->height + layer->stride_h - 1) / layer->stride_h, "%s",
                         layer->path);
            cr_expect_eq(out->width, (in->width + layer->stride_w - 1) / layer->stride_w, "%s", layer->path);
        }
        if (layer->norm >= 0)
            cr_expect_eq(graph->norm[layer->norm].tensor, layer->out);
        written[layer->out] = true;
    }
    read[graph->layer[graph->layer_count - 1].out] = true;
    for (int t = 0; t < graph->tensor_count; t++)
        cr_expect(written[t] && read[t], "tensor %d is not written and read", t);
}

static void check_parameters(const pnas_graph *graph)
{
    int64_t count = 0, work = 0;
    bool weights = true;
    for (int p = 0; p < graph->parameter_count; p++) {
        const pnas_parameter *parameter = &graph->parameter[p];
        bool weight = parameter->kind == PNAS_PARAMETER_WEIGHT;
        cr_expect(weights || !weight, "%s comes after a parameter that is no weight", parameter->path);
        weights = weight;
        count += parameter->count;
        for (int other = 0; other < p; other++)
            cr_expect_str_neq(parameter->path, graph->parameter[other].path);
        if (weight)
            cr_expect_eq(graph->layer[parameter->layer].weight, p);
        if (parameter->kind == PNAS_PARAMETER_GAMMA)
            cr_expect_eq(graph->norm[parameter->layer].gamma, p);
        if (parameter->kind == PNAS_PARAMETER_BETA)
            cr_expect_eq(graph->norm[parameter->layer].beta, p);
        if (parameter->kind == PNAS_PARAMETER_BIAS)
            cr_expect_eq(graph->layer[parameter->layer].bias, p);
    }
    for (int l = 0; l < graph->layer_count; l++)
        work += graph->layer[l].multiply_adds;
    cr_expect_eq(count, graph->parameters);
    cr_expect_eq(work, graph->multiply_adds);
}

Test(graph, every_graph_is_ordered_connected_and_numbered)
{
    static const char *const cells[] = {
        "-1:identity+-1:identity",
        "-2:identity+-2:identity",
        "-1:sep3+-2:max3 | 0:1x7-7x1+-1:dil3 | -2:avg3+0:conv3",
        "-2:sep7+-2:max3 | 0:identity+0:identity | 1:sep5+-1:dil3 | 2:avg3+2:identity",
    };
    for (size_t c = 0; c < sizeof cells / sizeof cells[0]; c++)
        for (int concatenation = 0; concatenation < 3; concatenation++)
            for (int repeats = 1; repeats <= 3; repeats++) {
                pnas_network_options options = net_options(6, repeats, (pnas_concatenation)concatenation);
                options.height = 9;
                options.width = 14;
                pnas_graph *graph = net_graph(cells[c], &options);
                check_layers(graph);
                check_parameters(graph);
                pnas_graph_destroy(&graph);
            }
    net_check_leaks();
}

Test(graph, parameters_have_logical_shapes_and_fan_in)
{
    pnas_network_options options = net_options(7, 1, PNAS_CONCATENATE_ALL);
    pnas_graph *graph = net_graph("-1:sep5+-2:max3 | -1:dil3+-1:max3", &options);
    static const struct {
        const char *path;
        int shape[4], fan_in;
        int64_t count;
    } expected[] = {
        {"stem/convolution/weight", {3, 3, 3, 21}, 27, 567},
        {"cell_0/previous/pointwise/weight", {1, 1, 21, 7}, 21, 147},
        {"cell_0/block_0/left_sep5/0/depthwise/weight", {5, 5, 7, 1}, 25, 175},
        {"cell_2/before/reduction/weight", {2, 1, 14, 28}, 14, 392},
        {"cell_2/before/norm/gamma", {1, 1, 1, 28}, 1, 28},
        {"cell_2/before/norm/beta", {1, 1, 1, 28}, 1, 28},
        {"head/classifier/weight", {1, 1, 56, 10}, 56, 560},
        {"head/classifier/bias", {1, 1, 1, 10}, 1, 10},
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const pnas_parameter *parameter = net_parameter(graph, expected[i].path);
        cr_assert_not_null(parameter, "there is no parameter %s", expected[i].path);
        cr_expect_arr_eq(parameter->shape, expected[i].shape, sizeof parameter->shape, "%s",
                         expected[i].path);
        cr_expect_eq(parameter->fan_in, expected[i].fan_in, "%s", expected[i].path);
        cr_expect_eq(parameter->count, expected[i].count, "%s", expected[i].path);
    }
    pnas_graph_destroy(&graph);
}

Test(graph, multiply_adds_are_those_of_one_image)
{
    pnas_network_options options = net_options(8, 1, PNAS_CONCATENATE_ALL);
    pnas_graph *graph = net_graph("-1:sep3+-2:max3 | -1:1x7-7x1+-1:max3", &options);
    cr_expect_eq(net_layer_at(graph, "stem/convolution")->multiply_adds, 32 * 32 * 9 * 3 * 24);
    cr_expect_eq(net_layer_at(graph, "cell_1/block_0/left_sep3/0/depthwise")->multiply_adds,
                 16 * 16 * 9 * 16);
    cr_expect_eq(net_layer_at(graph, "cell_1/block_0/left_sep3/0/pointwise")->multiply_adds,
                 16 * 16 * 16 * 16);
    cr_expect_eq(net_layer_at(graph, "cell_1/block_1/left_1x7-7x1/0/convolution")->multiply_adds,
                 32 * 16 * 7 * 4 * 4);
    cr_expect_eq(net_layer_at(graph, "cell_2/before/reduction")->multiply_adds, 16 * 16 * 16 * 32);
    cr_expect_eq(net_layer_at(graph, "cell_1/block_0/right_max3/pool")->multiply_adds, 0);
    cr_expect_eq(net_layer_at(graph, "head/classifier")->multiply_adds, 64 * 10);
    pnas_graph_destroy(&graph);
}

Test(graph, padded_channels_are_padded_by_segment)
{
    const pnas_tensor tensor = {.segments = 2, .segment_channels = 12, .height = 1, .width = 1};
    cr_expect_eq(pnas_tensor_padded(&tensor, 8), 32);
    cr_expect_eq(pnas_tensor_padded(&tensor, 1), 24);
    cr_expect_eq(pnas_tensor_padded(&tensor, 4), 24);
}

/* --- refusals ------------------------------------------------------------------------------------------ */

static void expect_refused(const pnas_network_options *options, const char *word)
{
    pnas_operator_set operators;
    pnas_operator_set_paper(&operators);
    pnas_cell cell = {.blocks = 1, .block = {{-1, 1, -1, 1}}};
    pnas_graph *graph = NULL;
    cr_expect_eq(pnas_graph_create(&cell, &operators, options, &graph), PNAS_ERROR_USAGE, "%s", word);
    cr_expect_null(graph);
    cr_expect_not_null(strstr(pnas_message(), word), "'%s' does not name %s", pnas_message(), word);
}

Test(graph, options_out_of_range_are_refused_by_name)
{
    const pnas_network_options good = net_options(8, 1, PNAS_CONCATENATE_ALL);
    pnas_network_options bad = good;
    bad.filters = 0;
    expect_refused(&bad, "filters");
    bad = good, bad.repeats = 0;
    expect_refused(&bad, "repeats");
    bad = good, bad.stem_multiplier = -1;
    expect_refused(&bad, "stem_multiplier");
    bad = good, bad.concatenation = (pnas_concatenation)7;
    expect_refused(&bad, "concatenation");
    bad = good, bad.classes = 1;
    expect_refused(&bad, "classes");
    bad = good, bad.channels = 0;
    expect_refused(&bad, "channels");
    bad = good, bad.width = INT_MAX;
    expect_refused(&bad, "width");
}

Test(graph, images_too_small_for_two_reductions_are_refused_and_the_smallest_is_not)
{
    pnas_network_options options = net_options(8, 1, PNAS_CONCATENATE_ALL);
    options.height = 2;
    expect_refused(&options, "too small");
    options.height = options.width = 3;
    pnas_graph *graph = net_graph("-1:sep3+-2:max3", &options);
    net_expect_shape(net_output(graph, "cell_2/block_0/add"), 1, 32, 1, 1);
    pnas_graph_destroy(&graph);
}

Test(graph, a_cell_that_does_not_fit_the_operators_is_refused)
{
    pnas_operator_set operators;
    pnas_operator_set_paper(&operators);
    pnas_network_options options = net_options(8, 1, PNAS_CONCATENATE_ALL);
    pnas_cell cell = {.blocks = 1, .block = {{-1, 8, -1, 1}}};
    pnas_graph *graph = NULL;
    cr_expect_eq(pnas_graph_create(&cell, &operators, &options, &graph), PNAS_ERROR_DATA);
    cell.block[0] = (pnas_block){0, 1, -1, 1};
    cr_expect_eq(pnas_graph_create(&cell, &operators, &options, &graph), PNAS_ERROR_DATA);
    cr_expect_null(graph);
}

/* --- drop-path --- */

Test(graph, every_operator_but_identity_is_a_path_of_its_own)
{
    pnas_network_options options = net_options(4, 2, PNAS_CONCATENATE_ALL);
    pnas_graph *graph = net_graph("-2:sep3+-1:max3 | 0:identity+-1:dil3", &options);
    bool seen[24] = {false};
    int paths = 0;
    cr_assert_eq(graph->drop_paths, 24);
    for (int l = 0; l < graph->layer_count; l++) {
        const pnas_layer *layer = &graph->layer[l];
        if (layer->kind != PNAS_LAYER_ADD) {
            cr_expect(layer->drop_path[0] == -1 && layer->drop_path[1] == -1);
            continue;
        }
        int cell = -1, block = -1;
        cr_assert_eq(sscanf(layer->path, "cell_%d/block_%d", &cell, &block), 2);
        for (int side = 0; side < 2; side++) {
            int path = layer->drop_path[side];
            cr_expect_eq(path, block == 1 && side == 0 ? -1 : 4 * cell + 2 * block + side);
            if (path < 0)
                continue;
            cr_assert(path < 24 && !seen[path]);
            seen[path] = true;
            paths++;
        }
    }
    cr_expect_eq(paths, 18);
    pnas_graph_destroy(&graph);
}

/* --- the auxiliary classifier --- */

/* Sides of the map it reads, of the pooled map; 768 filters see the latter as a whole. */
static void expect_auxiliary(int side, int pooled)
{
    pnas_network_options options = net_options(4, 2, PNAS_CONCATENATE_ALL);
    options.height = options.width = side;
    pnas_graph *plain = net_graph("-2:sep3+-1:max3 | 0:identity+-1:dil3", &options);
    options.auxiliary = 0.4;
    pnas_graph *graph = net_graph("-2:sep3+-1:max3 | 0:identity+-1:dil3", &options);
    cr_expect_eq(plain->auxiliary_logits, -1);
    cr_expect_eq(graph->parameters, plain->parameters);
    cr_expect_eq(graph->multiply_adds, plain->multiply_adds);
    cr_expect_eq(graph->layer_count, plain->layer_count + 6);
    const pnas_layer *pool = net_layer_at(graph, "auxiliary/pool");
    const pnas_layer *expand = net_layer_at(graph, "auxiliary/expand/convolution");
    const pnas_layer *read = net_layer_at(graph, "auxiliary/copy");
    cr_expect_eq(graph->tensor[read->in[0].tensor].height, (side + 1) / 2);
    cr_expect_eq(graph->tensor[pool->out].height, pooled);
    cr_expect(expand->kernel_h == pooled && expand->kernel_w == pooled && expand->pad_top == 0);
    cr_expect_eq(graph->tensor[expand->out].segment_channels, 768);
    cr_expect_eq(graph->tensor[expand->out].height, 1);
    cr_expect_eq(graph->auxiliary_logits, net_layer_at(graph, "auxiliary/head/classifier")->out);
    cr_expect_eq(graph->layer[graph->layer_count - 1].kind, PNAS_LAYER_CLASSIFIER);
    cr_expect_str_eq(graph->layer[graph->layer_count - 1].path, "head/classifier");
    pnas_graph_destroy(&graph);
    pnas_graph_destroy(&plain);
}

Test(graph, an_auxiliary_classifier_reads_the_last_cell_before_the_second_reduction)
{
    expect_auxiliary(32, 4);
    expect_auxiliary(28, 4);
    expect_auxiliary(11, 1);
    expect_auxiliary(8, 1); /* 4x4 pixels: pooled as a whole */
    net_check_leaks();
}
