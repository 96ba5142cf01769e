/* What the surrogate's networks share: R rows (cells) of a batch, P units of the last layer (a multiple of 8). */

/* Tokens, targets and validity of the batch of this step: order[step][R] holds indices of cells, -1 where the batch
 * has fewer; all_tokens [cells][stride]; token [T][R]. NDRange: (R). */
__kernel void surrogate_load(const __global int *restrict order, const __global int *restrict state,
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

/* What the linear part says of row r: its bias, and for each block both sides and the pair. linear: share, bias,
 * from 8 on side [I][O], pair [O][O]; token [T][R], operators counted from I on. */
float linear_logit(const __global float *linear, int I, int O, const __global int *token, int r, int T, int R)
{
    const __global float *side = linear + 8, *pair = side + I * O;
    float sum = linear[1];
    for (int t = 0; t < T; t += 4) {
        int in1 = token[t * R + r], in2 = token[(t + 1) * R + r];
        int op1 = token[(t + 2) * R + r] - I, op2 = token[(t + 3) * R + r] - I;
        sum += (side[in1 * O + op1] + side[in2 * O + op2]) + pair[op1 * O + op2];
    }
    return sum;
}

/* output [R] = sigmoid of hidden [R][P] times the weight and its bias, of which the linear part takes its share
 * (O = 0: there is none), and of both together the logits beside [R] theirs. Padded rows have tokens of 0, which
 * are no operators: they must not be read.
 * NDRange: (R). */
__kernel void surrogate_output(const __global float *restrict hidden, ulong hidden_at,
                               const __global float *restrict parameters, ulong weight_at, ulong bias_at,
                               ulong linear_at, int I, int O, const __global int *restrict token, int T,
                               const __global float *restrict beside, float beside_share,
                               __global float *restrict output, int R, int P)
{
    int r = get_global_id(0);
    if (r >= R)
        return;
    const __global float *weight = parameters + weight_at, *linear = parameters + linear_at;
    float8 sum = (float8)(0);
    for (int j = 0; j < P; j += 8)
        sum = fma(vload8(0, hidden + hidden_at + (size_t)r * P + j), vload8(0, weight + j), sum);
    float4 four = sum.lo + sum.hi;
    float z = (four.x + four.y) + (four.z + four.w) + parameters[bias_at];
    if (O > 0 && linear[0] > 0 && token[2 * R + r] >= I)
        z = fma(linear[0], linear_logit(linear, I, O, token, r, T, R) - z, z);
    if (beside_share > 0)
        z = fma(beside_share, beside[r] - z, z);
    output[r] = 1.0f / (1.0f + exp(-z));
}

/* Gradients by the logit of losses over the n valid rows. NDRange: (R).
 *
 * l1: the mean of |output - target|; squared: the mean of its square. */
__kernel void loss_l1(const __global float *restrict output, const __global float *restrict target,
                      const __global float *restrict valid, __global float *restrict logit_gradient,
                      ulong logit_at, int R)
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

__kernel void loss_squared(const __global float *restrict output, const __global float *restrict target,
                           const __global float *restrict valid, __global float *restrict logit_gradient,
                           ulong logit_at, int R)
{
    int r = get_global_id(0);
    if (r >= R)
        return;
    float count = 0;
    for (int k = 0; k < R; ++k)
        count += valid[k];
    float y = output[r];
    logit_gradient[logit_at + r] = valid[r] * 2.0f * (y - target[r]) * y * (1.0f - y) / fmax(count, 1.0f);
}

/* The sum of log(1 + exp(s_j - s_i)) over pairs with target_i > target_j, s the logits, divided by n (n - 1) / 2.
 * Its slope sigmoid(s_j - s_i) is taken from the outputs y, since exp(s) = y / (1 - y). */
__kernel void loss_ranking(const __global float *restrict output, const __global float *restrict target,
                           const __global float *restrict valid, __global float *restrict logit_gradient,
                           ulong logit_at, int R)
{
    int r = get_global_id(0);
    if (r >= R)
        return;
    float count = 0, sum = 0, y = output[r];
    for (int k = 0; k < R; ++k) {
        float other = output[k], up = y * (1.0f - other), down = other * (1.0f - y);
        float all = fmax(up + down, 1e-30f);
        float slope = target[r] > target[k] ? -down / all : target[r] < target[k] ? up / all : 0.0f;
        sum = fma(valid[k], slope, sum);
        count += valid[k];
    }
    logit_gradient[logit_at + r] = valid[r] * sum / fmax(0.5f * count * (count - 1.0f), 1.0f);
}

/* sums [columns] of matrix [rows][columns]. NDRange: (columns). */
__kernel void column_sums(const __global float *restrict matrix, ulong matrix_at,
                          __global float *restrict sums, ulong sums_at, int rows, int columns)
{
    int column = get_global_id(0);
    if (column >= columns)
        return;
    float sum = 0;
    for (int row = 0; row < rows; ++row)
        sum += matrix[matrix_at + (size_t)row * columns + column];
    sums[sums_at + column] = sum;
}
