/* Private to cl: what the ranking loss leaves open. It orders logits but fixes neither their zero nor
 * their unit, so they are mapped to those of accuracies afterwards, on a straight line that keeps the order.
 * Local. */
#ifndef PNAS_CL_MEMBER_SCALE_H
#define PNAS_CL_MEMBER_SCALE_H

#include "cl/surrogate/member.h"

/* Scales the last layer by least squares between the logits of what is predicted and of `accuracy` [count].
 * Does nothing where that line does not rise. */
pnas_status pnas_member_scale(pnas_member *member, const pnas_cell *cells, const double *accuracy,
                              size_t count);

#endif
