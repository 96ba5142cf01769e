/* A trie's nodes on a CPU: one work-item a tile of ROWS nodes, whose states and products stay in its cache.
 *
 * P hidden units padded to a multiple of 8, H of them real. Everything of 4P is [P / 8][i, f, g, o][8],
 * so that a node's gates of eight units are 32 floats in a row. weights: recurrent [P / 8][HIDDEN][32], then
 * words [WORDS][4P], output weight [P], output bias, ends [inputs][operators][operators] of the linear part.
 * Rows of the parents' depth: factors [.][4P], memory [.][P]. reqd_work_group_size(1, 1, 1); NDRange: (tiles). */
#include "gates.h"

#ifndef ROWS
#define ROWS 12 /* a multiple of STRIP */
#endif
#ifdef __AVX512VL__
#define STRIP 6 /* STRIP x 4 accumulators; 32 vector registers */
#else
#define STRIP 3
#endif

#define ALIGNED   __attribute__((aligned(64)))
#define WORD_AT   ((size_t)P * H * 4)
#define OUTPUT_AT (WORD_AT + (size_t)words * 4 * P)
#define ENDS_AT   (OUTPUT_AT + P + 1)

#define EACH_NODE _Pragma("unroll") for (int i = 0; i < STRIP; ++i)
#define EACH_GATE _Pragma("unroll") for (int j = 0; j < 4; ++j)

/* One node's state from its parent's row. to_memory: a pointer of any address space. */
#define ENTER(from_factors, from_memory, word, to_memory, to_hidden)                                         \
    for (int u = 0; u < P; u += 8) {                                                                         \
        const state next = next_state(GATES_LOAD((from_factors) + u * 4), GATES_LOAD((word) + u * 4),        \
                                      vload8(0, (from_memory) + u));                                         \
        vstore8(next.memory, 0, (to_memory) + u);                                                            \
        vstore8(next.hidden, 0, (to_hidden) + u);                                                            \
    }

/* The recurrent products of STRIP nodes for the gates of eight units. */
INLINE void multiply(const float *hidden, const __global float *recurrent, const int H, float8 sum[STRIP][4])
{
    EACH_NODE EACH_GATE sum[i][j] = (float8)(0.0f);
    for (int k = 0; k < H; ++k, recurrent += 32) {
        const float8 w[4] = {vload8(0, recurrent), vload8(1, recurrent), vload8(2, recurrent),
                             vload8(3, recurrent)};
        EACH_NODE
        {
            const float8 h = (float8)(hidden[i * P + k]);
            EACH_GATE sum[i][j] = fma(h, w[j], sum[i][j]);
        }
    }
}

/* Their powers for `rows` of ROWS nodes, to rows of 4P. to_factors: a pointer of any address space. */
#define MULTIPLY(hidden, recurrent, rows, to_factors)                                                        \
    for (int u = 0; u < P / 8; ++u)                                                                          \
        for (int r = 0; r < (rows); r += STRIP) {                                                            \
            float8 sum[STRIP][4];                                                                            \
            multiply((hidden) + r * P, (recurrent) + (size_t)u * H * 32, H, sum);                            \
            EACH_NODE if (r + i < (rows))                                                                    \
                EACH_GATE vstore8(factor(sum[i][j]), j, (to_factors) + (r + i) * 4 * P + u * 32);            \
        }

/* node [count] = (parent, token); `word` is the first of the tokens' rows. Writes factors and memory of the
 * nodes. */
__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
trie_step_tile(const __global float *restrict weights, int H, int words, const __global int2 *restrict node,
               int node_at, int count, int word, const __global float *restrict factors,
               const __global float *restrict memory, __global float *restrict new_factors,
               __global float *restrict new_memory)
{
    const int first = get_global_id(0) * ROWS, rows = min(ROWS, count - first);
    float hidden[ROWS * P] ALIGNED;
    for (int r = 0; r < ROWS; ++r) {
        const int at = first + min(r, rows - 1); /* spare rows repeat the last */
        const int2 n = node[node_at + at];
        const __global float *token = weights + WORD_AT + (size_t)(word + n.y) * 4 * P;
        ENTER(factors + (size_t)n.x * 4 * P, memory + (size_t)n.x * P, token, new_memory + (size_t)at * P,
              hidden + r * P);
    }
    MULTIPLY(hidden, weights, rows, new_factors + (size_t)first * 4 * P);
}

#define LEAVES 4
#include "leaves.h"
#undef LEAVES
#define LEAVES 2
#include "leaves.h"
#undef LEAVES

/* Takes up to four operators out of a set, with their ends and what is beside; words of those that are missing
 * repeat the last. Returns how many. */
INLINE int take_four(uint *left, const __global float *operators, const __global float **word,
                     const __global float *ends, const __global float *beside, float *end)
{
    int count = 0;
    _Pragma("unroll") for (int j = 0; j < 4; ++j)
    {
        if (*left) {
            const int op2 = popcount((*left & -*left) - 1);
            word[j] = operators + (size_t)op2 * 4 * P;
            end[j] = ends[op2] + beside[op2];
            *left &= *left - 1;
            ++count;
        } else {
            word[j] = word[max(j - 1, 0)];
        }
    }
    return count;
}

/* family [count] = (parent, op1, set of op2, first); `word` is the row of operator 0. beside
 * [count][O]: the kernel part's share of their cells' logits, by op2. Writes the scores of the families' cells. */
__attribute__((reqd_work_group_size(1, 1, 1))) __kernel void
trie_score_tile(const __global float *restrict weights, int H, int words,
                const __global int4 *restrict family, int count, int word,
                const __global float *restrict factors, const __global float *restrict memory,
                __global float *restrict score, ulong score_at, const __global linear_part *restrict linear,
                ulong linear_at, const __global float *restrict beside, int O)
{
    const int first = get_global_id(0) * ROWS, rows = min(ROWS, count - first);
    float hidden[ROWS * P] ALIGNED, tile_memory[ROWS * P] ALIGNED, tile_factors[ROWS * 4 * P] ALIGNED;
    const __global float *operators = weights + WORD_AT + (size_t)word * 4 * P, *output = weights + OUTPUT_AT;
    for (int r = 0; r < ROWS; ++r) {
        const int4 f = family[first + min(r, rows - 1)];
        ENTER(factors + (size_t)f.x * 4 * P, memory + (size_t)f.x * P, operators + (size_t)f.y * 4 * P,
              tile_memory + r * P, hidden + r * P);
    }
    MULTIPLY(hidden, weights, rows, tile_factors);
    for (int r = 0; r < rows; ++r) {
        const int4 f = family[first + r];
        const linear_part rest = linear[linear_at + first + r];
        const __global float *ends = weights + ENDS_AT + rest.ends;
        const float fixed = output[P] + rest.base;
        uint left = (uint)f.z;
        __global float *to = score + score_at + (uint)f.w;
        while (left) {
            const __global float *word[4];
            float logit[4], end[4];
            const int count = take_four(&left, operators, word, ends, beside + (size_t)(first + r) * O, end);
            if (count > 2)
                leaves_4(tile_factors + r * 4 * P, tile_memory + r * P, word, output, logit);
            else
                leaves_2(tile_factors + r * 4 * P, tile_memory + r * P, word, output, logit);
            for (int j = 0; j < count; ++j)
                *to++ = score_of(logit[j] + (fixed + end[j]));
        }
    }
}
