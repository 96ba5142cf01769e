/* The LSTM surrogate. R rows (cells) of T tokens; P hidden units, a multiple of 8; gates of a row: i, f, g, o,
 * each P wide, so [4P]. A unit beyond the logical ones has zero weights and stays zero.
 *
 * Work-items of the cell kernels: (R * P / 8), eight units of a row each. */

static inline float8 sigmoid8(float8 x)
{
    return 1.0f / (1.0f + exp(-x));
}

/* Tokens, targets and validity of the batch of this step: order[step][R] holds indices of cells, -1 where the batch
 * has fewer; all_tokens [cells][stride]; token [T][R]. NDRange: (R). */
__kernel void lstm_load(const __global int *restrict order, const __global int *restrict state,
                        const __global int *restrict all_tokens, int stride,
                        const __global float *restrict all_targets, __global int *restrict token,
                        __global float *restrict target, __global float *restrict valid, int T, int R)
{
    int r = get_global_id(0);
    if (r >= R)
        return;
    int cell = order[(size_t)state[0] * R + r];
    for (int t = 0; t < T; ++t)
        token[t * R + r] = cell < 0 ? 0 : all_tokens[(size_t)cell * stride + t];
    target[r] = cell < 0 ? 0 : all_targets[cell];
    valid[r] = cell < 0 ? 0 : 1;
}

/* One step: gates hold the recurrent product (nothing yet if first); table [vocabulary][4P] the input's product.
 * Leaves the activated gates there; old and memory may be the same (c of the step before, and of this one). */
__kernel void lstm_cell(__global float *gates, ulong gates_at, const __global float *restrict table, ulong table_at,
                        const __global float *restrict bias, ulong bias_at, const __global int *restrict token,
                        int token_at, const __global float *old, ulong old_at, __global float *memory,
                        ulong memory_at, __global float *hidden, ulong hidden_at, int first, int R, int P)
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

/* output [R] = sigmoid(hidden w + bias). NDRange: (R). */
__kernel void lstm_output(const __global float *restrict hidden, ulong hidden_at,
                          const __global float *restrict weight, ulong weight_at,
                          const __global float *restrict bias, ulong bias_at, __global float *restrict output, int R,
                          int P)
{
    int r = get_global_id(0);
    if (r >= R)
        return;
    float8 sum = (float8)(0);
    for (int j = 0; j < P; j += 8)
        sum = fma(vload8(0, hidden + hidden_at + (size_t)r * P + j), vload8(0, weight + weight_at + j), sum);
    float4 four = sum.lo + sum.hi;
    float z = (four.x + four.y) + (four.z + four.w) + bias[bias_at];
    output[r] = 1.0f / (1.0f + exp(-z));
}

/* Gradient of the mean of |output - target| over the valid rows by the logit. NDRange: (R). */
__kernel void lstm_loss(const __global float *restrict output, const __global float *restrict target,
                        const __global float *restrict valid, __global float *restrict logit_gradient, ulong logit_at,
                        int R)
{
    int r = get_global_id(0);
    if (r >= R)
        return;
    float count = 0;
    for (int k = 0; k < R; ++k)
        count += valid[k];
    float y = output[r], error = y - target[r];
    float direction = error > 0 ? 1.0f : error < 0 ? -1.0f : 0.0f;
    logit_gradient[logit_at + r] = valid[r] * direction * y * (1.0f - y) / fmax(count, 1.0f);
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
    vstore8(logit_gradient[logit_at + r] * vload8(0, weight + weight_at + unit), 0, hidden_gradient + hidden_at + at);
    vstore8((float8)(0), 0, memory_gradient + memory_at + at);
}

/* One step back: gates (activated) become their gradients before activation; memory_gradient goes from c of this
 * step to c of the step before (old; nothing if first). */
__kernel void lstm_cell_backward(__global float *restrict gates, ulong gates_at, const __global float *old,
                                 ulong old_at, const __global float *memory, ulong memory_at,
                                 const __global float *restrict hidden_gradient, ulong hidden_at,
                                 __global float *restrict memory_gradient, ulong memory_gradient_at, int first, int R,
                                 int P)
{
    int i = get_global_id(0), blocks = P / 8, r = i / blocks, unit = i % blocks * 8;
    if (r >= R)
        return;
    size_t at = (size_t)r * P + unit;
    __global float *row = gates + gates_at + (size_t)r * 4 * P + unit;
    float8 in = vload8(0, row), forget = vload8(0, row + P), new = vload8(0, row + 2 * P), out = vload8(0, row + 3 * P);
    float8 dh = vload8(0, hidden_gradient + hidden_at + at);
    float8 dc = vload8(0, memory_gradient + memory_gradient_at + at);
    float8 squashed = tanh(vload8(0, memory + memory_at + at));
    float8 before = first ? (float8)(0) : vload8(0, old + old_at + at);
    dc = fma(dh * out, 1.0f - squashed * squashed, dc);
    vstore8(dc * new * in * (1.0f - in), 0, row);
    vstore8(dc * before * forget * (1.0f - forget), 0, row + P);
    vstore8(dc * in * (1.0f - new * new), 0, row + 2 * P);
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

/* sums [columns] of matrix [rows][columns]. NDRange: (columns). */
__kernel void lstm_column_sums(const __global float *restrict matrix, ulong matrix_at, __global float *restrict sums,
                               ulong sums_at, int rows, int columns)
{
    int column = get_global_id(0);
    if (column >= columns)
        return;
    float sum = 0;
    for (int row = 0; row < rows; ++row)
        sum += matrix[matrix_at + (size_t)row * columns + column];
    sums[sums_at + column] = sum;
}
