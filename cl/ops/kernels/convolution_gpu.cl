/* Convolutions for GPUs: dense, pointwise, factorized reduction; any window, stride and dilation. V = 4.
 *
 * x [N][C/4][H*W][4], weight [taps][C][M], y [N][M/4][OH*OW][4]. gather_gpu.h has the tiles. Flags are values of the
 * record, so that launches differ in TILE and HALF_STORAGE alone. */
#define WIDTH 4
#include "view.h"

#include "gather_gpu.h"
#include "job.h"

#include "input_gradient_gpu.h"
#include "tile_sums_gpu.h"

typedef struct {
    JOB_HEAD;
    JOB_OPERAND(x);
    int C, H, W;
    JOB_SLICE(weight);
    conv_window window;
    JOB_VIEW(y);
    int M, OH, OW;
    JOB_SLICE(statistics);
    int statistics_wanted;
    pixel_cut cut;
    int outputs; /* tiles of outputs */
} forward_job;

/* (row, column) of a spot is output * stride - pad. */
INLINE void forward_tap(walk *w, const __local conv_window *window, const __local int4 *spots, const int H,
                        const int W)
{
    const int ky = window->split ? w->tap : quotient(w->tap, window->kernel_w);
    const int kx = window->split ? w->tap : w->tap - ky * window->kernel_w;
    const int step = window->split ? 1 : window->dilation;
    w->block = 0;
    walk_from(w, spots, ky * step, kx * step, H, W);
}

/* The item's values of the next block; a bit for each that there is. */
INLINE int load_block(walk *w, const __global STORED *const source[PX], const int block, const int plane,
                      __local REAL *values)
{
    int inside = 0;
#pragma unroll
    for (int q = 0; q < PX; ++q) {
        inside |= (w->from[q] >= 0) << (block * PX + q);
        values[block * SLOTS + q * GROUP + get_local_id(0)] = READ(max(w->from[q], 0), source[q]);
        w->from[q] += plane;
    }
    return inside;
}

/* Groups: tiles of outputs, fastest, times tiles of pixels (or of images). statistics: [N][tiles][2][M]. */
GROUP_KERNEL(GROUP)
convolution_forward_gpu(JOB_OPERAND_BUFFERS(x), JOB_FLOATS(weight), JOB_OUT_BUFFER(y),
                        JOB_OUT_FLOATS(statistics), JOBS(forward_job))
{
    __local REAL values[STEP_VALUES];
    __local float4 weights[STEP_WEIGHTS];
    __local step_blocks step;
    __local int4 spots[SLOTS];
    TAKE_JOB(forward_job, job);
    const __local conv_window *window = &job->window;
    const int l = get_local_id(0);
    const int index = quotient(JOB_GROUP, job->outputs), m0 = (JOB_GROUP - index * job->outputs) * TILE;
    const int C = job->C, H = job->H, W = job->W, M = job->M, pixels = job->OH * job->OW;
    const int normalise = job->x_normalise, relu = job->x_relu;
    const __global float *transforms = x_transform + job->x_transform_at,
                         *kernel_weights = weight + job->weight_at;
    const __global STORED *source[PX];
    REAL sums[PX][T4];
#pragma unroll
    for (int q = 0; q < PX; ++q) {
        const place at = place_of(job->cut, index, q, pixels);
        const int row = quotient(at.pixel, job->OW), column = at.pixel - row * job->OW;
        source[q] = x + job->x_at + at.image * job->x_stride;
        SPOT(q) = (int4)(at.image, row * window->stride_h - window->pad_top,
                         column * window->stride_w - window->pad_left, at.there ? at.pixel : -1);
#pragma unroll
        for (int m = 0; m < T4; ++m)
            sums[q][m] = (REAL)(0.0f);
    }
    /* Only the taps that serve some of these outputs. */
    walk w = {.tap = window->split && m0 >= window->split,
              .last_tap =
                  window->split && m0 + TILE <= window->split ? 1 : window->kernel_h * window->kernel_w,
              .blocks = C / 4};
    forward_tap(&w, window, spots, H, W);
    while (w.tap < w.last_tap) {
        int blocks = 0, inside = 0;
        while (blocks < STEP && w.tap < w.last_tap) {
            const int start = blocks, end = min(STEP, blocks + w.blocks - w.block);
            for (; blocks + 2 <= end; blocks += 2) { /* so that loads are under way together */
                inside |= load_block(&w, source, blocks, H * W, values);
                inside |= load_block(&w, source, blocks + 1, H * W, values);
            }
            for (; blocks < end; ++blocks)
                inside |= load_block(&w, source, blocks, H * W, values);
#pragma unroll 1
            for (int b = start; b < end; ++b, ++w.block) {
                stage_weights_forward(kernel_weights, window, w.tap, C, M, w.block * 4, m0,
                                      weights + b * 4 * T4);
                if (l == 0)
                    step.channel[b] = w.block * 4;
            }
            if (w.block == w.blocks) {
                ++w.tap;
                forward_tap(&w, window, spots, H, W);
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 1
        for (int b = 0; b < blocks; ++b) {
            const transform t = transform_make(transforms, C, step.channel[b], normalise, relu);
            REAL v[PX];
#pragma unroll
            for (int q = 0; q < PX; ++q)
                v[q] = inside >> (b * PX + q) & 1 ? transform_apply(t, values[b * SLOTS + q * GROUP + l])
                                                  : (REAL)(0.0f);
            multiply(v, weights + b * 4 * T4, sums);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    put_sums(sums, spots, values);
#pragma unroll 1
    for (int q = 0; q < PX; ++q) {
        const int4 spot = SPOT(q);
        __global STORED *out = y + job->y_at + spot.x * job->y_stride + (m0 / 4 * pixels + spot.w) * 4;
        for (int m = 0; m < T4 && spot.w >= 0 && m0 + 4 * m < M; ++m)
            WRITE(values[m * SLOTS + q * GROUP + l], m * pixels, out);
    }
    if (job->statistics_wanted)
        tile_sums(values, job->cut, index, m0, M, statistics + job->statistics_at);
}

/* Groups: tiles of channels, fastest, phases, tiles of a phase's pixels. */
GROUP_KERNEL(GROUP)
convolution_input_gradient_gpu(JOB_OPERAND_BUFFERS(x), JOB_FLOATS(weight), JOB_UPSTREAM_BUFFERS(dy),
                               JOB_OUT_FLOATS(dx), JOBS(input_gradient_job))
{
    __local REAL values[STEP_VALUES];
    __local float4 weights[STEP_WEIGHTS];
    __local step_blocks step;
    __local int4 spots[SLOTS];
    __local conv_window window;
    const __global input_gradient_job *job = JOB;
    input_gradient(x, x_transform, weight, dy, dy_raw, dy_coefficients, dx, job, JOB_GROUP, &window, values,
                   weights, &step, spots);
}
