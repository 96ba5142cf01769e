#include "src/net/network_size.h"

#include "src/net/graph_create.h"

#include <inttypes.h>

typedef struct {
    const pnas_cell *cell;
    const pnas_operator_set *operators;
    pnas_network_options network;
} sized_network;

static pnas_status count(sized_network *sized, int filters, int64_t *parameters)
{
    pnas_graph *graph = NULL;
    sized->network.filters = filters;
    PNAS_TRY(pnas_graph_create(sized->cell, sized->operators, &sized->network, &graph));
    *parameters = graph->parameters;
    pnas_graph_destroy(&graph);
    return PNAS_OK;
}

static pnas_status check_reach(sized_network *sized, int64_t wanted)
{
    int64_t least, most;
    PNAS_TRY(count(sized, 1, &least));
    PNAS_TRY(count(sized, PNAS_FILTERS_MAX, &most));
    PNAS_CHECK(wanted >= least / 2 && wanted / 2 <= most, PNAS_ERROR_USAGE,
               "network.parameters is %" PRId64 ", but with network.repeats: %d this cell's network has from "
               "%" PRId64 " (1 filter) to %" PRId64 " (%d filters)",
               wanted, sized->network.repeats, least, most, PNAS_FILTERS_MAX);
    return PNAS_OK;
}

pnas_status pnas_network_find_filters(const pnas_cell *cell, const pnas_operator_set *operators,
                                      const pnas_network_options *network, int64_t wanted, int *filters,
                                      int64_t *parameters)
{
    sized_network sized = {cell, operators, *network};
    int low = 1, high = PNAS_FILTERS_MAX; /* more filters never have fewer parameters */
    int64_t below, above;
    PNAS_TRY(check_reach(&sized, wanted));
    while (low < high) { /* the first that reaches what is wanted, or the last of all */
        int middle = low + (high - low) / 2;
        PNAS_TRY(count(&sized, middle, &above));
        if (above < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    PNAS_TRY(count(&sized, low, &above));
    *filters = low;
    *parameters = above;
    if (low == 1)
        return PNAS_OK;
    PNAS_TRY(count(&sized, low - 1, &below));
    if (wanted - below <= above - wanted) {
        *filters = low - 1;
        *parameters = below;
    }
    return PNAS_OK;
}
