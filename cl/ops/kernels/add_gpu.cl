/* Sums, copies and zeros for GPUs: V = 4, a work-item some float4s (spread.h). Views [N][C/4][H*W][4]. */
#define WIDTH 4
#include "view.h"

#include "job.h"
#include "segments.h"
#include "spread.h"

typedef struct {
    JOB_HEAD;
    JOB_OPERAND(a);
    JOB_FACTORS(a);
    JOB_OPERAND(b);
    JOB_FACTORS(b);
    int two, C, pixels;
    JOB_VIEW(y);
    int N;
} add_forward_job;

/* y = a + b, each times its factor, or a alone. */
GROUP_KERNEL(SPREAD_GROUP)
add_forward_gpu(JOB_OPERAND_BUFFERS(a), JOB_FLOATS(a_factors), JOB_OPERAND_BUFFERS(b), JOB_FLOATS(b_factors),
                JOB_OUT_BUFFER(y), JOBS(add_forward_job))
{
    const __global add_forward_job *job = JOB;
    const int C = job->C, pixels = job->pixels, N = job->N, two = job->two;
#pragma unroll
    for (int k = 0; k < SPREAD_EACH; ++k) {
        spread_place at;
        if (!spread_at(SPREAD_INDEX(k), N, C / V, pixels, &at))
            return;
        float4 sum =
            JOB_FACTOR(a, at.n) * transform_apply(JOB_TRANSFORM(a, C, at.block * V),
                                                  READ(at.pixel, JOB_BLOCK(a, at.n, at.block, pixels)));
        if (two)
            sum +=
                JOB_FACTOR(b, at.n) * transform_apply(JOB_TRANSFORM(b, C, at.block * V),
                                                      READ(at.pixel, JOB_BLOCK(b, at.n, at.block, pixels)));
        WRITE(sum, at.pixel, JOB_BLOCK(y, at.n, at.block, pixels));
    }
}

typedef struct {
    JOB_HEAD;
    JOB_OPERAND(x);
    JOB_VIEW(g);
    JOB_FACTORS(g);
    int C, pixels;
    JOB_DOWNSTREAM(dx);
    int N;
} add_backward_job;

/* dx (+)= g times the image's factor where the rectifier of x let it through. */
GROUP_KERNEL(SPREAD_GROUP)
add_backward_gpu(JOB_OPERAND_BUFFERS(x), JOB_FLOATS(g), JOB_FLOATS(g_factors), JOB_OUT_FLOATS(dx),
                 JOBS(add_backward_job))
{
    const __global add_backward_job *job = JOB;
    const int C = job->C, pixels = job->pixels, N = job->N;
#pragma unroll
    for (int k = 0; k < SPREAD_EACH; ++k) {
        spread_place at;
        if (!spread_at(SPREAD_INDEX(k), N, C / V, pixels, &at))
            return;
        downstream_write(JOB_BLOCK(dx, at.n, at.block, pixels) + at.pixel * V,
                         JOB_FACTOR(g, at.n) * LOAD(JOB_BLOCK(g, at.n, at.block, pixels) + at.pixel * V),
                         JOB_BLOCK(x, at.n, at.block, pixels) + at.pixel * V,
                         JOB_TRANSFORM(x, C, at.block * V), job->x_relu, job->dx_accumulate);
    }
}

typedef struct {
    JOB_HEAD;
    JOB_VIEW(from);
    int from_segment;
    JOB_VIEW(to);
    int to_segment, logical, pixels, accumulate, C, N;
} regroup_job;

/* to (+)= from, channel by logical channel; padded channels of `to` [C] are zero. */
GROUP_KERNEL(SPREAD_GROUP)
regroup_gpu(JOB_BUFFER(from), JOB_OUT_BUFFER(to), JOBS(regroup_job))
{
    const __global regroup_job *job = JOB;
    const int pixels = job->pixels;
#pragma unroll
    for (int k = 0; k < SPREAD_EACH; ++k) {
        spread_place at;
        if (!spread_at(SPREAD_INDEX(k), job->N, job->C / V, pixels, &at))
            return;
        float4 value = (float4)(0.0f);
        float *lanes = (float *)&value;
#pragma unroll
        for (int lane = 0; lane < V; ++lane) {
            const int q =
                regroup_source(at.block * V + lane, job->from_segment, job->to_segment, job->logical);
            if (q >= 0)
                lanes[lane] = GET(JOB_BLOCK(from, at.n, q / V, pixels) + at.pixel * V + q % V);
        }
        __global STORED *out = JOB_BLOCK(to, at.n, at.block, pixels);
        if (job->accumulate)
            value += READ(at.pixel, out);
        WRITE(value, at.pixel, out);
    }
}

typedef struct {
    JOB_HEAD;
    int N, paths, cells;
    float drop;
    int steps;
    JOB_SLICE(kept);
    JOB_SLICE(state);
    int period;
    JOB_SLICE(factors);
} drop_job;

/* As drop_factors of add.cl; one of [paths][N] an item. */
GROUP_KERNEL(SPREAD_GROUP)
drop_factors_gpu(const __global uint *restrict kept, const __global int *restrict state,
                 JOB_OUT_FLOATS(factors), JOBS(drop_job))
{
    const __global drop_job *job = JOB;
    const int i = JOB_GROUP * SPREAD_GROUP + (int)get_local_id(0), N = job->N, words = (job->paths + 31) / 32;
    const int p = i / N, n = i % N;
    if (p >= job->paths)
        return;
    const int step = state[job->state_at];
    const uint word = kept[job->kept_at + ((ulong)(step % job->period) * N + n) * words + p / 32];
    const int cell = p / (job->paths / job->cells);
    const float done = (float)(cell + 1) / (float)job->cells * ((float)(step + 1) / (float)job->steps);
    factors[job->factors_at + (ulong)p * N + n] =
        word >> (p % 32) & 1 ? 1.0f / (1.0f - job->drop * done) : 0.0f;
}

typedef struct {
    JOB_HEAD;
    JOB_SLICE(out);
    ulong count;
} zero_job;

/* Four floats an item and turn; out_at is a multiple of four. */
GROUP_KERNEL(SPREAD_GROUP)
zero_gpu(JOB_OUT_FLOATS(out), JOBS(zero_job))
{
    const __global zero_job *job = JOB;
    __global float *to = out + job->out_at;
#pragma unroll
    for (int k = 0; k < SPREAD_EACH; ++k) {
        const ulong i = (ulong)SPREAD_INDEX(k) * V;
        if (i + V <= job->count)
            STORE((float4)(0.0f), to + i);
        else
            for (ulong j = i; j < job->count; ++j)
                to[j] = 0.0f;
    }
}
