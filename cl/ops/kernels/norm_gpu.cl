/* Batch normalisation for GPUs, as norm.cl: V = 4. Sums over many images or pixels are shared by a group's
 * work-items, each of which goes on by GROUP, and added up as a tree in local memory, so that their order
 * follows from the shape. */
#define WIDTH 4
#include "view.h"

#include "job.h"

#define GROUP 128 /* as in cl/ops/op_norm.c */

/* scale and shift of four channels from gamma, beta and two figures of what is normalised. */
INLINE void write_scale_shift(__global float *scale_shift, const int C, const float4 gamma, const float4 beta,
                              const float4 mean, const float4 inverse)
{
    const float4 scale = gamma * inverse;
    STORE(scale, scale_shift);
    STORE(fma(-mean, scale, beta), scale_shift + C);
}

typedef struct { /* of so many pixels */
    float count;
    float4 mean, m2;
} moments;

/* Both together, by the formula of Chan, Golub and LeVeque (1979), which does not cancel as sums of squares do. */
INLINE moments moments_join(const moments a, const moments b)
{
    moments both;
    both.count = a.count + b.count;
    const float share = both.count > 0.0f ? b.count / both.count : 0.0f;
    const float4 delta = b.mean - a.mean;
    both.mean = fma(delta, (float4)(share), a.mean);
    both.m2 = a.m2 + b.m2 + delta * delta * (a.count * share);
    return both;
}

INLINE moments moments_of(const float4 sum, const float4 squares, const float count)
{
    moments m;
    m.count = count;
    m.mean = sum / count;
    const float4 m2 = fma(-sum, m.mean, squares);
    m.m2 = m2 < (float4)(0.0f) ? (float4)(0.0f) : m2;
    return m;
}

typedef struct {
    JOB_HEAD;
    JOB_SLICE(statistics);
    int N, pixels, tile, C;
    JOB_SLICE(gamma);
    JOB_SLICE(beta);
    float old_share, new_share, epsilon;
    JOB_SLICE(running);
    JOB_SLICE(saved);
    JOB_SLICE(scale_shift);
} norm_forward_job;

/* statistics [N][tiles][2][C]: sum and sum of squares of each tile of an image. A group four channels. */
GROUP_KERNEL(GROUP)
norm_forward_gpu(JOB_FLOATS(statistics), JOB_FLOATS(gamma), JOB_FLOATS(beta), JOB_OUT_FLOATS(running),
                 JOB_OUT_FLOATS(saved), JOB_OUT_FLOATS(scale_shift), JOBS(norm_forward_job))
{
    __local float counts[GROUP];
    __local float4 means[GROUP], m2s[GROUP];
    const __global norm_forward_job *job = JOB;
    const int item = get_local_id(0), c = JOB_GROUP * V, C = job->C, pixels = job->pixels, tile = job->tile;
    const int tiles = (pixels + tile - 1) / tile;
    const __global float *sums = statistics + job->statistics_at + c;
    __global float *past = running + job->running_at + c, *kept = saved + job->saved_at + c;
    /* Read here, so that nothing waits for them at the end; what is written then by the item that writes it. */
    const float4 gamma_now = LOAD(gamma + job->gamma_at + c), beta_now = LOAD(beta + job->beta_at + c);
    float4 past_mean = (float4)(0.0f), past_variance = (float4)(0.0f);
    if (item == 0) {
        past_mean = LOAD(past);
        past_variance = LOAD(past + C);
    }
    moments all = {0.0f, (float4)(0.0f), (float4)(0.0f)};
    for (int i = item; i < job->N * tiles; i += GROUP) {
        const __global float *own = sums + (ulong)i * 2 * C;
        all = moments_join(all,
                           moments_of(LOAD(own), LOAD(own + C), (float)min(tile, pixels - i % tiles * tile)));
    }
    counts[item] = all.count;
    means[item] = all.mean;
    m2s[item] = all.m2;
    for (int half_group = GROUP / 2; half_group > 0; half_group /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < half_group) {
            const int other = item + half_group;
            const moments a = {counts[item], means[item], m2s[item]},
                          b = {counts[other], means[other], m2s[other]};
            const moments both = moments_join(a, b);
            counts[item] = both.count;
            means[item] = both.mean;
            m2s[item] = both.m2;
        }
    }
    if (item)
        return;
    const float count = counts[0];
    const float4 mean = means[0], m2 = m2s[0], inverse = 1.0f / sqrt(m2 / count + job->epsilon);
    STORE(job->old_share * past_mean + job->new_share * mean, past);
    STORE(job->old_share * past_variance + job->new_share * (m2 / fmax(count - 1.0f, 1.0f)), past + C);
    STORE(mean, kept);
    STORE(inverse, kept + C);
    write_scale_shift(scale_shift + job->scale_shift_at + c, C, gamma_now, beta_now, mean, inverse);
}

typedef struct {
    JOB_HEAD;
    int C;
    JOB_SLICE(gamma);
    JOB_SLICE(beta);
    float epsilon;
    JOB_SLICE(running);
    JOB_SLICE(scale_shift);
} norm_running_job;

