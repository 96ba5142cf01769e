/* Private to cl: which of CLBlast's parameters are the fastest for some matrix products. */
#ifndef PNAS_CL_TUNER_CLBLAST_H
#define PNAS_CL_TUNER_CLBLAST_H

#include "cl/ops/routed_op.h"
#include "cl/runtime/clblast_parameters.h"

typedef struct {
    pnas_routed_op op; /* PNAS_OP_GEMM */
    int count;         /* how often it is computed */
    double seconds; /* by CLBlast with the parameters that were chosen; 0: they are its own, or it is wrong */
} pnas_tuned_product;

/* Tries `most` sets of parameters of each kernel (0: all). A set must compute all products rightly and be
 * faster than CLBlast's own by a margin in all, else *out stays CLBlast's own there. Leaves parameters in
 * force that were tried: for the end of a tuner's work. */
pnas_status pnas_tuner_clblast(pnas_cl *cl, pnas_tuned_product *products, size_t count, int most,
                               pnas_clblast_parameters *out);

#endif
