/* Weight gradients of convolutions for GPUs; any window, stride and dilation. V = 4. Partial sums of chunks
 * of pixels, which weight_sum_gpu.cl adds up. */
#define WIDTH 4
#include "view.h"

#define TILE 24
#include "gather_gpu.h"
#include "job.h"
#include "weight_piece_gpu.h"

typedef struct {
    JOB_HEAD;
    JOB_OPERAND(x);
    int C, H, W;
    conv_window window;
    JOB_UPSTREAM(dy);
    int dy_normalise, M, OH, OW;
    JOB_SLICE(partial);
    int N, rounds;     /* of GROUP pixels a chunk */
    int rows, columns; /* tiles of [taps * C] and of outputs */
} weight_gradient_job;

/* Chunk i is output pixels [N * OH * OW] i * rounds * GROUP up to the next chunk's. partial:
 * [chunks][taps][C][M]. Groups: tiles of rows, fastest, tiles of columns, chunks. */
GROUP_KERNEL(GROUP)
convolution_weight_gradient_gpu(JOB_OPERAND_BUFFERS(x), JOB_UPSTREAM_BUFFERS(dy), JOB_OUT_FLOATS(partial),
                                JOBS(weight_gradient_job))
{
    __local float4 room[PIECE_ROOM];
    TAKE_JOB(weight_gradient_job, job);
    const __local conv_window *window = &job->window;
    const int l = get_local_id(0);
    const int r0 = JOB_GROUP % job->rows * ROWS, m0 = JOB_GROUP / job->rows % job->columns * COLUMNS;
    const int chunk = JOB_GROUP / job->rows / job->columns, first = chunk * job->rounds * GROUP;
    const int C = job->C, M = job->M, H = job->H, W = job->W, pixels = job->OH * job->OW;
    const int all = window->kernel_h * window->kernel_w * C, last = job->N * pixels;
    const piece_cut cut = cut_pieces(all - r0, M - m0);
    float4 sums[8][2];
#pragma unroll
    for (int r = 0; r < 8; ++r)
        sums[r][0] = sums[r][1] = 0.0f;
#pragma unroll 1
    for (int round = 0; round < job->rounds && first + round * GROUP < last; ++round) {
        const int at = first + round * GROUP + l, there = at < last, n = there ? quotient(at, pixels) : 0;
        const int pixel = there ? at - n * pixels : 0;
        const int row = quotient(pixel, job->OW), top = row * window->stride_h - window->pad_top;
        const int left = (pixel - row * job->OW) * window->stride_w - window->pad_left;
        const __global STORED *source = x + job->x_at + n * job->x_stride;
        barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 1
        for (int b = 0; b < cut.rows / 4; ++b) {
            const int tap = quotient(r0 + 4 * b, C), c = r0 + 4 * b - tap * C;
            const int ky = quotient(tap, window->kernel_w), kx = tap - ky * window->kernel_w;
            const int h = top + (window->split ? tap : ky * window->dilation);
            const int v = left + (window->split ? tap : kx * window->dilation);
            const transform t =
                transform_make(x_transform + job->x_transform_at, C, c, job->x_normalise, job->x_relu);
            const int inside = there && h >= 0 && h < H && v >= 0 && v < W;
            const REAL raw = READ(inside ? (c / 4 * H + h) * W + v : 0, source);
            room[b * PITCH + l] = inside ? transform_apply(t, raw) : (REAL)(0.0f);
        }
        stage_gradients(dy + job->dy_at + n * job->dy_stride,
                        dy_raw + job->dy_raw_at + n * job->dy_raw_stride,
                        dy_coefficients + job->dy_coefficients_at, job->dy_normalise, M, m0, cut.columns / 4,
                        pixels, pixel, there, room);
        barrier(CLK_LOCAL_MEM_FENCE);
        piece_add(&cut, room, sums);
    }
    piece_write(&cut, sums, room, partial + job->partial_at + ((ulong)chunk * all + r0) * M + m0, M);
}
