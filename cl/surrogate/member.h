/* Private to cl: one member of a surrogate, a network with its weights, its share of the cells, its fit
 * and its predictions. Local. */
#ifndef PNAS_CL_MEMBER_H
#define PNAS_CL_MEMBER_H

#include "cl/surrogate/network.h"

typedef struct {
    pnas_cl *cl; /* borrowed */
    pnas_surrogate_options options;
    int number; /* of the ensemble, from 0 */
    int blocks; /* B */
    pnas_network network;
    cl_mem parameters;
    bool fitted;
    float *origin; /* [network.count]: what fits start from instead of fresh weights; NULL: nothing */
    pnas_status (*tick)(void *payload);
    void *tick_payload;
} pnas_member;

/* Options must have been checked. */
pnas_status pnas_member_open(pnas_cl *cl, const pnas_surrogate_options *options, const pnas_space *space,
                             int number, pnas_member *out);
void pnas_member_close(pnas_member *member);

/* From now on fits start from `weights` [network.count], which are copied; see
 * cl/surrogate/surrogate_ensemble.h. */
pnas_status pnas_member_start_from(pnas_member *member, const float *weights);

/* PNAS_ERROR_DATA unless all cells have 1 to B blocks. */
pnas_status pnas_member_check_cells(const pnas_member *member, const pnas_cell *cells, size_t count);

/* Waits for the device and asks the tick, whose status it returns. */
pnas_status pnas_member_poll(pnas_member *member);

#endif
