/* The MLP surrogate. R rows (cells) of T = 4b tokens, place t % 4 of a token in its block (in1, in2, op1, op2);
 * E embedding; P units of a layer, a multiple of 8, the extra ones zero. */

/* mean [R][4][E]: over the blocks of a cell, the embeddings of each place; embeddings [vocabulary][E].
 * NDRange: (R * 4E). */
__kernel void mlp_embed(const __global float *restrict embeddings, ulong embeddings_at,
                        const __global int *restrict token, __global float *restrict mean, ulong mean_at,
                        int T, int R, int E)
{
    int i = get_global_id(0), r = i / (4 * E), place = i / E % 4, e = i % E;
    if (r >= R)
        return;
    float sum = 0;
    for (int t = place; t < T; t += 4)
        sum += embeddings[embeddings_at + (size_t)token[t * R + r] * E + e];
    mean[mean_at + i] = sum / (float)(T / 4);
}

/* layer [R][P] = max(0, layer + bias [P]). NDRange: (R * P / 8). */
__kernel void mlp_activate(__global float *restrict layer, ulong layer_at,
                           const __global float *restrict bias, ulong bias_at, int R, int P)
{
    int i = get_global_id(0), unit = i % (P / 8) * 8;
    if (i >= R * P / 8)
        return;
    __global float *at = layer + layer_at + (size_t)i * 8;
    vstore8(fmax(vload8(0, at) + vload8(0, bias + bias_at + unit), 0.0f), 0, at);
}

/* gradient [R][P] = logit_gradient [R] w [P]: of the last layer, before the rectifier's mask.
 * NDRange: (R * P / 8). */
__kernel void mlp_output_backward(const __global float *restrict logit_gradient, ulong logit_at,
                                  const __global float *restrict weight, ulong weight_at,
                                  __global float *restrict gradient, ulong gradient_at, int R, int P)
{
    int i = get_global_id(0), r = i / (P / 8), unit = i % (P / 8) * 8;
    if (r >= R)
        return;
    vstore8(logit_gradient[logit_at + r] * vload8(0, weight + weight_at + unit), 0,
            gradient + gradient_at + (size_t)i * 8);
}

/* gradient [R][P] is zero where layer [R][P] is. NDRange: (R * P / 8). */
__kernel void mlp_mask(const __global float *restrict layer, ulong layer_at,
                       __global float *restrict gradient, ulong gradient_at, int R, int P)
{
    int i = get_global_id(0);
    if (i >= R * P / 8)
        return;
    __global float *at = gradient + gradient_at + (size_t)i * 8;
    float8 value = vload8(0, layer + layer_at + (size_t)i * 8);
    vstore8(value > 0.0f ? vload8(0, at) : (float8)(0), 0, at);
}

/* embedding_gradient [vocabulary][E]: the sum of mean_gradient [R][4][E] / b over all places of each token, in the
 * order of places. NDRange: (E). */
__kernel void mlp_embedding_gradient(const __global float *restrict mean_gradient, ulong mean_at,
                                     const __global int *restrict token,
                                     __global float *restrict embedding_gradient, ulong embedding_at,
                                     int vocabulary, int T, int R, int E)
{
    int e = get_global_id(0);
    if (e >= E)
        return;
    __global float *sum = embedding_gradient + embedding_at + e;
    const float share = 1.0f / (float)(T / 4);
    for (int word = 0; word < vocabulary; ++word)
        sum[(size_t)word * E] = 0;
    for (int t = 0; t < T; ++t)
        for (int r = 0; r < R; ++r)
            sum[(size_t)token[t * R + r] * E] +=
                share * mean_gradient[mean_at + (size_t)(r * 4 + t % 4) * E + e];
}
