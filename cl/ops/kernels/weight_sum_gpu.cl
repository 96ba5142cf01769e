/* Weight gradients of all convolutions for GPUs from their partial sums: one kernel for any window, V = 4, so that many
 * sums become one launch. */
#define WIDTH 4
#include "view.h"

#include "job.h"

#define GROUP 128 /* as in cl/ops/weight_sum_gpu.c */

typedef struct {
    JOB_HEAD;
    JOB_SLICE(partial);
    int partials, count, lanes;
    int C, M, split;
    JOB_SLICE(gradient);
} weight_sum_job;

/* gradient [count]: the sum of partial [partials][count]. A group has GROUP / lanes float4s of it; lane i adds partial
 * sums i, i + lanes, ...; then lanes are added in their order. Where split is not 0, the weights are a factorized
 * reduction's [taps][C][M], and those that it does not use are 0. */
GROUP_KERNEL(GROUP)
weight_sum_gpu(JOB_FLOATS(partial), JOB_OUT_FLOATS(gradient), JOBS(weight_sum_job))
{
    __local float4 room[GROUP];
    const __global weight_sum_job *job = JOB;
    const int lanes = job->lanes, wide = GROUP / lanes, count = job->count;
    const int l = get_local_id(0), at = (JOB_GROUP * wide + l % wide) * V;
    float4 sum = (float4)(0.0f);
    if (at < count)
        for (int i = l / wide; i < job->partials; i += lanes)
            sum += LOAD(partial + job->partial_at + (ulong)i * count + at);
    room[l] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (l >= wide || at >= count)
        return;
    for (int lane = 1; lane < lanes; ++lane)
        sum += room[lane * wide + l];
    if (job->split) {
        const int m = at % job->M, tap = at / (job->C * job->M);
        const int4 first = (int4)(m, m + 1, m + 2, m + 3) < (int4)(job->split);
        sum = select((float4)(0.0f), sum, tap ? ~first : first);
    }
    STORE(sum, gradient + job->gradient_at + at);
}
