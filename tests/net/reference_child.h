/* A child's training in plain C and double precision, layer by layer: what device code is held against.
 *
 * Tensors are [N, C, H, W] with logical channels (segments side by side, no padding); parameters have their
 * logical shapes. Nothing is fused, shared or reused. Batch normalisation uses the batch's mean and biased
 * variance. Out of memory ends the program. */
#ifndef PNAS_TESTS_NET_REFERENCE_CHILD_H
#define PNAS_TESTS_NET_REFERENCE_CHILD_H

#include "src/net/graph.h"
#include "src/net/training.h"

#include <stddef.h>

typedef struct {
    size_t count; /* product of the logical shape; a reduction's unused taps are there and have no effect */
    double *value, *gradient, *moment;
} reference_parameter;

typedef struct {
    double *mean, *inverse_deviation; /* [channels] of the last forward */
} reference_norm;

typedef struct {
    const pnas_graph *graph; /* borrowed */
    int N;
    double norm_epsilon;
    reference_parameter *parameter; /* [graph->parameter_count] */
    reference_norm *norm;           /* [graph->norm_count] */
    double **data, **gradient;      /* [graph->tensor_count]; the gradient by the normalised value */
    int **position;                 /* [graph->layer_count] of max pools: pixel chosen for each output */
    int *label;                     /* [N] */
    const double
        *factor; /* [graph->drop_paths][N] what drop-path multiplies paths by, borrowed; NULL: none */
} reference_child;

/* All parameters are zero. `graph` is borrowed until the child is destroyed. */
reference_child *reference_child_create(const pnas_graph *graph, int N, double norm_epsilon);
void reference_child_destroy(reference_child **child);

/* images [N, H, W, C], already normalised. */
void reference_child_load(reference_child *child, const double *images, const int *labels);

/* The mean cross entropy of the loaded batch, and, after forward, that of the auxiliary classifier times its
 * weight, 0 without one. */
double reference_child_forward(reference_child *child);
double reference_child_auxiliary_loss(const reference_child *child);

/* After forward: gradients of the loss by every tensor and parameter. */
void reference_child_backward(reference_child *child);

/* The global norm of the parameters' gradient. */
double reference_child_gradient_norm(const reference_child *child);

/* Forward, backward and one step of SGD with momentum, weight decay and clipping at learning rate `rate`;
 * returns the loss before the step. */
double reference_child_step(reference_child *child, const pnas_training_options *options, double rate);

#endif
