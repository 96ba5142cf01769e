/* Parameters and multiply-adds of many cells' children without a graph for each.
 *
 * A child's cost is a sum: one term for each side of a block (its operator, and whether it reads H(c-1),
 * H(c-2) or a block), and one for all that depends on the whole cell: how many blocks are concatenated and
 * which of the previous cells are read. The terms are taken from graphs of small cells, each when it is first
 * needed. */
#ifndef PNAS_NET_CELL_COST_H
#define PNAS_NET_CELL_COST_H

#include "src/net/graph.h"

typedef struct {
    int64_t parameters, multiply_adds;
} pnas_cost;

typedef struct { /* made by pnas_cell_costs_make */
    pnas_operator_set operators;
    pnas_network_options network;
    pnas_cost side[4][PNAS_OPERATORS_MAX][3]; /* by previous cells read: bit 0 for -1, bit 1 for -2; of a side
                          that reads a block, H(c-1), H(c-2); beyond that of operator 0
 on a block */
    /* by blocks, blocks concatenated and previous cells read */
    pnas_cost rest[PNAS_BLOCKS_MAX + 1][PNAS_BLOCKS_MAX + 1][4];
    bool known[PNAS_BLOCKS_MAX + 1][PNAS_BLOCKS_MAX + 1][4];
} pnas_cell_costs;

/* PNAS_ERROR_USAGE if the network is impossible. */
pnas_status pnas_cell_costs_make(const pnas_operator_set *operators, const pnas_network_options *network,
                                 pnas_cell_costs *out);

/* The cost of a valid cell's child. */
pnas_status pnas_cell_costs_get(pnas_cell_costs *costs, const pnas_cell *cell, pnas_cost *out);

/* The term of one side: what the cell's cost changes by if it stands there instead of operator 0 on a
 * block, other things equal. */
static inline pnas_cost pnas_cell_costs_side(const pnas_cell_costs *costs, uint32_t previous, int input,
                                             int op)
{
    return costs->side[previous][op][input < 0 ? -input : 0];
}

#endif
