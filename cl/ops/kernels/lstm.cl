/* The LSTM surrogate. R rows (cells) of T tokens; P hidden units, a multiple of 8; gates of a row: i, f, g, o,
 * each P wide, so [4P]. A unit beyond the logical ones has zero weights and stays zero.
 *
 * Work-items of the cell kernels: (R * P / 8), eight units of a row each. */

static inline float8 sigmoid8(float8 x)
{
    return 1.0f / (1.0f + exp(-x));
}

/* One step: gates hold the recurrent product (nothing yet if first); table [vocabulary][4P] the input's product.
 * Leaves the activated gates there; old and memory may be the same (c of the step before, and of this one). */
__kernel void lstm_cell(__global float *gates, ulong gates_at, const __global float *restrict table,
                        ulong table_at, const __global float *restrict bias, ulong bias_at,
                        const __global int *restrict token, int token_at, const __global float *old,
                        ulong old_at, __global float *memory, ulong memory_at, __global float *hidden,
                        ulong hidden_at, int first, int R, int P)
{
    int i = get_global_id(0), blocks = P / 8, r = i / blocks, unit = i % blocks * 8;
    if (r >= R)
        return;
    __global float *row = gates + gates_at + (size_t)r * 4 * P + unit;
    const __global float *x = table + table_at + (size_t)token[token_at + r] * 4 * P + unit;
    float8 z[4];
    for (int gate = 0; gate < 4; ++gate) {
        z[gate] = vload8(0, x + gate * P) + vload8(0, bias + bias_at + gate * P + unit);
        if (!first)
            z[gate] += vload8(0, row + gate * P);
    }
    z[0] = sigmoid8(z[0]);
    z[1] = sigmoid8(z[1]);
    z[2] = tanh(z[2]);
    z[3] = sigmoid8(z[3]);
    size_t at = (size_t)r * P + unit;
    float8 c = z[0] * z[2];
    if (!first)
        c = fma(z[1], vload8(0, old + old_at + at), c);
    for (int gate = 0; gate < 4; ++gate)
        vstore8(z[gate], 0, row + gate * P);
    vstore8(c, 0, memory + memory_at + at);
    vstore8(z[3] * tanh(c), 0, hidden + hidden_at + at);
}

/* hidden_gradient [R][P] = logit_gradient w, and memory_gradient = 0. */
__kernel void lstm_output_backward(const __global float *restrict logit_gradient, ulong logit_at,
                                   const __global float *restrict weight, ulong weight_at,
                                   __global float *restrict hidden_gradient, ulong hidden_at,
                                   __global float *memory_gradient, ulong memory_at, int R, int P)
{
    int i = get_global_id(0), blocks = P / 8, r = i / blocks, unit = i % blocks * 8;
    if (r >= R)
        return;
    size_t at = (size_t)r * P + unit;
    vstore8(logit_gradient[logit_at + r] * vload8(0, weight + weight_at + unit), 0,
            hidden_gradient + hidden_at + at);
    vstore8((float8)(0), 0, memory_gradient + memory_at + at);
}

/* One step back: gates (activated) become their gradients before activation; memory_gradient goes from c of this
 * step to c of the step before (old; nothing if first). */
__kernel void lstm_cell_backward(__global float *restrict gates, ulong gates_at, const __global float *old,
                                 ulong old_at, const __global float *memory, ulong memory_at,
                                 const __global float *restrict hidden_gradient, ulong hidden_at,
                                 __global float *restrict memory_gradient, ulong memory_gradient_at,
                                 int first, int R, int P)
{
    int i = get_global_id(0), blocks = P / 8, r = i / blocks, unit = i % blocks * 8;
    if (r >= R)
        return;
    size_t at = (size_t)r * P + unit;
    __global float *row = gates + gates_at + (size_t)r * 4 * P + unit;
    float8 in = vload8(0, row), forget = vload8(0, row + P), candidate = vload8(0, row + 2 * P),
           out = vload8(0, row + 3 * P);
    float8 dh = vload8(0, hidden_gradient + hidden_at + at);
    float8 dc = vload8(0, memory_gradient + memory_gradient_at + at);
    float8 squashed = tanh(vload8(0, memory + memory_at + at));
    float8 before = first ? (float8)(0) : vload8(0, old + old_at + at);
    dc = fma(dh * out, 1.0f - squashed * squashed, dc);
    vstore8(dc * candidate * in * (1.0f - in), 0, row);
    vstore8(dc * before * forget * (1.0f - forget), 0, row + P);
    vstore8(dc * in * (1.0f - candidate * candidate), 0, row + 2 * P);
    vstore8(dh * squashed * out * (1.0f - out), 0, row + 3 * P);
    vstore8(dc * forget, 0, memory_gradient + memory_gradient_at + at);
}

/* table_gradient [vocabulary][4P]: the sum of gate gradients [T][R][4P] over all places of each token, in the order
 * of places. NDRange: (4P / 8). */
__kernel void lstm_table_gradient(const __global float *restrict gates, ulong gates_at,
                                  const __global int *restrict token, __global float *restrict table_gradient,
                                  ulong table_at, int vocabulary, int places, int P)
{
    int column = get_global_id(0) * 8;
    if (column >= 4 * P)
        return;
    __global float *sum = table_gradient + table_at + column;
    const __global float *from = gates + gates_at + column;
    for (int word = 0; word < vocabulary; ++word)
        vstore8((float8)(0), 0, sum + (size_t)word * 4 * P);
    for (int place = 0; place < places; ++place) {
        __global float *at = sum + (size_t)token[place] * 4 * P;
        vstore8(vload8(0, at) + vload8(0, from + (size_t)place * 4 * P), 0, at);
    }
}
