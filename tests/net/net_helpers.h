/* What the net room's tests share: graphs from a line of text. */
#ifndef PNAS_TESTS_NET_NET_HELPERS_H
#define PNAS_TESTS_NET_NET_HELPERS_H

#include "src/net/graph.h"

/* Options of the paper's stem and 32 x 32 colour images of 10 classes. */
pnas_network_options net_options(int filters, int repeats, pnas_concatenation concatenation);

/* The nine built-in operators: the paper's eight and conv3. */
void net_operators(pnas_operator_set *out);

/* Fails the running test if the cell cannot be read or the graph cannot be made. Release with
 * pnas_graph_destroy. */
pnas_graph *net_graph(const char *cell, const pnas_network_options *options);

/* The layer or parameter of this path, or NULL. */
const pnas_layer *net_layer(const pnas_graph *graph, const char *path);
const pnas_parameter *net_parameter(const pnas_graph *graph, const char *path);

/* The layer of this path and its output; the running test fails if there is none. */
const pnas_layer *net_layer_at(const pnas_graph *graph, const char *path);
const pnas_tensor *net_output(const pnas_graph *graph, const char *path);

/* Fails the running test if a tensor has another shape. */
void net_expect_shape(const pnas_tensor *tensor, int segments, int channels, int height, int width);

/* Fails the running test if anything allocated has no owner left (sanitizer builds only). */
void net_check_leaks(void);

#endif
