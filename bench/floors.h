/* What a device can do at best, measured by kernels that do nothing else: the floors that ops are held
 * against. */
#ifndef PNAS_BENCH_FLOORS_H
#define PNAS_BENCH_FLOORS_H

#include "cl/runtime/context_fields.h"

typedef struct {
    double flops; /* a second: chains of fused multiply-adds in registers */
    double bytes; /* a second, read and written: a copy of arrays that no cache holds */
} pnas_floors;

/* Takes a second or so. */
pnas_status pnas_floors_measure(pnas_cl *cl, pnas_floors *out);

/* The least seconds that so much work takes by these floors. */
double pnas_floors_seconds(const pnas_floors *floors, double flops, double bytes);

#endif
