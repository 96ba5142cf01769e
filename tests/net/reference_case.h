/* Fixed children whose first training steps were computed by tests/cl/reference/child_reference.py: what they
 * start from, by the same integer formulas, and the losses they must give. */
#ifndef PNAS_TESTS_NET_REFERENCE_CASE_H
#define PNAS_TESTS_NET_REFERENCE_CASE_H

#include "src/net/graph.h"
#include "src/net/training.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REFERENCE_STEPS 50

typedef struct {
    const char *name; /* of the losses' file: <name>_losses.txt */
    const char *cell; /* with the paper's operators and conv3 */
    pnas_network_options network;
    int batch; /* every step trains on the same images 0 .. batch-1 */
    double drop_path, smoothing;
    bool mixed; /* by reference_case_mix */
} reference_case;

/* NULL after the last; 0: PNAS_CONCATENATE_ALL, 1: PNAS_CONCATENATE_UNUSED_INPUTS at odd sizes,
 * 2: with drop-path, an auxiliary classifier, smoothed labels, mixup and cutmix. */
const reference_case *reference_case_at(int index);

/* The cell's graph; its operators are written to *operators where that is not NULL. */
pnas_status reference_case_graph(const reference_case *of, pnas_operator_set *operators, pnas_graph **out);

/* A cell of one block that applies an operator of this kind, kernel 3 where it may be, to both inputs; in
 * *operators, too. */
pnas_status reference_case_of_kind(pnas_operator_kind kind, pnas_operator_set *operators, pnas_cell *out);

/* SGD with momentum 0.9, decay 5e-4, clipping at 2, epsilon 1e-5, and a cosine over REFERENCE_STEPS epochs of
 * one step; nothing is augmented. */
void reference_case_training(const reference_case *of, pnas_training_options *out);

/* Initial value `i`, row-major in the logical shape. */
double reference_case_parameter(const pnas_parameter *parameter, size_t i);

/* Byte i of all images [N, H, W, C], the figures that normalise channel c, and the label of image n. */
uint8_t reference_case_byte(size_t i);
double reference_case_mean(int c);
double reference_case_deviation(int c);
int reference_case_label(const reference_case *of, int n);

/* Whether path `path` of `paths` is kept for image n of N in a step, where drop-path is on. */
bool reference_case_keeps(int step, int N, int n, int paths, int path);

typedef struct {
    int other;                    /* the image it is mixed with */
    int top, left, height, width; /* of the rectangle that shows only that one */
    float image_share, label_share;
} reference_mix;

/* How image n is mixed. */
reference_mix reference_case_mix(const reference_case *of, int n);

/* Reads the losses and the number of parameters. PNAS_ERROR_FILE or PNAS_ERROR_DATA. */
pnas_status reference_case_losses(const reference_case *of, double losses[REFERENCE_STEPS],
                                  int64_t *parameters);

#endif
