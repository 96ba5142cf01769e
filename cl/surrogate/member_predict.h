/* Private to cl: the predictions of a member. Local. */
#ifndef PNAS_CL_MEMBER_PREDICT_H
#define PNAS_CL_MEMBER_PREDICT_H

#include "cl/surrogate/member.h"

/* out [count]. A prediction's bits depend on which cells of its length stand beside it in `cells`. */
pnas_status pnas_member_predict(pnas_member *member, const pnas_cell *cells, size_t count, double *out);

typedef struct {
    const double *logit; /* [count]: of the kernel part; NULL: there is none */
    float share;         /* of the logit of a prediction */
} pnas_beside;

pnas_status pnas_member_predict_beside(pnas_member *member, const pnas_cell *cells, const pnas_beside *beside,
                                       size_t count, double *out);

/* Device memory that a prediction of cells of `blocks` blocks takes at most. */
uint64_t pnas_member_predict_bytes(const pnas_network *network, int blocks);

#endif
