#include "cl/ops/routed_op.h"

#include <stdio.h>

void pnas_routed_op_describe(const pnas_routed_op *op, char *out, size_t size)
{
    const pnas_route_shape *s = &op->shape;
    if (op->op == PNAS_OP_GEMM) {
        snprintf(out, size, "%lldx%lld, depth %lld%s%s", (long long)s->H, (long long)s->W, (long long)s->C,
                 op->transpose_a ? ", A transposed" : "", op->transpose_b ? ", B transposed" : "");
        return;
    }
    int used = snprintf(out, size, "N %lld, %lldx%lldx%lld", (long long)s->N, (long long)s->C,
                        (long long)s->H, (long long)s->W);
    if (s->kernel_h && (size_t)used < size)
        used += snprintf(out + used, size - (size_t)used, " to %lld, %dx%d", (long long)s->M, s->kernel_h,
                         s->kernel_w);
    if (s->stride > 1 && (size_t)used < size)
        used += snprintf(out + used, size - (size_t)used, ", stride %d", s->stride);
    if (s->dilation > 1 && (size_t)used < size)
        snprintf(out + used, size - (size_t)used, ", dilation %d", s->dilation);
}
