/* Backward of a pointwise convolution of stride 1 for GPUs, in one pass: a group makes the input gradient of
 * its pixels and channels, and their part of the weights' gradient. What it reads twice it finds in a cache.
 * V = 4. */
#define WIDTH 4
#include "view.h"

#include "gather_gpu.h"
#include "job.h"

#include "input_gradient_gpu.h"
#include "weight_piece_gpu.h"

typedef struct {
    input_gradient_job input;
    JOB_SLICE(partial);
} pointwise_backward_job;

#define POINTWISE_ROOM (PIECE_ROOM > STEP_VALUES ? PIECE_ROOM : STEP_VALUES)

/* Groups: tiles of channels, fastest, tiles of pixels (or of images). partial: [tiles of pixels][C][M], one
 * sum each. */
GROUP_KERNEL(GROUP)
pointwise_backward_gpu(JOB_OPERAND_BUFFERS(x), JOB_FLOATS(weight), JOB_UPSTREAM_BUFFERS(dy),
                       JOB_OUT_FLOATS(dx), JOB_OUT_FLOATS(partial), JOBS(pointwise_backward_job))
{
    __local REAL room[POINTWISE_ROOM];
    __local float4 weights[STEP_WEIGHTS];
    __local step_blocks step;
    __local int4 spots[SLOTS];
    __local conv_window window;
    {
        const __global input_gradient_job *job = &JOB->input;
        input_gradient(x, x_transform, weight, dy, dy_raw, dy_coefficients, dx, job, JOB_GROUP, &window, room,
                       weights, &step, spots);
    }
    TAKE_JOB(pointwise_backward_job, both);
    const __local input_gradient_job *job = &both->input;
    const int l = get_local_id(0), index = quotient(JOB_GROUP, job->outputs);
    const int c0 = (JOB_GROUP - index * job->outputs) * TILE;
    const int C = job->C, M = job->M, pixels = job->H * job->W;
#pragma unroll 1
    for (int m0 = 0; m0 < M; m0 += COLUMNS) {
        const piece_cut cut = cut_pieces(min(TILE, C - c0), M - m0);
        float4 sums[8][2];
#pragma unroll
        for (int r = 0; r < 8; ++r)
            sums[r][0] = sums[r][1] = 0.0f;
#pragma unroll 1
        for (int q = 0; q < PX; ++q) {
            const int4 spot = SPOT(q);
            const int there = spot.w >= 0, pixel = max(spot.w, 0);
            const __global STORED *source = x + job->x_at + spot.x * job->x_stride;
            barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 1
            for (int b = 0; b < cut.rows / 4; ++b) {
                const transform t = transform_make(x_transform + job->x_transform_at, C, c0 + 4 * b,
                                                   job->x_normalise, job->x_relu);
                const REAL raw = READ((c0 / 4 + b) * pixels + pixel, source);
                room[b * PITCH + l] = there ? transform_apply(t, raw) : (REAL)(0.0f);
            }
            stage_gradients(dy + job->dy_at + spot.x * job->dy_stride,
                            dy_raw + job->dy_raw_at + spot.x * job->dy_raw_stride,
                            dy_coefficients + job->dy_coefficients_at, job->dy_normalise, M, m0,
                            cut.columns / 4, pixels, pixel, there, room);
            barrier(CLK_LOCAL_MEM_FENCE);
            piece_add(&cut, room, sums);
        }
        piece_write(&cut, sums, room, partial + both->partial_at + (index * C + c0) * M + m0, M);
    }
}
