/* Inside the net room: how the parts of a child network add layers to a graph.
 *
 * The graph's arrays are allocated beforehand for the largest possible network, so nothing here fails. Every
 * call that adds a layer returns the value that its readers start from: its output, with its normalisation if
 * it has one, not rectified. `path` is the place in the network; the layer adds its own kind to it. */
#ifndef PNAS_NET_GRAPH_BUILDER_H
#define PNAS_NET_GRAPH_BUILDER_H

#include "src/net/graph.h"

typedef struct { /* a convolution of any kind or a pool */
    pnas_layer_kind kind;
    int filters; /* channels out; not looked at where the kind keeps them */
    int kernel_h, kernel_w, stride_h, stride_w, dilation;
    bool valid; /* only where the window lies inside; else SAME padding */
} pnas_filter;

/* A square filter; a factorized reduction. */
pnas_filter pnas_filter_square(pnas_layer_kind kind, int filters, int kernel, int stride, int dilation);
pnas_filter pnas_filter_reduction(int filters);

/* A new tensor of `segments` times `segment_channels` as a whole value. */
pnas_value pnas_graph_add_tensor(pnas_graph *graph, int segments, int segment_channels, int height,
                                 int width);

/* The same value rectified; one segment of it; its logical channels. */
pnas_value pnas_value_rectified(pnas_value value);
pnas_value pnas_value_segment(pnas_value value, int segment);
int pnas_value_channels(const pnas_graph *graph, pnas_value value);

pnas_value pnas_graph_add_filter(pnas_graph *graph, const char *path, pnas_value in,
                                 const pnas_filter *filter);

/* a + b, written to `into`, which is returned. drop_path: as in pnas_layer. */
pnas_value pnas_graph_add_sum(pnas_graph *graph, const char *path, pnas_value a, pnas_value b,
                              const int drop_path[2], pnas_value into);

/* `in`, normalised or regrouped, written to `into`, which is returned. */
pnas_value pnas_graph_add_copy(pnas_graph *graph, const char *path, pnas_value in, pnas_value into);

/* The same channels in one segment, where channel-by-channel layers can read them: a copy if they are not. */
pnas_value pnas_graph_add_regrouped(pnas_graph *graph, const char *path, pnas_value value);

/* Global pool and classifier; the logits. */
pnas_value pnas_graph_add_head(pnas_graph *graph, const char *path, pnas_value in, int classes);

/* Outputs of a filter with SAME padding over `size` pixels, and what of the padding stands in front. */
int pnas_same_size(int size, int stride);
int pnas_same_pad(int size, int kernel, int stride, int dilation);

#endif
