/* Parameter and multiply-add counts of networks whose figures are published. */
#include "tests/net/net_helpers.h"

#include "src/net/network_size.h"
#include "src/search/cell_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define PNASNET_5 "-2:sep5+-2:max3 | -1:sep7+-1:max3 | -1:sep5+-1:sep3 | 2:sep3+-1:max3 | -2:sep3+-1:identity"
#define PNASNET_4 "-1:sep5+-1:max3 | -1:sep5+-1:sep3 | -1:identity+-2:sep3 | -2:sep5+-2:max3"
#define PNASNET_2 "-1:sep7+-1:sep3 | -1:max3+-1:sep5"
#define PNASNET_1 "-1:sep7+-1:max3"

static void expect_thousands(const char *cell, int repeats, int filters, pnas_concatenation concatenation,
                             int64_t thousands)
{
    pnas_network_options options = net_options(filters, repeats, concatenation);
    pnas_graph *graph = net_graph(cell, &options);
    int64_t rounded = (graph->parameters + 500) / 1000;
    cr_expect_eq(rounded, thousands, "%s has %lld parameters, not %lld thousand", cell,
                 (long long)graph->parameters, (long long)thousands);
    pnas_graph_destroy(&graph);
}

Test(graph_counts, pnasnet_5_has_3189_thousand_parameters)
{
    expect_thousands(PNASNET_5, 3, 48, PNAS_CONCATENATE_ALL, 3189);
}

Test(graph_counts, pnasnet_4_has_3009_thousand_parameters)
{
    expect_thousands(PNASNET_4, 4, 44, PNAS_CONCATENATE_ALL, 3009);
}

Test(graph_counts, pnasnet_2_with_unused_inputs_has_1728_thousand_parameters)
{
    expect_thousands(PNASNET_2, 6, 32, PNAS_CONCATENATE_UNUSED_INPUTS, 1728);
}

Test(graph_counts, pnasnet_1_with_unused_inputs_has_1557_thousand_parameters)
{
    expect_thousands(PNASNET_1, 6, 44, PNAS_CONCATENATE_UNUSED_INPUTS, 1557);
}

/* The paper's figures for ImageNet. Its multiply-adds are counted in some other way, too, that it does not tell: ours
 * are those of convolutions and of the classifier. The released nets have a class more, "background". */
static void expect_imagenet(int repeats, int filters, int stem_multiplier, int side, double millions,
                            double million_multiply_adds)
{
    pnas_network_options options = net_options(filters, repeats, PNAS_CONCATENATE_ALL);
    options.stem = PNAS_STEM_IMAGENET;
    options.stem_multiplier = stem_multiplier;
    options.height = options.width = side;
    options.classes = 1001;
    pnas_graph *graph = net_graph(PNASNET_5, &options);
    cr_expect_float_eq((double)graph->parameters / 1e6, millions, 0.05, "%lld", (long long)graph->parameters);
    cr_expect_float_eq((double)graph->multiply_adds / 1e6, million_multiply_adds,
                       0.003 * million_multiply_adds, "%lld", (long long)graph->multiply_adds);
    pnas_graph_destroy(&graph);
}

Test(graph_counts, pnasnet_5_mobile_has_5_1_million_parameters_and_588_million_multiply_adds)
{
    expect_imagenet(3, 54, 1, 224, 5.1, 588);
}

Test(graph_counts, pnasnet_5_large_has_86_1_million_parameters_and_25_0_billion_multiply_adds)
{
    expect_imagenet(4, 216, 3, 331, 86.1, 25000);
}

/* --- filters for a number of parameters --- */

static int64_t parameters_of(const char *cell, const pnas_network_options *options)
{
    pnas_graph *graph = net_graph(cell, options);
    int64_t parameters = graph->parameters;
    pnas_graph_destroy(&graph);
    return parameters;
}

static pnas_status find(const char *text, const pnas_network_options *options, int64_t wanted, int *filters,
                        int64_t *parameters)
{
    pnas_operator_set operators;
    pnas_cell cell;
    pnas_operator_set_built_in(&operators);
    cr_assert_eq(pnas_cell_parse(text, &operators, &cell), PNAS_OK, "%s", pnas_message());
    return pnas_network_find_filters(&cell, &operators, options, wanted, filters, parameters);
}

static void expect_filters(const char *cell, int repeats, pnas_concatenation concatenation, int64_t wanted,
                           int expected)
{
    pnas_network_options options = net_options(7, repeats, concatenation);
    int filters = 0;
    int64_t parameters = 0;
    cr_assert_eq(find(cell, &options, wanted, &filters, &parameters), PNAS_OK, "%s", pnas_message());
    cr_expect_eq(filters, expected, "%lld parameters: %d filters", (long long)wanted, filters);
    options.filters = filters;
    cr_expect_eq(parameters, parameters_of(cell, &options));
}

Test(graph_counts, the_papers_sizes_are_found_from_their_parameters)
{
    expect_filters(PNASNET_5, 3, PNAS_CONCATENATE_ALL, 3200000, 48);
    expect_filters(PNASNET_4, 4, PNAS_CONCATENATE_ALL, 3000000, 44);
    expect_filters(PNASNET_2, 6, PNAS_CONCATENATE_UNUSED_INPUTS, 1728000, 32);
    expect_filters(PNASNET_1, 6, PNAS_CONCATENATE_UNUSED_INPUTS, 1557000, 44);
}

Test(graph_counts, no_other_number_of_filters_comes_nearer)
{
    static const char *const cells[] = {PNASNET_4, "-1:1x7-7x1+-2:identity", "-1:dil3+-1:dil3"};
    for (size_t c = 0; c < sizeof cells / sizeof *cells; c++)
        for (int64_t wanted = 700; wanted < 60000; wanted += 1913) {
            pnas_network_options options = net_options(1, 1, PNAS_CONCATENATE_ALL);
            int filters = 0, nearest = 0;
            int64_t parameters, distance = INT64_MAX;
            if (wanted < parameters_of(cells[c], &options) / 2)
                continue;
            for (options.filters = 1; options.filters <= 64; options.filters++) {
                int64_t away = llabs(parameters_of(cells[c], &options) - wanted);
                nearest = away < distance ? options.filters : nearest;
                distance = away < distance ? away : distance;
            }
            cr_assert_eq(find(cells[c], &options, wanted, &filters, &parameters), PNAS_OK, "%s",
                         pnas_message());
            cr_expect_eq(llabs(parameters - wanted), distance, "%s: %d filters for %lld, not %d", cells[c],
                         filters, (long long)wanted, nearest);
        }
}

Test(graph_counts, sizes_out_of_reach_are_refused_with_what_there_is)
{
    pnas_network_options options = net_options(1, 3, PNAS_CONCATENATE_ALL);
    int filters = 0;
    int64_t parameters = 0;
    cr_expect_eq(find(PNASNET_5, &options, 10, &filters, &parameters), PNAS_ERROR_USAGE);
    cr_expect(strstr(pnas_message(), "network.parameters is 10, but with network.repeats: 3 this cell's"));
    cr_expect_eq(find(PNASNET_5, &options, (int64_t)1e12, &filters, &parameters), PNAS_ERROR_USAGE);
    options.repeats = 0;
    cr_expect_eq(find(PNASNET_5, &options, 1000000, &filters, &parameters), PNAS_ERROR_USAGE);
}
