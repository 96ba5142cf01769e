/* The update of all parameters in one pass: SGD, Adam (Kingma and Ba 2015), RMSProp (Tieleman and Hinton
 * 2012) as PyTorch defines them, after clipping by the gradient's global norm.
 *
 * parameters, gradients [count]; moments [count] (SGD) or [2][count]; values [0, decayed) have weight decay.
 * WIDTH: values of a work-item (1, or 8 on CPUs); OPTIMIZER: 0 SGD, 1 Adam, 2 RMSProp. */
#ifndef WIDTH
#define WIDTH 1
#endif
#ifndef OPTIMIZER
#define OPTIMIZER 0
#endif
#include "view.h"

#include "update_step.h"

#define CHUNK 4096
#define GROUP 64

/* partial [ceil(count / CHUNK)]: sums of squares of the gradients. NDRange: (partials), on CPUs. */
__kernel void gradient_squares(SLICE(gradients), const ulong count, OUT_SLICE(partial), const int partials)
{
    const int p = get_global_id(0);
    if (p >= partials)
        return;
    const __global float *g = gradients + gradients_at;
    const ulong first = (ulong)p * CHUNK, end = min(count, first + CHUNK);
    float8 sums = (float8)(0.0f);
    ulong i = first;
    for (; i + 8 <= end; i += 8) {
        const float8 v = vload8(0, g + i);
        sums = fma(v, v, sums);
    }
    const float4 four = sums.lo + sums.hi;
    float sum = (four.x + four.y) + (four.z + four.w);
    for (; i < end; ++i)
        sum = fma(g[i], g[i], sum);
    partial[partial_at + p] = sum;
}

/* The same where many work-items share the work and neighbours should read neighbours: partial [groups], each of a
 * group's GROUP items, which go on by the whole grid and then add up as a tree. NDRange: (groups * GROUP). */
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
gradient_squares_of_groups(SLICE(gradients), const ulong count, OUT_SLICE(partial), const int partials)
{
    __local float sums[GROUP];
    const int item = get_local_id(0);
    const __global float *g = gradients + gradients_at;
    float sum = 0.0f;
    for (ulong i = get_global_id(0); i < count; i += (ulong)partials * GROUP)
        sum = fma(g[i], g[i], sum);
    sums[item] = sum;
    for (int half_group = GROUP / 2; half_group > 0; half_group /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < half_group)
            sums[item] += sums[item + half_group];
    }
    if (item == 0)
        partial[partial_at + get_group_id(0)] = sums[0];
}

/* factor [1] = min(1, clip / norm). One group of GROUP items. */
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void
clip_factor(SLICE(partial), const int partials, const float clip, OUT_SLICE(factor))
{
    __local float sums[GROUP];
    const int item = get_local_id(0);
    float sum = 0.0f;
    for (int p = item; p < partials; p += GROUP)
        sum += partial[partial_at + p];
    sums[item] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item)
        return;
    float all = 0.0f;
    for (int k = 0; k < GROUP; ++k)
        all += sums[k];
    const float norm = sqrt(all);
    factor[factor_at] = norm > clip ? clip / norm : 1.0f;
}

/* correction [2] = 1 - beta1^t and the root of 1 - beta2^t, t the steps done and this one. Once for all parameters,
 * as powers cost more than the update of one; from logarithms, for 1 - beta^t without cancellation. NDRange: (1). */
__kernel void adam_corrections(INT_SLICE(state), const float log_beta1, const float log_beta2,
                               OUT_SLICE(correction))
{
    const float t = (float)(state[state_at] + 1);
    correction[correction_at] = -expm1(t * log_beta1);
    correction[correction_at + 1] = sqrt(-expm1(t * log_beta2));
}

/* `lanes` values at p (fewer than WIDTH only at the very end), and back. */
INLINE REAL fetch(const __global float *p, const int lanes)
{
#if WIDTH > 1
    if (lanes < WIDTH) {
        float some[WIDTH] = {0.0f};
        for (int k = 0; k < lanes; ++k)
            some[k] = p[k];
        return vload8(0, some);
    }
#endif
    return LOAD(p);
}

INLINE void put(const REAL value, __global float *p, const int lanes)
{
#if WIDTH > 1
    if (lanes < WIDTH) {
        float some[WIDTH];
        vstore8(value, 0, some);
        for (int k = 0; k < lanes; ++k)
            p[k] = some[k];
        return;
    }
#endif
    STORE(value, p);
}

/* Weight decay of the values at i. */
INLINE REAL decay_at(const ulong i, const ulong decayed, const float weight_decay)
{
#if WIDTH == 1
    return i < decayed ? weight_decay : 0.0f;
#else
    const int decaying = i < decayed ? (int)min(decayed - i, (ulong)WIDTH) : 0;
    return select((float8)(0.0f), (float8)(weight_decay), (int8)(0, 1, 2, 3, 4, 5, 6, 7) < (int8)(decaying));
#endif
}

/* rates [steps]: rate of each step; factor [3]: of clipping, and for Adam the two corrections;
 * NDRange: (ceil(count / WIDTH)). */
__kernel void update(OUT_SLICE(parameters), SLICE(gradients), OUT_SLICE(moments), const ulong count,
                     const ulong decayed, SLICE(rates), INT_SLICE(state), SLICE(factor), const int clipping,
                     const float weight_decay, const float momentum, const float beta1, const float new1,
                     const float beta2, const float new2, const float epsilon, const int nesterov)
{
    const ulong i = (ulong)get_global_id(0) * WIDTH;
    if (i >= count)
        return;
    const int lanes = (int)min(count - i, (ulong)WIDTH), done = state[state_at];
    settings s = {rates[rates_at + done],
                  weight_decay,
                  momentum,
                  beta1,
                  new1,
                  beta2,
                  new2,
                  epsilon,
                  1.0f,
                  1.0f,
                  nesterov};
#if OPTIMIZER == 1
    s.correction1 = factor[factor_at + 1];
    s.correction2 = factor[factor_at + 2];
#endif
    const float scale = clipping ? factor[factor_at] : 1.0f;
    const REAL old = fetch(parameters + parameters_at + i, lanes);
    const REAL gradient = fetch(gradients + gradients_at + i, lanes) * scale;
    const REAL g = fma(decay_at(i, decayed, s.weight_decay), old, gradient);
    __global float *m = moments + moments_at + i;
    REAL first = fetch(m, lanes), second = (REAL)(0.0f);
#if OPTIMIZER != 0
    second = fetch(m + count, lanes);
#endif
    put(step(s, old, g, &first, &second), parameters + parameters_at + i, lanes);
    put(first, m, lanes);
#if OPTIMIZER != 0
    put(second, m + count, lanes);
#endif
}

/* average += (1 - d) (parameters - average), d = min(decay, (1 + t) / (10 + t)). NDRange: (count). */
__kernel void average(SLICE(parameters), const ulong count, const float decay, INT_SLICE(state),
                      OUT_SLICE(mean))
{
    const ulong i = get_global_id(0);
    if (i >= count)
        return;
    const float t = (float)state[state_at], d = fmin(decay, (1.0f + t) / (10.0f + t));
    const float old = mean[mean_at + i];
    mean[mean_at + i] = fma(1.0f - d, parameters[parameters_at + i] - old, old);
}
