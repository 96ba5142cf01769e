/* Parameter and multiply-add counts of networks whose figures are published. */
#include "tests/net/net_helpers.h"

#include <criterion/criterion.h>

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
