/* The same as trie_mlp.cl on a CPU, with the same bits: a work-item takes ROWS nodes or families and holds what the
 * cells of a family share. reqd_work_group_size(1, 1, 1); NDRange: (tiles). */
#include "scores.h"

#define OUTPUT_AT ((size_t)words * P)
#define ENDS_AT   (OUTPUT_AT + P + 1)
#define LEAVES    4 /* cells at a time: their sums are in registers */

#define EACH_LEAF _Pragma("unroll") for (int j = 0; j < LEAVES; ++j)

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
trie_mlp_step_tile(const __global float *restrict weights, const __global int2 *restrict node, int node_at,
                   int count, int word, const __global float *restrict row, __global float *restrict new_row)
{
    const int first = get_global_id(0) * ROWS, end = min(first + ROWS, count);
    for (int r = first; r < end; ++r) {
        const int2 n = node[node_at + r];
        const __global float *parent = row + (size_t)n.x * P, *token = weights + (size_t)(word + n.y) * P;
        for (int u = 0; u < P; u += 8)
            vstore8(vload8(0, parent + u) + vload8(0, token + u), 0, new_row + (size_t)r * P + u);
    }
}

/* The operators of the next LEAVES cells of a set; those that are missing repeat the last. Returns how many. */
INLINE int take_leaves(uint *left, int op2[LEAVES])
{
    int count = 0;
    EACH_LEAF
    {
        op2[j] = *left ? popcount((*left & -*left) - 1) : op2[max(j - 1, 0)];
        count += *left != 0;
        *left &= *left - 1;
    }
    return count;
}

__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
trie_mlp_score_tile(const __global float *restrict weights, int words, const __global int4 *restrict family,
                    int count, int word, const __global float *restrict row, __global float *restrict score,
                    ulong score_at, const __global linear_part *restrict linear, ulong linear_at,
                    const __global float *restrict beside, int O)
{
    const int first = get_global_id(0) * ROWS, last = min(first + ROWS, count);
    const __global float *output = weights + OUTPUT_AT, *second = weights + (size_t)(word + O) * P;
    float before[P] __attribute__((aligned(64)));
    for (int r = first; r < last; ++r) {
        const int4 f = family[r];
        const linear_part rest = linear[linear_at + r];
        const __global float *parent = row + (size_t)f.x * P, *token = weights + (size_t)(word + f.y) * P,
                             *ends = weights + ENDS_AT + rest.ends, *more = beside + (size_t)r * O;
        __global float *to = score + score_at + (uint)f.w;
        for (int u = 0; u < P; u += 8)
            vstore8(vload8(0, parent + u) + vload8(0, token + u), 0, before + u);
        for (uint left = (uint)f.z; left;) {
            int op2[LEAVES];
            const int leaves = take_leaves(&left, op2);
            float8 sum[LEAVES];
            EACH_LEAF sum[j] = (float8)(0.0f);
            for (int u = 0; u < P; u += 8) {
                const float8 shared = vload8(0, before + u), weight = vload8(0, output + u);
                EACH_LEAF sum[j] =
                    fma(fmax(shared + vload8(0, second + (size_t)op2[j] * P + u), 0.0f), weight, sum[j]);
            }
            for (int j = 0; j < leaves; ++j)
                *to++ = score_of(sum_of(sum[j]) + ((output[P] + rest.base) + (ends[op2[j]] + more[op2[j]])));
        }
    }
}
