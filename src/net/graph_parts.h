/* A network's graph as its few parts, for drawings: images, stem, cells, auxiliary classifier, classifier. Local. */
#ifndef PNAS_NET_GRAPH_PARTS_H
#define PNAS_NET_GRAPH_PARTS_H

#include "src/net/graph.h"

/* "stem: 3x3 convolution" */
const char *pnas_network_stem_name(const pnas_network_options *options);

/* The first parts; the cells follow, then pnas_graph_parts.auxiliary and .head. */
enum { PNAS_PART_IMAGES, PNAS_PART_STEM, PNAS_PART_CELLS };

typedef struct {
    bool there;         /* it has layers, or is the images */
    int output;         /* the tensor that other parts read; of the head and the auxiliary one: the logits */
    int64_t parameters; /* trainable values */
} pnas_graph_part;

typedef struct { /* arrays are owned */
    int cells, auxiliary, head, count;
    pnas_graph_part *part; /* [count] */
    bool *reads;           /* [count][count], see pnas_graph_part_reads */
} pnas_graph_parts;

/* PNAS_ERROR_MEMORY; *out is pnas_graph_parts_clear's in any case. */
pnas_status pnas_graph_parts_create(const pnas_graph *graph, pnas_graph_parts *out);
void pnas_graph_parts_clear(pnas_graph_parts *parts);

/* Whether layers of part `to` read what part `from` writes. */
bool pnas_graph_part_reads(const pnas_graph_parts *parts, int to, int from);

#endif
