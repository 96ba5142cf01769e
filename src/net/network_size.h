/* How many filters make a network as large as is asked for. Local. */
#ifndef PNAS_NET_NETWORK_SIZE_H
#define PNAS_NET_NETWORK_SIZE_H

#include "src/net/graph.h"

#define PNAS_FILTERS_MAX 4096

/* Finds the filters F, from 1 to PNAS_FILTERS_MAX, whose network has the number of parameters nearest to
 * `wanted`, the smaller of two that are as near; all else is as in *network. Parameters are counted as in
 * pnas_graph, without the auxiliary classifier. *filters, *parameters: what was found. PNAS_ERROR_USAGE if the
 * network is impossible, or if `wanted` is less than half of the smallest or more than twice the largest. */
pnas_status pnas_network_find_filters(const pnas_cell *cell, const pnas_operator_set *operators,
                                      const pnas_network_options *network, int64_t wanted, int *filters,
                                      int64_t *parameters);

#endif
