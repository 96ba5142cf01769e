/* Costs as sums against the graphs themselves. */
#include "src/base/random.h"
#include "src/net/cell_cost.h"
#include "src/net/graph_create.h"
#include "src/search/cell_text.h"

#include <criterion/criterion.h>

static pnas_cell random_cell(pnas_stream *stream, int operators)
{
    pnas_cell cell = {.blocks = 1 + (int)(pnas_stream_uniform(stream) * 5)};
    for (int i = 0; i < cell.blocks; ++i)
        cell.block[i] = (pnas_block){.in1 = (int8_t)(-2 + (int)(pnas_stream_uniform(stream) * (i + 2))),
                                     .op1 = (int8_t)(pnas_stream_uniform(stream) * operators),
                                     .in2 = (int8_t)(-2 + (int)(pnas_stream_uniform(stream) * (i + 2))),
                                     .op2 = (int8_t)(pnas_stream_uniform(stream) * operators)};
    return cell;
}

static void compare_with_graphs(const char *const *names, int count, pnas_concatenation concatenation)
{
    pnas_operator_set operators = {0};
    for (int i = 0; i < count; ++i)
        cr_assert_eq(pnas_operator_set_add_named(&operators, names[i]), PNAS_OK);
    const pnas_network_options network = {.filters = 6,
                                          .repeats = 1,
                                          .stem_multiplier = 3,
                                          .concatenation = concatenation,
                                          .height = 16,
                                          .width = 12,
                                          .channels = 3,
                                          .classes = 10};
    pnas_cell_costs costs;
    cr_assert_eq(pnas_cell_costs_make(&operators, &network, &costs), PNAS_OK, "%s", pnas_message());
    pnas_stream stream = pnas_stream_make(5, PNAS_STREAM_SURROGATE_WEIGHTS, 1, (uint64_t)concatenation);
    for (int i = 0; i < 400; ++i) {
        pnas_cell cell = random_cell(&stream, count);
        pnas_graph *graph = NULL;
        pnas_cost cost;
        char text[PNAS_CELL_TEXT_MAX];
        pnas_cell_format(&cell, &operators, text);
        cr_assert_eq(pnas_graph_create(&cell, &operators, &network, &graph), PNAS_OK, "%s", pnas_message());
        cr_assert_eq(pnas_cell_costs_get(&costs, &cell, &cost), PNAS_OK, "%s", pnas_message());
        cr_assert_eq(cost.parameters, graph->parameters, "%s: %ld parameters, the graph has %ld", text,
                     (long)cost.parameters, (long)graph->parameters);
        cr_assert_eq(cost.multiply_adds, graph->multiply_adds, "%s: %ld multiply-adds, the graph has %ld",
                     text, (long)cost.multiply_adds, (long)graph->multiply_adds);
        pnas_graph_destroy(&graph);
    }
}

static const char *const paper[] = {"identity", "sep3", "sep5", "sep7", "1x7-7x1", "avg3", "max3", "dil3"};
static const char *const without_identity[] = {"sep5", "max3", "conv3"};

Test(cell_cost, sums_are_the_graphs_figures_with_all_blocks_concatenated)
{
    compare_with_graphs(paper, 8, PNAS_CONCATENATE_ALL);
    compare_with_graphs(without_identity, 3, PNAS_CONCATENATE_ALL);
}

Test(cell_cost, sums_are_the_graphs_figures_with_unused_blocks_concatenated)
{
    compare_with_graphs(paper, 8, PNAS_CONCATENATE_UNUSED);
    compare_with_graphs(without_identity, 3, PNAS_CONCATENATE_UNUSED);
}

Test(cell_cost, sums_are_the_graphs_figures_with_unused_inputs_concatenated)
{
    compare_with_graphs(paper, 8, PNAS_CONCATENATE_UNUSED_INPUTS);
}
