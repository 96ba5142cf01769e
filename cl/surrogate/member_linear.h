/* Private to cl: a member's linear part, fit and put in. Local. */
#ifndef PNAS_CL_MEMBER_LINEAR_H
#define PNAS_CL_MEMBER_LINEAR_H

#include "cl/surrogate/member.h"

/* Fits the linear part to the cells and gives it its share of predictions. Nothing where there is none. */
pnas_status pnas_member_fit_linear(pnas_member *member, const pnas_cell *cells, const double *accuracy,
                                   size_t count);

/* Takes its share away, for the network to be fit alone. */
pnas_status pnas_member_disable_linear(pnas_member *member);

#endif
