/* One op of a child on random data, as a child's step launches it. */
#ifndef PNAS_BENCH_OP_BENCH_H
#define PNAS_BENCH_OP_BENCH_H

#include "bench/op_cases.h"
#include "cl/runtime/launch.h"

typedef struct pnas_op_bench pnas_op_bench;

pnas_status pnas_op_bench_create(pnas_cl *cl, const pnas_op_case *what, int batch, pnas_op_bench **out);
void pnas_op_bench_destroy(pnas_op_bench **bench);

/* Appends the op, or its gradients (with respect to input and weights); appends nothing where there is
 * nothing to do: the gradient of a sum is its operands', an update has none. */
pnas_status pnas_op_bench_append(pnas_op_bench *bench, pnas_launch_list *list, bool backward);

#endif
