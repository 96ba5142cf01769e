/* Where each tensor of a graph lives in one arena, and how much a child needs, before anything is allocated.
 *
 * The order of work is the layers' order forward, then (in training) backward in reverse. In training the
 * data of a tensor lives from its layer's forward to that layer's backward; in evaluation to its last reader.
 * Its gradient (the loss by the *normalised, not rectified* value) lives from the backward of its last reader
 * to the backward of the last layer that needs it; that of the logits is written by the loss. Places are
 * given by first fit over these lifetimes and begin at multiples of 32 floats. Where the arena is longer than
 * what a device allows in one buffer (`part`), it is cut into several, and nothing lies across a cut, but what
 * is longer than a part itself, which no such device can hold.
 *
 * With half storage the data of every tensor takes two bytes a value, but for what a kind with floats_only
 * reads and writes; gradients are always floats.
 *
 * A kind with passes_gradient_through (ADD) gives its operands the gradient of its output unchanged: one that
 * is a whole tensor, not rectified, and read by this ADD alone has no gradient of its own but the segment of
 * the ADD's output gradient it is added into (gradient_tensor, gradient_segment; followed to the root). Where
 * paths may be dropped, the gradient of a path is scaled, and so it has a place of its own. */
#ifndef PNAS_NET_MEMORY_PLAN_H
#define PNAS_NET_MEMORY_PLAN_H

#include "src/net/graph.h"
#include "src/net/training.h"

typedef struct {
    int batch;  /* N */
    int vector; /* V: channels are padded to a multiple of it */
    bool training;
    pnas_storage storage;
    bool drop_path; /* paths may be dropped */
    int64_t part;   /* floats that one buffer of the device may have; 0: any number */
} pnas_memory_plan_options;

typedef struct {
    pnas_memory_plan_options options;
    int64_t floats;        /* size of the arena */
    int64_t part;          /* floats of each of the buffers it is cut into, but for the last */
    int64_t largest;       /* floats of what must lie in one buffer */
    int64_t *data;         /* [tensor_count] offset in floats */
    int64_t *gradient;     /* [tensor_count] offset in floats, -1 if none (evaluation, images, aliases) */
    int *gradient_tensor;  /* [tensor_count] the tensor whose gradient holds this one's: itself, or a root */
    int *gradient_segment; /* [tensor_count] the segment of that tensor's gradient; 0 where it is itself */
    int64_t *kept;         /* [layer_count] offset in floats of what the layer's forward pass keeps for its
                              backward pass (training, bytes as its kind says), else -1 */
    int64_t *size;         /* [tensor_count] values: batch * padded channels * height * width */
    bool *half;            /* [tensor_count] its data are halves */
} pnas_memory_plan;

pnas_status pnas_memory_plan_create(const pnas_graph *graph, const pnas_memory_plan_options *options,
                                    pnas_memory_plan **out);
void pnas_memory_plan_destroy(pnas_memory_plan **plan);

#endif
