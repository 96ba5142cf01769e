/* The update of update.cl for GPUs: float4, and two launches in all, since each group finds the factor of clipping and
 * Adam's corrections itself. Parameters, gradients and moments start at multiples of four floats, and their count is
 * one. OPTIMIZER: 0 SGD, 1 Adam, 2 RMSProp. */
#define WIDTH 4
#ifndef OPTIMIZER
#define OPTIMIZER 0
#endif
#include "view.h"

#include "job.h"
#include "spread.h"
#include "update_step.h"

/* The sum of one float an item, the same for all of the group. */
INLINE float sum_of_group(__local float *sums, const float own)
{
    const int item = get_local_id(0);
    sums[item] = own;
    for (int half_group = SPREAD_GROUP / 2; half_group > 0; half_group /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < half_group)
            sums[item] += sums[item + half_group];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    return sums[0];
}

typedef struct {
    JOB_HEAD;
    JOB_SLICE(gradients);
    ulong count;
    JOB_SLICE(partial);
    int partials;
} squares_job;

/* partial [partials]: sums of squares of the gradients. A group sums every partials-th piece of GROUP float4s. */
GROUP_KERNEL(SPREAD_GROUP)
gradient_squares_gpu(JOB_FLOATS(gradients), JOB_OUT_FLOATS(partial), JOBS(squares_job))
{
    __local float sums[SPREAD_GROUP];
    const __global squares_job *job = JOB;
    const __global float *g = gradients + job->gradients_at;
    const ulong step = (ulong)job->partials * SPREAD_GROUP * V;
    float4 squares = (float4)(0.0f);
    for (ulong i = (ulong)SPREAD_ITEM * V; i < job->count; i += step) {
        const float4 value = LOAD(g + i);
        squares = fma(value, value, squares);
    }
    const float sum = sum_of_group(sums, (squares.x + squares.y) + (squares.z + squares.w));
    if (get_local_id(0) == 0)
        partial[job->partial_at + JOB_GROUP] = sum;
}

typedef struct {
    JOB_HEAD;
    JOB_SLICE(parameters);
    JOB_SLICE(gradients);
    JOB_SLICE(moments);
    ulong count, decayed;
    JOB_SLICE(rates);
    JOB_SLICE(partial);
    JOB_SLICE(state);
    int partials; /* 0: gradients are not clipped */
    float clip, weight_decay, momentum, beta1, new1, beta2, new2, epsilon;
    int nesterov;
    float log_beta1, log_beta2;
} update_job;

/* min(1, clip / norm) */
INLINE float clip_factor(__local float *sums, const __global float *partial, const int partials,
                         const float clip)
{
    float sum = 0.0f;
    for (int p = get_local_id(0); p < partials; p += SPREAD_GROUP)
        sum += partial[p];
    const float norm = sqrt(sum_of_group(sums, sum));
    return norm > clip ? clip / norm : 1.0f;
}

INLINE settings settings_make(const __global update_job *job, const __global float *rates, const int done)
{
    settings s = {rates[job->rates_at + done],
                  job->weight_decay,
                  job->momentum,
                  job->beta1,
                  job->new1,
                  job->beta2,
                  job->new2,
                  job->epsilon,
                  1.0f,
                  1.0f,
                  job->nesterov};
#if OPTIMIZER == 1
    s.correction1 = -expm1((float)(done + 1) * job->log_beta1);
    s.correction2 = sqrt(-expm1((float)(done + 1) * job->log_beta2));
#endif
    return s;
}

/* As update of update.cl. */
GROUP_KERNEL(SPREAD_GROUP)
update_gpu(JOB_OUT_FLOATS(parameters), JOB_FLOATS(gradients), JOB_OUT_FLOATS(moments), JOB_FLOATS(rates),
           JOB_FLOATS(partial), const __global int *restrict state, JOBS(update_job))
{
    __local float sums[SPREAD_GROUP];
    const __global update_job *job = JOB;
    float scale = 1.0f;
    if (job->partials)
        scale = clip_factor(sums, partial + job->partial_at, job->partials, job->clip);
    const settings s = settings_make(job, rates, state[job->state_at]);
#pragma unroll
    for (int k = 0; k < SPREAD_EACH; ++k) {
        const ulong i = (ulong)SPREAD_INDEX(k) * V;
        if (i >= job->count)
            return;
        const int decaying = i < job->decayed ? (int)min(job->decayed - i, (ulong)V) : 0;
        const float4 decay =
            (int4)(0, 1, 2, 3) < (int4)(decaying) ? (float4)(s.weight_decay) : (float4)(0.0f);
        __global float *p = parameters + job->parameters_at + i, *m = moments + job->moments_at + i;
        const float4 old = LOAD(p), g = fma(decay, old, LOAD(gradients + job->gradients_at + i) * scale);
        float4 first = LOAD(m), second = (float4)(0.0f);
#if OPTIMIZER != 0
        second = LOAD(m + job->count);
#endif
        STORE(step(s, old, g, &first, &second), p);
        STORE(first, m);
#if OPTIMIZER != 0
        STORE(second, m + job->count);
#endif
    }
}

typedef struct {
    JOB_HEAD;
    JOB_SLICE(parameters);
    ulong count;
    float decay;
    JOB_SLICE(state);
    JOB_SLICE(mean);
} average_job;

/* As average of update.cl. */
GROUP_KERNEL(SPREAD_GROUP)
average_gpu(JOB_FLOATS(parameters), const __global int *restrict state, JOB_OUT_FLOATS(mean),
            JOBS(average_job))
{
    const __global average_job *job = JOB;
    const float t = (float)state[job->state_at], d = fmin(job->decay, (1.0f + t) / (10.0f + t));
#pragma unroll
    for (int k = 0; k < SPREAD_EACH; ++k) {
        const ulong i = (ulong)SPREAD_INDEX(k) * V;
        if (i >= job->count)
            return;
        __global float *to = mean + job->mean_at + i;
        const float4 old = LOAD(to);
        STORE(fma((float4)(1.0f - d), LOAD(parameters + job->parameters_at + i) - old, old), to);
    }
}
