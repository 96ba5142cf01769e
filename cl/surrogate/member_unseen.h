/* Private to cl: inputs and operators that stand in none of the cells that a member was fit on, but may
 * in those that it is to predict: after level b that is always input b - 1. Local. */
#ifndef PNAS_CL_MEMBER_UNSEEN_H
#define PNAS_CL_MEMBER_UNSEEN_H

#include "cl/surrogate/member.h"

/* Gives them embeddings: an earlier block that of the last earlier block seen; where there is none, and any
 * other, the mean of those seen of its kind. As drawn they would be noise, and not small beside what was
 * learnt. Where fits start from another search's weights, all are given what they have there. */
pnas_status pnas_member_initialise_unseen(pnas_member *member, const pnas_cell *cells, size_t count);

#endif
