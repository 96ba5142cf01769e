/* Private to surrogate_ensemble.c and tests: an ensemble's members. */
#ifndef PNAS_CL_ENSEMBLE_STATE_H
#define PNAS_CL_ENSEMBLE_STATE_H

#include "cl/surrogate/member.h"

struct pnas_ensemble {
    int members;
    pnas_member *member; /* [members] */
};

#endif
