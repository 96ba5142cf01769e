/* What a child that was stopped at a rung would have reached, from its curve, by those of this search's finished
 * children.
 *
 * logit(accuracy at the end) = m_y + slope (logit(accuracy at the rung) - m_x), with the means m_x and m_y over the
 * finished children. The slope is that of least squares, drawn towards 1 by a penalty of 1 on the square of its
 * difference, so that one or two finished children shift the curve only; without any, what was measured last is
 * taken. It is never below 0: the order at a rung stays. Logits are of accuracies within 0.001 of 0 and 1. Local. */
#ifndef PNAS_SEARCH_CURVE_MODEL_H
#define PNAS_SEARCH_CURVE_MODEL_H

#include "src/search/level.h"

/* Sets what is expected of each stopped child of level[0 .. levels). */
void pnas_curves_expect(pnas_level *level, int levels);

#endif
