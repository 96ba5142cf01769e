/* Input gradients of the GPU's convolutions, which one kernel makes alone and another with weight gradients. */
#ifndef INPUT_GRADIENT_GPU_H
#define INPUT_GRADIENT_GPU_H

typedef struct {
    JOB_HEAD;
    JOB_OPERAND(x);
    int C, H, W;
    JOB_SLICE(weight);
    conv_window window;
    JOB_UPSTREAM(dy);
    int dy_normalise, M, OH, OW;
    JOB_DOWNSTREAM(dx);
    pixel_cut cut; /* of a phase */
    int outputs;   /* tiles of channels */
} input_gradient_job;

typedef struct { /* pixels of x whose h % stride_h and w % stride_w are the same: they see the same taps */
    int h, w;
} phase_of;

/* Of pixels h = row * stride_h + phase.h a tap reads output (row + down, column + right), or none of them
 * does. Moves on to a tap that reads. */
INLINE void backward_tap(walk *w, const __local conv_window *window, const phase_of phase,
                         const __local int4 *spots, const int blocks, const int OH, const int OW)
{
    int down = 0, right = 0;
    for (; w->tap < w->last_tap; ++w->tap) {
        const int ky = window->split ? w->tap : quotient(w->tap, window->kernel_w);
        const int kx = window->split ? w->tap : w->tap - ky * window->kernel_w;
        const int step = window->split ? 1 : window->dilation;
        const int top = phase.h + window->pad_top - ky * step, left = phase.w + window->pad_left - kx * step;
        down = window->stride_h > 1 ? top / window->stride_h : top;
        right = window->stride_w > 1 ? left / window->stride_w : left;
        if (down * window->stride_h == top && right * window->stride_w == left)
            break;
    }
    w->first = window->split && w->tap ? window->split / 4 : 0;
    w->blocks = window->split && !w->tap ? (window->split + 3) / 4 : blocks;
    w->block = w->first;
    walk_from(w, spots, down, right, OH, OW);
}

/* The item's gradients of the next block, and STEP / 2 blocks behind them what they are normalised with; a bit for each
 * that there is. */
INLINE int load_upstream(walk *w, const __global float *const source[PX],
                         const __global STORED *const raw_source[PX], const int normalise, const int block,
                         const int plane, __local REAL *values)
{
    int inside = 0;
#pragma unroll
    for (int q = 0; q < PX; ++q) {
        const int from = max(w->from[q], 0);
        inside |= (w->from[q] >= 0) << (block * PX + q);
        values[block * SLOTS + q * GROUP + get_local_id(0)] = LOAD(source[q] + from * 4);
        if (normalise)
            values[(STEP / 2 + block) * SLOTS + q * GROUP + get_local_id(0)] = READ(from, raw_source[q]);
        w->from[q] += plane;
    }
    return inside;
}

/* The part of an input gradient that a group makes. */
INLINE void input_gradient(const __global STORED *x, const __global float *x_transform,
                           const __global float *weight, const __global float *dy,
                           const __global STORED *dy_raw, const __global float *dy_coefficients,
                           __global float *dx, const __global input_gradient_job *job, const int group,
                           __local conv_window *window, __local REAL *values, __local float4 *weights,
                           __local step_blocks *step, __local int4 *spots)
{
    const int l = get_local_id(0);
    if (l == 0)
        *window = job->window;
    barrier(CLK_LOCAL_MEM_FENCE);
    const int phases = window->stride_h * window->stride_w, part = quotient(group, job->outputs);
    const int index = quotient(part, phases), phase = part - index * phases,
              c0 = (group - part * job->outputs) * TILE;
    const int phase_h = quotient(phase, window->stride_w);
    const phase_of of = {phase_h, phase - phase_h * window->stride_w};
    const int C = job->C, M = job->M, OH = job->OH, OW = job->OW;
    const __global float *coefficients = dy_coefficients + job->dy_coefficients_at;
    const __global float *kernel_weights = weight + job->weight_at, *source[PX];
    const __global STORED *raw_source[PX];
    const int normalise = job->dy_normalise;
    REAL sums[PX][T4];
    {
        const int H = job->H, W = job->W;
        const int wide = window->stride_w > 1 ? (W + window->stride_w - 1) / window->stride_w : W;
        const int high = window->stride_h > 1 ? (H + window->stride_h - 1) / window->stride_h : H;
#pragma unroll
        for (int q = 0; q < PX; ++q) {
            const place at = place_of(job->cut, index, q, high * wide);
            const int row = quotient(at.pixel, wide), column = at.pixel - row * wide;
            const int h = row * window->stride_h + of.h, v = column * window->stride_w + of.w;
            source[q] = dy + job->dy_at + at.image * job->dy_stride;
            raw_source[q] = dy_raw + job->dy_raw_at + at.image * job->dy_raw_stride;
            SPOT(q) = (int4)(at.image, row, column, at.there && h < H && v < W ? h * W + v : -1);
#pragma unroll
            for (int m = 0; m < T4; ++m)
                sums[q][m] = (REAL)(0.0f);
        }
    }
    walk w = {.last_tap = window->kernel_h * window->kernel_w};
    backward_tap(&w, window, of, spots, M / 4, OH, OW);
    while (w.tap < w.last_tap) {
        int blocks = 0, inside = 0;
        while (blocks < STEP / 2 && w.tap < w.last_tap) {
            const int start = blocks, end = min(STEP / 2, blocks + w.blocks - w.block);
            for (; blocks < end; ++blocks)
                inside |= load_upstream(&w, source, raw_source, normalise, blocks, OH * OW, values);
#pragma unroll 1
            for (int b = start; b < end; ++b, ++w.block) {
                stage_weights_backward(kernel_weights, window, w.tap, C, M, w.block * 4, c0,
                                       (__local float *)(weights + b * 4 * T4));
                if (l == 0)
                    step->channel[b] = w.block * 4;
            }
            if (w.block == w.blocks) {
                ++w.tap;
                backward_tap(&w, window, of, spots, M / 4, OH, OW);
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 1
        for (int b = 0; b < blocks; ++b) {
            const upstream u = upstream_of_block(coefficients, M, step->channel[b], normalise);
            REAL v[PX];
#pragma unroll
            for (int q = 0; q < PX; ++q) {
                const int i = b * SLOTS + q * GROUP + l;
                v[q] = values[i];
                if (normalise)
                    v[q] = fma(u.a, v[q], fma(u.b, values[STEP / 2 * SLOTS + i], u.d));
                v[q] = inside >> (b * PX + q) & 1 ? v[q] : (REAL)(0.0f);
            }
            multiply(v, weights + b * 4 * T4, sums);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    put_sums(sums, spots, values);
    const int plane = job->H * job->W * 4;
#pragma unroll 1
    for (int q = 0; q < PX; ++q) {
        const int4 spot = SPOT(q);
        const int i = c0 / 4 * plane + spot.w * 4;
        __global float *into = dx + job->dx_at + spot.x * job->dx_stride + i;
        const __global STORED *x_there = x + job->x_at + spot.x * job->x_stride + i;
#pragma unroll 1
        for (int m = 0; m < T4 && spot.w >= 0 && c0 + 4 * m < C; ++m) {
            const transform t = transform_make(x_transform + job->x_transform_at, C, c0 + 4 * m,
                                               job->x_normalise, job->x_relu);
            downstream_write(into + m * plane, values[m * SLOTS + q * GROUP + l], x_there + m * plane, t,
                             job->x_relu, job->dx_accumulate);
        }
    }
}

#endif
