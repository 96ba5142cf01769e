/* The graph of a network file, and whether its tensors are those of that graph. Local. */
#ifndef PNAS_IO_NETWORK_GRAPH_H
#define PNAS_IO_NETWORK_GRAPH_H

#include "io/net/network_file.h"

/* *out is the caller's (pnas_graph_destroy). PNAS_ERROR_DATA, with `path` in the message, if the network is
 * impossible or has another number of parameters than the file says, or if a tensor of the weights or of their moving
 * average is missing, has another shape, or is none of this network (nor of its auxiliary classifier). */
pnas_status pnas_network_file_graph(const char *path, const pnas_network_file *file, pnas_graph **out);

/* The same, with the auxiliary classifier where the file has its weights. */
pnas_status pnas_network_file_training_graph(const char *path, const pnas_network_file *file,
                                             pnas_graph **out);

/* The tensor of that name, borrowed; NULL if there is none. */
const pnas_named_tensor *pnas_network_tensor(const pnas_network_tensors *tensors, const char *name);

#endif
