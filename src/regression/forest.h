/* A random forest of regression trees (Breiman 2001) over small whole numbers. On the host; the same arguments give
 * the same bits. Local.
 *
 * Each of PNAS_FOREST_TREES trees is fit to as many rows as there are, drawn with replacement by a stream of its own.
 * A node is split where the sum of squares about the means of both sides is least, over all features and all places
 * between two values that its rows have; halfway between them, and of equal ones at the first feature in an order drawn
 * for the node. It is a leaf, with the mean of its rows, where they all have one target or one description. */
#ifndef PNAS_REGRESSION_FOREST_H
#define PNAS_REGRESSION_FOREST_H

#include "src/base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { PNAS_FOREST_TREES = 100, PNAS_FOREST_VALUES = 64, PNAS_FOREST_FEATURES_MAX = 64 };

typedef struct pnas_forest pnas_forest;

/* row [count][features], values below PNAS_FOREST_VALUES; target [count]; `count` and `features` at least 1. */
pnas_status pnas_forest_fit(const uint8_t *row, const float *target, size_t count, size_t features,
                            pnas_forest **out);
void pnas_forest_destroy(pnas_forest **forest);

/* The mean over the trees; row [features]. */
double pnas_forest_value(const pnas_forest *forest, const uint8_t *row);

#endif
