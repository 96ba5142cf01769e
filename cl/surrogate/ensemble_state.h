/* Private to surrogate_ensemble.c and tests: an ensemble's members. */
#ifndef PNAS_CL_ENSEMBLE_STATE_H
#define PNAS_CL_ENSEMBLE_STATE_H

#include "cl/surrogate/member.h"
#include "src/regression/kernel_model.h"

struct pnas_ensemble {
    int members;
    pnas_member *member;              /* [members] */
    pnas_kernel_model kernel, origin; /* beside all members; what its fits start from. No values: none */
};

#endif
