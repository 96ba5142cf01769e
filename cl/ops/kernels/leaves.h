/* LEAVES cells of a family at once: include this once for each LEAVES, undefined in between. One cell's state
 * is a long chain of operations; side by side their chains fill the pipeline, and the parent is read once for
 * all. */
#define JOIN_(a, b)   a##b
#define JOIN(a, b)    JOIN_(a, b)
#define EACH_LEAF     _Pragma("unroll") for (int j = 0; j < LEAVES; ++j)
#define LEAVES_(name) JOIN(name, LEAVES)

/* logit[j]: the hidden state below a parent (factors [4P], memory [P]) with the token at word[j], times
 * `output`. The arithmetic is next_state's, each step for all. */
INLINE void LEAVES_(leaves_)(const float *factors, const float *memory, const __global float *const *word,
                             const __global float *output, float *logit)
{
    const float8 one = (float8)(1.0f);
    float8 sum[LEAVES];
    EACH_LEAF sum[j] = (float8)(0.0f);
    for (int u = 0; u < P; u += 8) {
        const gates parent = GATES_LOAD(factors + u * 4);
        const float8 c = vload8(0, memory + u), w = vload8(0, output + u);
        float8 i[LEAVES], f[LEAVES], g[LEAVES], o[LEAVES], t[LEAVES];
        EACH_LEAF i[j] = one + gate_power(parent.i, vload8(0, word[j] + u * 4));
        EACH_LEAF g[j] = gate_power(parent.g, vload8(2, word[j] + u * 4));
        EACH_LEAF f[j] = one + gate_power(parent.f, vload8(1, word[j] + u * 4));
        EACH_LEAF i[j] = i[j] * (one + g[j]);
        EACH_LEAF g[j] = (one - g[j]) * f[j];
        EACH_LEAF f[j] = i[j] * f[j];
        EACH_LEAF g[j] = fma(c, i[j], g[j]);
        EACH_LEAF t[j] = g[j] / f[j];
        EACH_LEAF o[j] = one + gate_power(parent.o, vload8(3, word[j] + u * 4));
        EACH_LEAF t[j] = memory_power(t[j]);
        EACH_LEAF sum[j] = fma((one - t[j]) / ((one + t[j]) * o[j]), w, sum[j]);
    }
    EACH_LEAF logit[j] = sum_of(sum[j]);
}

#undef JOIN
#undef JOIN_
#undef EACH_LEAF
#undef LEAVES_
