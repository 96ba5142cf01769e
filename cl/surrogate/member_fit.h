/* Private to cl: the fit of a member. Local. */
#ifndef PNAS_CL_MEMBER_FIT_H
#define PNAS_CL_MEMBER_FIT_H

#include "cl/surrogate/member.h"

/* Fits to its share of the cells (cl/surrogate/member_order.h); see cl/surrogate/surrogate_ensemble.h. */
pnas_status pnas_member_fit(pnas_member *member, int level, const pnas_cell *cells, const double *accuracy,
                            size_t count);

/* Device memory that a fit to cells of `blocks` blocks takes at most, besides the weights: by what grows with the
 * network, not with the cells. *largest: of one buffer. */
uint64_t pnas_member_fit_bytes(const pnas_network *network, const pnas_surrogate_options *options, int blocks,
                               uint64_t *largest);

#endif
