#include "src/net/cell_cost.h"

#include "src/net/graph_create.h"

static pnas_status graph_cost(const pnas_cell_costs *costs, const pnas_cell *cell, pnas_cost *out)
{
    pnas_graph *graph = NULL;
    PNAS_TRY(pnas_graph_create(cell, &costs->operators, &costs->network, &graph));
    *out = (pnas_cost){graph->parameters, graph->multiply_adds};
    pnas_graph_destroy(&graph);
    return PNAS_OK;
}

/* A cell that reads the previous cells in `previous` and applies `op` to `input` on one side; operator 0
 * everywhere else. Its second block reads the first in any case, so that the same blocks are concatenated. */
static pnas_cell side_cell(uint32_t previous, int input, int op)
{
    const int8_t first = previous & 1 ? -1 : -2, second = previous & 2 ? -2 : -1;
    return (pnas_cell){.blocks = 2, .block = {{first, 0, second, 0}, {0, 0, (int8_t)input, (int8_t)op}}};
}

static pnas_status find_sides(pnas_cell_costs *costs, uint32_t previous, int input)
{
    pnas_cell cell = side_cell(previous, 0, 0);
    pnas_cost base, cost;
    PNAS_TRY(graph_cost(costs, &cell, &base));
    for (int op = 0; op < costs->operators.count; ++op) {
        cell = side_cell(previous, input, op);
        PNAS_TRY(graph_cost(costs, &cell, &cost));
        costs->side[previous][op][-input] =
            (pnas_cost){cost.parameters - base.parameters, cost.multiply_adds - base.multiply_adds};
    }
    return PNAS_OK;
}

pnas_status pnas_cell_costs_make(const pnas_operator_set *operators, const pnas_network_options *network,
                                 pnas_cell_costs *out)
{
    *out = (pnas_cell_costs){.operators = *operators, .network = *network};
    for (uint32_t previous = 1; previous <= 3; ++previous)
        for (int input = -2; input <= 0; ++input)
            if (input == 0 || (previous >> (-1 - input) & 1))
                PNAS_TRY(find_sides(out, previous, input));
    return PNAS_OK;
}

static pnas_cost sum_of_sides(const pnas_cell_costs *costs, const pnas_cell *cell, uint32_t previous)
{
    pnas_cost sum = {0};
    for (int i = 0; i < cell->blocks; ++i) {
        const pnas_block *block = &cell->block[i];
        pnas_cost left = pnas_cell_costs_side(costs, previous, block->in1, block->op1);
        pnas_cost right = pnas_cell_costs_side(costs, previous, block->in2, block->op2);
        sum.parameters += left.parameters + right.parameters;
        sum.multiply_adds += left.multiply_adds + right.multiply_adds;
    }
    return sum;
}

pnas_status pnas_cell_costs_get(pnas_cell_costs *costs, const pnas_cell *cell, pnas_cost *out)
{
    uint32_t previous, used = pnas_cell_used(cell, &previous);
    int concatenated = cell->blocks;
    if (costs->network.concatenation != PNAS_CONCATENATE_ALL)
        concatenated -= __builtin_popcount(used);
    pnas_cost sides = sum_of_sides(costs, cell, previous),
              *rest = &costs->rest[cell->blocks][concatenated][previous];
    if (!costs->known[cell->blocks][concatenated][previous]) {
        PNAS_TRY(graph_cost(costs, cell, rest));
        rest->parameters -= sides.parameters;
        rest->multiply_adds -= sides.multiply_adds;
        costs->known[cell->blocks][concatenated][previous] = true;
    }
    *out = (pnas_cost){rest->parameters + sides.parameters, rest->multiply_adds + sides.multiply_adds};
    return PNAS_OK;
}