/* An item four channels. */
GROUP_KERNEL(GROUP)
norm_running_gpu(JOB_FLOATS(gamma), JOB_FLOATS(beta), JOB_FLOATS(running), JOB_OUT_FLOATS(scale_shift),
                 JOBS(norm_running_job))
{
    const __global norm_running_job *job = JOB;
    const int c = (JOB_GROUP * GROUP + (int)get_local_id(0)) * V, C = job->C;
    if (c >= C)
        return;
    const __global float *past = running + job->running_at + c;
    write_scale_shift(scale_shift + job->scale_shift_at + c, C, LOAD(gamma + job->gamma_at + c),
                      LOAD(beta + job->beta_at + c), LOAD(past), 1.0f / sqrt(LOAD(past + C) + job->epsilon));
}

/* Both sums over `items` neighbouring work-items, the own-th of which is this one; the first of them has the
 * results. */
INLINE void add_as_tree(__local float4 *sums, __local float4 *products, const float4 sum,
                        const float4 product, const int own, const int items)
{
    const int item = get_local_id(0);
    sums[item] = sum;
    products[item] = product;
    for (int half_items = items / 2; half_items > 0; half_items /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (own < half_items) {
            sums[item] += sums[item + half_items];
            products[item] += products[item + half_items];
        }
    }
}

typedef struct {
    JOB_HEAD;
    JOB_VIEW(g);
    JOB_VIEW(raw);
    int C, pixels;
    JOB_SLICE(saved);
    JOB_SLICE(partial);
    int N, items;
} norm_sums_job;

/* partial [N][2][C]: sums over an image of g and of g * normalised raw. A group has a block of channels of
 * GROUP / items images, `items` (a power of two) work-items an image. */
GROUP_KERNEL(GROUP)
norm_backward_sums_gpu(JOB_FLOATS(g), JOB_BUFFER(raw), JOB_FLOATS(saved), JOB_OUT_FLOATS(partial),
                       JOBS(norm_sums_job))
{
    __local float4 sums[GROUP], products[GROUP];
    const __global norm_sums_job *job = JOB;
    const int items = job->items, images = GROUP / items, chunks = (job->N + images - 1) / images;
    const int item = get_local_id(0), own = item % items, C = job->C, pixels = job->pixels;
    const int block = JOB_GROUP / chunks, n = JOB_GROUP % chunks * images + item / items;
    const float4 mean = LOAD(saved + job->saved_at + block * V);
    float4 sum = (float4)(0.0f), product = (float4)(0.0f);
    if (n < job->N) {
        const __global float *gb = JOB_BLOCK(g, n, block, pixels);
        const __global STORED *rb = JOB_BLOCK(raw, n, block, pixels);
        for (int p = own; p < pixels; p += items) {
            const float4 d = LOAD(gb + p * V);
            sum += d;
            product = fma(d, READ(p, rb) - mean, product);
        }
    }
    add_as_tree(sums, products, sum, product, own, items);
    if (own || n >= job->N)
        return;
    __global float *out = partial + job->partial_at + (ulong)n * 2 * C + block * V;
    STORE(sums[item], out);
    STORE(products[item] * LOAD(saved + job->saved_at + C + block * V), out + C);
}

typedef struct {
    JOB_HEAD;
    JOB_SLICE(partial);
    int N, pixels, C;
    JOB_SLICE(gamma);
    JOB_SLICE(saved);
    JOB_SLICE(coefficients);
    JOB_SLICE(gamma_gradient);
    JOB_SLICE(beta_gradient);
} norm_backward_job;

/* As norm_backward of norm.cl; a group four channels. */
GROUP_KERNEL(GROUP)
norm_backward_gpu(JOB_FLOATS(partial), JOB_FLOATS(gamma), JOB_FLOATS(saved), JOB_OUT_FLOATS(coefficients),
                  JOB_OUT_FLOATS(gamma_gradient), JOB_OUT_FLOATS(beta_gradient), JOBS(norm_backward_job))
{
    __local float4 sums[GROUP], products[GROUP];
    const __global norm_backward_job *job = JOB;
    const int item = get_local_id(0), c = JOB_GROUP * V, C = job->C, N = job->N;
    const __global float *kept = saved + job->saved_at + c;
    const float4 mean = LOAD(kept), inverse = LOAD(kept + C), a = LOAD(gamma + job->gamma_at + c) * inverse;
    float4 sum = (float4)(0.0f), product = (float4)(0.0f);
    for (int n = item; n < N; n += GROUP) {
        const __global float *own = partial + job->partial_at + (ulong)n * 2 * C + c;
        sum += LOAD(own);
        product += LOAD(own + C);
    }
    add_as_tree(sums, products, sum, product, item, GROUP);
    if (item)
        return;
    const float count = (float)N * (float)job->pixels;
    const float4 b = -a * inverse * (products[0] / count);
    __global float *out = coefficients + job->coefficients_at + c;
    STORE(a, out);
    STORE(b, out + C);
    STORE(-fma(a, sums[0] / count, b * mean), out + 2 * C);
    STORE(products[0], gamma_gradient + job->gamma_gradient_at + c);
    STORE(sums[0], beta_gradient + job->beta_gradient_at + c);
}
