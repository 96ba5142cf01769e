/* Private to cl: one op at one shape on random data, by any route: its time and what it computed. */
#ifndef PNAS_CL_TUNER_BENCH_H
#define PNAS_CL_TUNER_BENCH_H

#include "cl/ops/routed_op.h"

typedef struct pnas_tuner_bench pnas_tuner_bench;

/* `op` and `cl` are borrowed. */
pnas_status pnas_tuner_bench_create(pnas_cl *cl, const pnas_routed_op *op, pnas_tuner_bench **out);
void pnas_tuner_bench_destroy(pnas_tuner_bench **bench);

/* Whether the tuner has a bench for this kind of op; the others take too little of a step to matter. */
bool pnas_tuner_bench_knows(pnas_op_kind op);

/* Microseconds of the op by `route`, the least of several runs; the first call must be for PLAIN, whose
 * results the others are held against: below 0 if they differ by more than rounding, or are not numbers. */
pnas_status pnas_tuner_bench_measure(pnas_tuner_bench *bench, pnas_route route, double *microseconds);

#endif
