/* A trie's nodes of an MLP of one layer on any device, plainly: the reference. P units, a multiple of 8.
 *
 * The units before the rectifier are a sum over tokens, so a row of them [P] is its parent's and the token's. weights:
 * words [words][P], one row for each token at each of the four places of a block, output weight [P], output bias, ends
 * [inputs][operators][operators] of the linear part. */
#include "scores.h"

#define OUTPUT_AT ((size_t)words * P)
#define ENDS_AT   (OUTPUT_AT + P + 1)

/* node [count] = (parent, token); `word` is the row of token 0 at this place. NDRange: (count, P / 8). */
__kernel void trie_mlp_step(const __global float *restrict weights, const __global int2 *restrict node,
                            int node_at, int count, int word, const __global float *restrict row,
                            __global float *restrict new_row)
{
    const int r = get_global_id(0), u = get_global_id(1);
    if (u >= P / 8 || r >= count)
        return;
    const int2 n = node[node_at + r];
    vstore8(vload8(u, row + (size_t)n.x * P) + vload8(u, weights + (size_t)(word + n.y) * P), u,
            new_row + (size_t)r * P);
}

/* family [count] = (parent, op1, set of op2, first); `word` is the row of operator 0 as op1, those as op2 follow.
 * beside [count][O]: the kernel part's share of the logit, by op2. NDRange: (count, O): one cell each. */
__kernel void trie_mlp_score(const __global float *restrict weights, int words,
                             const __global int4 *restrict family, int count, int word,
                             const __global float *restrict row, __global float *restrict score,
                             ulong score_at, const __global linear_part *restrict linear, ulong linear_at,
                             const __global float *restrict beside, int O)
{
    const int r = get_global_id(0), op2 = get_global_id(1);
    if (r >= count || op2 >= O)
        return;
    const int4 f = family[r];
    if (!((uint)f.z >> op2 & 1))
        return;
    const __global float *first = weights + (size_t)(word + f.y) * P,
                         *second = weights + (size_t)(word + O + op2) * P, *output = weights + OUTPUT_AT;
    float8 sum = (float8)(0.0f);
    for (int u = 0; u < P / 8; ++u) {
        const float8 before = vload8(u, row + (size_t)f.x * P) + vload8(u, first);
        sum = fma(fmax(before + vload8(u, second), 0.0f), vload8(u, output), sum);
    }
    const linear_part rest = linear[linear_at + r];
    const float end = weights[ENDS_AT + rest.ends + op2] + beside[(size_t)r * O + op2];
    const float fixed = (output[P] + rest.base) + end;
    score[score_at + (uint)f.w + popcount((uint)f.z & ((1u << op2) - 1))] = score_of(sum_of(sum) + fixed);
}
