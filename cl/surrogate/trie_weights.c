#include "cl/surrogate/trie_weights.h"

#include "cl/surrogate/member_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_EXPONENT_MOST 40.0 /* see cl/ops/kernels/gates.h */

/* --- an LSTM --- */

typedef struct { /* E embedding, H hidden units */
    pnas_member_view all;
    const float *input_weight, *recurrent_weight, *bias; /* [E][4H], [H][4H], [4H]; gates i, f, g, o */
} lstm_view;

static pnas_status look_up_lstm(const pnas_member_tensors *tensors, lstm_view *v)
{
    size_t gates = 0;
    PNAS_TRY(pnas_member_view_embeddings(tensors, &v->all));
    PNAS_TRY(pnas_member_matrix(tensors, "lstm/input_weight", &v->all.embedding, &gates, &v->input_weight));
    PNAS_CHECK(gates > 0 && gates % 4 == 0, PNAS_ERROR_DATA,
               "the surrogate's gates have %zu columns, not four times its units", gates);
    v->all.hidden = gates / 4;
    PNAS_TRY(
        pnas_member_matrix(tensors, "lstm/recurrent_weight", &v->all.hidden, &gates, &v->recurrent_weight));
    PNAS_TRY(pnas_member_vector(tensors, "lstm/bias", gates, &v->bias));
    return pnas_member_view_rest(tensors, &v->all);
}

