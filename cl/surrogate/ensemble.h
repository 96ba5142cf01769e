/* Inside the cl room: an ensemble's members, for its own file and tests. */
#ifndef PNAS_CL_ENSEMBLE_H
#define PNAS_CL_ENSEMBLE_H

#include "cl/surrogate/member.h"

struct pnas_ensemble {
    int members;
    pnas_member *member; /* [members] */
};

#endif
