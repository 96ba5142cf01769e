/* How long a child trains on one kind of device, learned from the children that were trained there.
 *
 * seconds = a * multiply-adds + b * values written + c * layers + d with a, b, c, d >= 0, by least squares of
 * the relative error: a is the arithmetic, b the memory, c the launches, d what every child costs. With few
 * measurements only a is fit, and a value counts as 20 multiply-adds; with none a child's expected duration
 * is its multiply-adds with those of its values, in no unit. A job that is a part of a child's training takes that
 * share of it. The model decides about the order in which
 * children are handed out, never about their figures. Local. */
#ifndef PNAS_SEARCH_DURATION_MODEL_H
#define PNAS_SEARCH_DURATION_MODEL_H

#include "src/search/evaluator.h"

#define PNAS_DURATION_TERMS 4

typedef struct { /* zero to start with */
    size_t count;
    double normal[PNAS_DURATION_TERMS][PNAS_DURATION_TERMS], right[PNAS_DURATION_TERMS];
    double coefficient[PNAS_DURATION_TERMS];
    double spread; /* standard deviation of measured / expected - 1 */
} pnas_duration_model;

/* A child took so long; what is not above 0 teaches nothing. */
void pnas_duration_learn(pnas_duration_model *model, const pnas_job *job, double seconds);

double pnas_duration_expect(const pnas_duration_model *model, const pnas_job *job);

#endif
