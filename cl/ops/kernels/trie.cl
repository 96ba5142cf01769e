/* A trie's nodes on any device, plainly: the reference. Shapes and layouts as in trie_tile.cl; every depth
 * has its states (hidden, memory [rows][P]) and factors [rows][4P] in memory. Rows are the first dimension: a
 * device may allow no more than 65,535 groups in the others. */
#include "gates.h"

#define WORD_AT   ((size_t)P * H * 4)
#define OUTPUT_AT (WORD_AT + (size_t)words * 4 * P)
#define ENDS_AT   (OUTPUT_AT + P + 1)

/* Eight units of one node. */
INLINE void enter(const __global float *weights, int H, int parent, int word, int u,
                  const __global float *factors, const __global float *memory, __global float *new_memory,
                  __global float *hidden)
{
    const __global float *token = weights + WORD_AT + (size_t)word * 4 * P + u * 32;
    const state next = next_state(GATES_LOAD(factors + (size_t)parent * 4 * P + u * 32), GATES_LOAD(token),
                                  vload8(u, memory + (size_t)parent * P));
    vstore8(next.memory, u, new_memory);
    vstore8(next.hidden, u, hidden);
}

/* node [count] = (parent, token); NDRange: (count, P / 8). */
__kernel void trie_enter(const __global float *restrict weights, int H, int words,
                         const __global int2 *restrict node, int node_at, int count, int word,
                         const __global float *restrict factors, const __global float *restrict memory,
                         __global float *restrict new_memory, __global float *restrict hidden)
{
    const int r = get_global_id(0), u = get_global_id(1);
    if (u >= P / 8 || r >= count)
        return;
    const int2 n = node[node_at + r];
    enter(weights, H, n.x, word + n.y, u, factors, memory, new_memory + (size_t)r * P,
          hidden + (size_t)r * P);
}

/* The same for the first operators of families; NDRange: (count, P / 8). */
__kernel void trie_enter_family(const __global float *restrict weights, int H, int words,
                                const __global int4 *restrict family, int count, int word,
                                const __global float *restrict factors, const __global float *restrict memory,
                                __global float *restrict new_memory, __global float *restrict hidden)
{
    const int r = get_global_id(0), u = get_global_id(1);
    if (u >= P / 8 || r >= count)
        return;
    const int4 f = family[r];
    enter(weights, H, f.x, word + f.y, u, factors, memory, new_memory + (size_t)r * P,
          hidden + (size_t)r * P);
}

/* NDRange: (count, P / 8 * 4): eight columns of a row. */
__kernel void trie_multiply(const __global float *restrict weights, int H, int words, int count,
                            const __global float *restrict hidden, __global float *restrict new_factors)
{
    const int r = get_global_id(0), column = get_global_id(1);
    if (column >= P / 8 * 4 || r >= count)
        return;
    const __global float *recurrent = weights + (size_t)(column / 4) * H * 32, *h = hidden + (size_t)r * P;
    float8 sum = (float8)(0.0f);
    for (int k = 0; k < H; ++k)
        sum = fma((float8)(h[k]), vload8(column % 4, recurrent + k * 32), sum);
    vstore8(factor(sum), column, new_factors + (size_t)r * 4 * P);
}

/* beside [count][O]: the kernel part's share of the logit, by op2. NDRange: (count, operators): one cell each. */
__kernel void trie_score(const __global float *restrict weights, int H, int words,
                         const __global int4 *restrict family, int count, int word,
                         const __global float *restrict factors, const __global float *restrict memory,
                         __global float *restrict score, ulong score_at,
                         const __global linear_part *restrict linear, ulong linear_at,
                         const __global float *restrict beside, int O)
{
    const int r = get_global_id(0), op2 = get_global_id(1);
    if (r >= count || op2 >= words - word)
        return;
    const int4 f = family[r];
    if (!((uint)f.z >> op2 & 1))
        return;
    const __global float *token = weights + WORD_AT + (size_t)(word + op2) * 4 * P,
                         *output = weights + OUTPUT_AT;
    float8 sum = (float8)(0.0f);
    for (int u = 0; u < P / 8; ++u) {
        const state next = next_state(GATES_LOAD(factors + (size_t)r * 4 * P + u * 32),
                                      GATES_LOAD(token + u * 32), vload8(u, memory + (size_t)r * P));
        sum = fma(next.hidden, vload8(u, output), sum);
    }
    const linear_part rest = linear[linear_at + r];
    const float end = weights[ENDS_AT + rest.ends + op2] + beside[(size_t)r * O + op2];
    const float fixed = (output[P] + rest.base) + end;
    score[score_at + (uint)f.w + popcount((uint)f.z & ((1u << op2) - 1))] = score_of(sum_of(sum) + fixed);
}
