/* What logits say: probabilities, the class, and the figures of a test. Plain arithmetic in double precision.
 * Local. */
#ifndef PNAS_NET_FIGURES_H
#define PNAS_NET_FIGURES_H

#include "io/net/network_file.h"

/* probability [classes]: softmax. */
void pnas_softmax(const float *logits, int classes, double *probability);

/* The class with the largest logit; of equal ones the first. */
int pnas_best_class(const float *logits, int classes);

/* logits [count, classes], labels [count], count 1 or more. Fills in images, accuracy, top5, loss and confusion,
 * which is the caller's (free). Of equal logits the smaller class counts as the larger. PNAS_ERROR_DATA if a
 * logit is not finite. */
pnas_status pnas_test_figures(const float *logits, const uint16_t *labels, size_t count, int classes,
                              pnas_network_test *out);

/* order [count], for the caller: the images by the probability of their own class, the least first; of equal ones
 * the earlier first. logits [count, classes]. */
pnas_status pnas_worst_order(const float *logits, const uint16_t *labels, size_t count, int classes,
                             size_t *order);

#endif
