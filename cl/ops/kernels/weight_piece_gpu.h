/* Weight gradients of the GPU's convolutions: sums over pixels of x' times u for ROWS rows of [taps * C] and COLUMNS
 * outputs at most. GROUP pixels at a time lie in local memory, values [rows / 4][PITCH] and gradients
 * [columns / 4][PITCH]; an item owns a piece of 8 x 8 sums for a share of the pixels. Shares are summed last, in their
 * order. The order of all sums depends on shapes alone. */
#ifndef WEIGHT_PIECE_GPU_H
#define WEIGHT_PIECE_GPU_H

#define ROWS        24
#define COLUMNS     24
#define PITCH       (GROUP + 1)
#define PIECE_ROOM  ((ROWS + COLUMNS) / 4 * PITCH)
#define SHARES_MOST 16

typedef struct {
    int rows, columns; /* multiples of 4 */
    int across;        /* pieces of 8 columns */
    int pieces, shares;
    int row, column, share; /* of the item: pieces of 8; share >= shares: none */
} piece_cut;

INLINE piece_cut cut_pieces(const int rows, const int columns)
{
    const int l = get_local_id(0);
    piece_cut p;
    p.rows = min(ROWS, rows);
    p.columns = min(COLUMNS, columns);
    p.across = (p.columns + 7) / 8;
    p.pieces = (p.rows + 7) / 8 * p.across;
    p.shares = min(SHARES_MOST, GROUP / p.pieces);
    p.share = l / p.pieces;
    p.row = l % p.pieces / p.across;
    p.column = l % p.pieces % p.across;
    return p;
}

/* The item's pixel of `blocks` blocks of outputs from m0 on, into room's gradients. */
INLINE void stage_gradients(const __global float *g, const __global STORED *raw,
                            const __global float *coefficients, const int normalise, const int M,
                            const int m0, const int blocks, const int plane, const int pixel, const int there,
                            __local float4 *room)
{
#pragma unroll 1
    for (int b = 0; b < blocks; ++b) {
        const int i = (m0 / 4 + b) * plane + pixel;
        REAL u = LOAD(g + i * 4);
        if (normalise) {
            const upstream of = upstream_of_block(coefficients, M, m0 + 4 * b, 1);
            u = fma(of.a, u, fma(of.b, READ(i, raw), of.d));
        }
        room[(ROWS / 4 + b) * PITCH + get_local_id(0)] = there ? u : (REAL)(0.0f);
    }
}

/* The GROUP pixels that are in local memory. A block behind the last is the last one again: what it adds is not
 * written. */
INLINE void piece_add(const piece_cut *p, const __local float4 *room, float4 sums[8][2])
{
    if (p->share >= p->shares)
        return;
    const __local float4 *x0 = room + p->row * 2 * PITCH, *u0 = room + (ROWS / 4 + p->column * 2) * PITCH;
    const __local float4 *x1 = p->row * 8 + 4 < p->rows ? x0 + PITCH : x0;
    const __local float4 *u1 = p->column * 8 + 4 < p->columns ? u0 + PITCH : u0;
#pragma unroll 1
    for (int i = p->share; i < GROUP; i += p->shares) {
        const float4 a = x0[i], b = x1[i], u = u0[i], v = u1[i];
        const float x[8] = {a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w};
#pragma unroll
        for (int r = 0; r < 8; ++r) {
            sums[r][0] = fma((float4)(x[r]), u, sums[r][0]);
            sums[r][1] = fma((float4)(x[r]), v, sums[r][1]);
        }
    }
}

/* out [rows][M]: the shares' sums together. A row of the pieces at a time goes through local memory. */
INLINE void piece_write(const piece_cut *p, const float4 sums[8][2], __local float4 *room,
                        __global float *out, const int M)
{
    const int l = get_local_id(0);
#pragma unroll
    for (int part = 0; part < 2; ++part) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (p->share < p->shares)
#pragma unroll
            for (int r = 0; r < 4; ++r) {
                room[l * 8 + r * 2] = sums[part * 4 + r][0];
                room[l * 8 + r * 2 + 1] = sums[part * 4 + r][1];
            }
        barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 1
        for (int i = l; i < p->pieces * 8; i += GROUP) {
            const int piece = i / 8, row = piece / p->across * 8 + part * 4 + i % 8 / 2;
            const int column = piece % p->across * 8 + i % 2 * 4;
            float4 sum = 0.0f;
#pragma unroll 1
            for (int share = 0; share < p->shares; ++share)
                sum += room[share * p->pieces * 8 + i];
            if (row < p->rows && column < p->columns)
                STORE(sum, out + (ulong)row * M + column);
        }
    }
}

#endif
