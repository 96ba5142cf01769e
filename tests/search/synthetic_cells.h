/* Cells with made-up but structured accuracies, for judging surrogates and searches where the truth is known.
 *
 * The accuracy of a cell is 0.6, plus 0.02 for each block after the first, plus the mean over its blocks of
 * the effects of both sides (of the operator, of the kind of input, which is H(c-2), H(c-1) or an earlier
 * block, and of the two together) and of the pair of operators, plus noise. Effects are drawn once with the
 * deviations below; noise is drawn for each cell. The same seed gives the same table everywhere. */
#ifndef PNAS_TESTS_SYNTHETIC_CELLS_H
#define PNAS_TESTS_SYNTHETIC_CELLS_H

#include "src/search/cell_table.h"

#define SYNTHETIC_OPERATOR 0.035 /* deviation of an operator's effect */
#define SYNTHETIC_INPUT    0.02  /* of an input's */
#define SYNTHETIC_SIDE     0.015 /* of an operator's with an input */
#define SYNTHETIC_PAIR     0.02  /* of two operators' in a block */

/* 0 .. 1; `noise` is a standard deviation. */
double synthetic_accuracy(const pnas_cell *cell, uint64_t seed, double noise);

/* All one-block cells of `space` and `more` random ones of each other number of blocks, each cell once. The
 * caller destroys the table. */
pnas_status synthetic_table(const pnas_space *space, size_t more, uint64_t seed, double noise,
                            pnas_cell_table **out);

/* The paper's operators and inputs. */
pnas_space synthetic_space(int blocks);

#endif