/* Room for `words` floats, then output weight and bias and the linear part's ends. */
static pnas_status make_room(pnas_trie_weights *out, const pnas_member_view *view,
                             const pnas_trie_shape *shape, size_t words)
{
    size_t I = (size_t)shape->inputs, O = (size_t)shape->operators, P = (view->hidden + 7) / 8 * 8;
    out->hidden = (int)view->hidden;
    out->padded = (int)P;
    out->output = words;
    out->count = words + P + 1 + I * O * O;
    out->data = calloc(out->count, sizeof *out->data);
    PNAS_CHECK(out->data, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    return PNAS_OK;
}

/* Where unit u of a gate stands in a row of 4P. */
static size_t column_of(size_t gate, size_t unit)
{
    return (unit / 8 * 4 + gate) * 8 + unit % 8;
}

/* sigmoid(z) = 1 / (1 + 2^(scale z)); tanh (gate g) = (1 - 2^(scale z)) / (1 + 2^(scale z)). */
static double scale_of(size_t gate)
{
    return -1.4426950408889634 * (gate == 2 ? 2 : 1);
}

static void pack_recurrent(const lstm_view *v, float *out)
{
    for (size_t k = 0; k < v->all.hidden; ++k)
        for (size_t gate = 0; gate < 4; ++gate)
            for (size_t unit = 0; unit < v->all.hidden; ++unit)
                out[(unit / 8 * v->all.hidden + k) * 32 + gate * 8 + unit % 8] =
                    (float)(scale_of(gate) * v->recurrent_weight[(k * 4 + gate) * v->all.hidden + unit]);
}

/* The exponents of one token, [4H]: its embedding times the input weight, and the bias. */
static void make_exponents(const lstm_view *v, const float *embedding, double *sum)
{
    size_t gates = 4 * v->all.hidden;
    for (size_t j = 0; j < gates; ++j)
        sum[j] = v->bias[j];
    for (size_t e = 0; e < v->all.embedding; ++e)
        for (size_t j = 0; j < gates; ++j)
            sum[j] += (double)embedding[e] * v->input_weight[e * gates + j];
    for (size_t j = 0; j < gates; ++j)
        sum[j] *= scale_of(j / v->all.hidden);
}

static const float *embedding_of(const pnas_member_view *v, size_t inputs, const int *operator_of,
                                 size_t word)
{
    return word < inputs ? pnas_member_input(v, word) : pnas_member_operator(v, operator_of, word - inputs);
}

static pnas_status pack_words(const lstm_view *v, size_t inputs, const int *operator_of,
                              pnas_trie_weights *weights, float *out)
{
    size_t gates = 4 * v->all.hidden, words = (size_t)weights->words, row = 4 * (size_t)weights->padded;
    PNAS_CHECK(words > 0 && gates > 0, PNAS_ERROR_INTERNAL, "a trie of no tokens");
    double *exponents = calloc(words * gates, sizeof *exponents), most = 0;
    PNAS_CHECK(exponents, PNAS_ERROR_MEMORY, "no memory for the surrogate's tokens");
    for (size_t word = 0; word < words; ++word)
        make_exponents(v, embedding_of(&v->all, inputs, operator_of, word), exponents + word * gates);
    for (size_t i = 0; i < words * gates; ++i)
        most = fmax(most, fabs(exponents[i]));
    weights->careful = most > TOKEN_EXPONENT_MOST;
    for (size_t i = 0; i < words * row; ++i)
        out[i] = weights->careful ? 0 : 1; /* padded units */
    for (size_t word = 0; word < words; ++word)
        for (size_t gate = 0; gate < 4; ++gate)
            for (size_t unit = 0; unit < v->all.hidden; ++unit) {
                double exponent = exponents[word * gates + gate * v->all.hidden + unit];
                out[word * row + column_of(gate, unit)] =
                    (float)(weights->careful ? exponent : exp2(exponent));
            }
    free(exponents);
    return PNAS_OK;
}

static pnas_status make_lstm(const pnas_member_tensors *tensors, const pnas_trie_shape *shape,
                             pnas_trie_weights *out, pnas_member_view *view)
{
    lstm_view v;
    PNAS_TRY(look_up_lstm(tensors, &v));
    PNAS_TRY(pnas_member_view_check(&v.all, shape->operators, shape->operator_of));
    size_t H = v.all.hidden, P = (H + 7) / 8 * 8, recurrent = 4 * P * H;
    *view = v.all;
    out->words = shape->inputs + shape->operators;
    PNAS_TRY(make_room(out, view, shape, recurrent + (size_t)out->words * 4 * P));
    pack_recurrent(&v, out->data);
    return pack_words(&v, (size_t)shape->inputs, shape->operator_of, out, out->data + recurrent);
}

/* --- an MLP of one layer --- */

/* What tokens add to the units at one of the four places of a block, [P] each, as a share of a cell's mean. */
static void pack_place(const pnas_member_view *v, const float *weight, const float *embedding, double share,
                       float *out)
{
    size_t H = v->hidden;
    for (size_t unit = 0; unit < H; ++unit) {
        double sum = 0;
        for (size_t e = 0; e < v->embedding; ++e)
            sum += (double)embedding[e] * weight[e * H + unit];
        out[unit] = (float)(sum * share);
    }
}

static pnas_status make_mlp(const pnas_member_tensors *tensors, const pnas_trie_shape *shape,
                            pnas_trie_weights *out, pnas_member_view *view)
{
    const float *weight, *bias;
    size_t H = 0, I = (size_t)shape->inputs, O = (size_t)shape->operators;
    PNAS_CHECK(!pnas_member_has(tensors, "mlp/second_weight"), PNAS_ERROR_DATA,
               "the surrogate is an MLP of two layers, of which cells that begin alike share nothing");
    PNAS_TRY(pnas_member_view_embeddings(tensors, view));
    size_t rows = 4 * view->embedding;
    PNAS_TRY(pnas_member_matrix(tensors, "mlp/first_weight", &rows, &H, &weight));
    PNAS_TRY(pnas_member_vector(tensors, "mlp/first_bias", H, &bias));
    view->hidden = H;
    PNAS_TRY(pnas_member_view_rest(tensors, view));
    PNAS_TRY(pnas_member_view_check(view, shape->operators, shape->operator_of));
    out->words = 2 * (shape->inputs + shape->operators);
    PNAS_TRY(make_room(out, view, shape, (size_t)out->words * ((H + 7) / 8 * 8)));
    size_t P = (size_t)out->padded, of_place = view->embedding * H;
    for (size_t row = 0; row < (size_t)out->words; ++row) {
        size_t place = row < 2 * I ? row / I : 2 + (row - 2 * I) / O;
        const float *embedding = row < 2 * I
                                     ? pnas_member_input(view, row % I)
                                     : pnas_member_operator(view, shape->operator_of, (row - 2 * I) % O);
        pack_place(view, weight + place * of_place, embedding, 1.0 / shape->blocks, out->data + row * P);
    }
    out->first = calloc(P, sizeof *out->first);
    PNAS_CHECK(out->first, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    memcpy(out->first, bias, H * sizeof *bias);
    return PNAS_OK;
}

/* --- what all have --- */

/* The last layer's part of the logit, and the linear part's. */
static void pack_output(const pnas_member_view *v, float rest, size_t padded, float *out)
{
    float share = v->share ? v->share[0] : 0;
    for (size_t unit = 0; unit < v->hidden; ++unit)
        out[unit] = rest * (1 - share) * v->output_weight[unit];
    out[padded] = rest * ((1 - share) * v->output_bias[0] + (v->share ? share * v->linear_bias[0] : 0));
}

static pnas_status make_linear(const pnas_member_view *v, float rest, const pnas_trie_shape *shape,
                               pnas_trie_weights *weights)
{
    size_t inputs = (size_t)shape->inputs, operators = (size_t)shape->operators;
    const int *operator_of = shape->operator_of;
    float *ends = weights->data + weights->output + weights->padded + 1;
    float share = v->share ? rest * v->share[0] : 0;
    weights->side = calloc(inputs * operators, sizeof *weights->side);
    weights->pair = calloc(operators * operators, sizeof *weights->pair);
    PNAS_CHECK(weights->side && weights->pair, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    for (size_t op = 0; v->share && op < operators; ++op) {
        size_t known = operator_of ? (size_t)operator_of[op] : op;
        for (size_t input = 0; input < inputs; ++input) {
            size_t row = input < v->inputs ? input : v->inputs - 1;
            weights->side[input * operators + op] = share * v->side[row * v->operators + known];
        }
        for (size_t other = 0; other < operators; ++other) {
            size_t column = operator_of ? (size_t)operator_of[other] : other;
            weights->pair[op * operators + other] = share * v->pair[known * v->operators + column];
        }
    }
    for (size_t i = 0; i < inputs * operators * operators; ++i) {
        size_t in2 = i / operators / operators, op1 = i / operators % operators, op2 = i % operators;
        ends[i] = weights->side[in2 * operators + op2] + weights->pair[op1 * operators + op2];
    }
    return PNAS_OK;
}

pnas_status pnas_trie_weights_make(const pnas_member_tensors *tensors, const pnas_trie_shape *shape,
                                   float kernel_share, pnas_trie_weights *out)
{
    pnas_trie_weights weights = {.mlp = pnas_member_has(tensors, "mlp/first_weight")};
    pnas_member_view view;
    float rest = 1 - kernel_share;
    pnas_status status;
    PNAS_TRY_CLEANUP(weights.mlp ? make_mlp(tensors, shape, &weights, &view)
                                 : make_lstm(tensors, shape, &weights, &view));
    pack_output(&view, rest, (size_t)weights.padded, weights.data + weights.output);
    PNAS_TRY_CLEANUP(make_linear(&view, rest, shape, &weights));
    *out = weights;
    return PNAS_OK;
cleanup:
    pnas_trie_weights_free(&weights);
    return status;
}

void pnas_trie_weights_free(pnas_trie_weights *weights)
{
    free(weights->data);
    free(weights->side);
    free(weights->pair);
    free(weights->first);
    *weights = (pnas_trie_weights){0};
}
