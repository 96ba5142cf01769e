#include "cl/surrogate/trie_weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_EXPONENT_MOST 40.0 /* see cl/ops/kernels/gates.h */
#define UNITS_MAX           4096

/* The tensors by name, and their sizes: E embedding, H hidden units. */
typedef struct {
    size_t inputs, operators, embedding, hidden;
    const float *input_embedding, *operator_embedding; /* [inputs][E], [operators][E] */
    const float *input_weight, *recurrent_weight;      /* [E][4H], [H][4H]; gates i, f, g, o */
    const float *bias, *output_weight, *output_bias;   /* [4H], [H], [1] */
    const float *share, *linear_bias;                  /* [1] each; NULL: no linear part */
    const float *side, *pair;                          /* [inputs][operators], [operators][operators] */
} lstm_view;

static const pnas_named_tensor *find(const pnas_lstm_tensors *tensors, const char *name)
{
    for (size_t i = 0; i < tensors->count; ++i)
        if (strcmp(tensors->tensor[i].name, name) == 0)
            return &tensors->tensor[i];
    return NULL;
}

/* A matrix of given columns (0: any, which *columns then gets); *rows is how many there are. */
static pnas_status find_matrix(const pnas_lstm_tensors *tensors, const char *name, size_t *rows,
                               size_t *columns, const float **out)
{
    const pnas_named_tensor *tensor = find(tensors, name);
    PNAS_CHECK(tensor && tensor->rank == 2, PNAS_ERROR_DATA,
               "the surrogate has no matrix %s: it is no LSTM, and only LSTMs can score a space", name);
    PNAS_CHECK(tensor->shape[0] > 0 && tensor->shape[1] > 0 && tensor->shape[0] <= UNITS_MAX &&
                   tensor->shape[1] <= 4 * UNITS_MAX && (*columns == 0 || tensor->shape[1] == *columns) &&
                   (*rows == 0 || tensor->shape[0] == *rows),
               PNAS_ERROR_DATA, "the surrogate's %s is %zu x %zu, which does not fit its other tensors", name,
               tensor->shape[0], tensor->shape[1]);
    *rows = tensor->shape[0];
    *columns = tensor->shape[1];
    *out = tensor->data;
    return PNAS_OK;
}

static pnas_status find_vector(const pnas_lstm_tensors *tensors, const char *name, size_t size,
                               const float **out)
{
    const pnas_named_tensor *tensor = find(tensors, name);
    PNAS_CHECK(
        tensor && tensor->rank == 1 && tensor->shape[0] == size, PNAS_ERROR_DATA,
        "the surrogate has no vector %s of %zu values: it is no LSTM, and only LSTMs can score a space", name,
        size);
    *out = tensor->data;
    return PNAS_OK;
}

static pnas_status look_up_linear(const pnas_lstm_tensors *tensors, lstm_view *v)
{
    if (!find(tensors, "linear/share"))
        return PNAS_OK;
    PNAS_TRY(find_vector(tensors, "linear/share", 1, &v->share));
    PNAS_TRY(find_vector(tensors, "linear/bias", 1, &v->linear_bias));
    PNAS_TRY(find_matrix(tensors, "linear/side", &v->inputs, &v->operators, &v->side));
    return find_matrix(tensors, "linear/pair", &v->operators, &v->operators, &v->pair);
}

static pnas_status look_up(const pnas_lstm_tensors *tensors, lstm_view *out)
{
    lstm_view v = {0};
    PNAS_TRY(find_matrix(tensors, "input_embedding", &v.inputs, &v.embedding, &v.input_embedding));
    PNAS_TRY(find_matrix(tensors, "operator_embedding", &v.operators, &v.embedding, &v.operator_embedding));
    size_t gates = 0;
    PNAS_TRY(find_matrix(tensors, "lstm/input_weight", &v.embedding, &gates, &v.input_weight));
    PNAS_CHECK(gates > 0 && gates % 4 == 0, PNAS_ERROR_DATA,
               "the surrogate's gates have %zu columns, not four times its units", gates);
    v.hidden = gates / 4;
    PNAS_TRY(find_matrix(tensors, "lstm/recurrent_weight", &v.hidden, &gates, &v.recurrent_weight));
    PNAS_TRY(find_vector(tensors, "lstm/bias", gates, &v.bias));
    PNAS_TRY(find_vector(tensors, "output/weight", v.hidden, &v.output_weight));
    PNAS_TRY(find_vector(tensors, "output/bias", 1, &v.output_bias));
    PNAS_TRY(look_up_linear(tensors, &v));
    *out = v;
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
    for (size_t k = 0; k < v->hidden; ++k)
        for (size_t gate = 0; gate < 4; ++gate)
            for (size_t unit = 0; unit < v->hidden; ++unit)
                out[(unit / 8 * v->hidden + k) * 32 + gate * 8 + unit % 8] =
                    (float)(scale_of(gate) * v->recurrent_weight[(k * 4 + gate) * v->hidden + unit]);
}

/* The exponents of one token, [4H]: its embedding times the input weight, and the bias. */
static void make_exponents(const lstm_view *v, const float *embedding, double *sum)
{
    size_t gates = 4 * v->hidden;
    for (size_t j = 0; j < gates; ++j)
        sum[j] = v->bias[j];
    for (size_t e = 0; e < v->embedding; ++e)
        for (size_t j = 0; j < gates; ++j)
            sum[j] += (double)embedding[e] * v->input_weight[e * gates + j];
    for (size_t j = 0; j < gates; ++j)
        sum[j] *= scale_of(j / v->hidden);
}

static const float *embedding_of(const lstm_view *v, size_t inputs, const int *operator_of, size_t word)
{
    if (word < inputs)
        return v->input_embedding + (word < v->inputs ? word : v->inputs - 1) * v->embedding;
    size_t op = word - inputs;
    return v->operator_embedding + (operator_of ? (size_t)operator_of[op] : op) * v->embedding;
}

static pnas_status pack_words(const lstm_view *v, size_t inputs, const int *operator_of,
                              pnas_trie_weights *weights, float *out)
{
    size_t gates = 4 * v->hidden, words = (size_t)weights->words, row = 4 * (size_t)weights->padded;
    double *exponents = calloc(words * gates, sizeof *exponents), most = 0;
    PNAS_CHECK(exponents, PNAS_ERROR_MEMORY, "no memory for the surrogate's tokens");
    for (size_t word = 0; word < words; ++word)
        make_exponents(v, embedding_of(v, inputs, operator_of, word), exponents + word * gates);
    for (size_t i = 0; i < words * gates; ++i)
        most = fmax(most, fabs(exponents[i]));
    weights->careful = most > TOKEN_EXPONENT_MOST;
    for (size_t i = 0; i < words * row; ++i)
        out[i] = weights->careful ? 0 : 1; /* padded units */
    for (size_t word = 0; word < words; ++word)
        for (size_t gate = 0; gate < 4; ++gate)
            for (size_t unit = 0; unit < v->hidden; ++unit) {
                double exponent = exponents[word * gates + gate * v->hidden + unit];
                out[word * row + column_of(gate, unit)] =
                    (float)(weights->careful ? exponent : exp2(exponent));
            }
    free(exponents);
    return PNAS_OK;
}

/* The last layer's part of the logit, and the linear part's. */
static void pack_output(const lstm_view *v, float rest, size_t padded, float *out)
{
    float share = v->share ? v->share[0] : 0;
    for (size_t unit = 0; unit < v->hidden; ++unit)
        out[unit] = rest * (1 - share) * v->output_weight[unit];
    out[padded] = rest * ((1 - share) * v->output_bias[0] + (v->share ? share * v->linear_bias[0] : 0));
}

static pnas_status make_linear(const lstm_view *v, float rest, size_t inputs, size_t operators,
                               const int *operator_of, pnas_trie_weights *weights, float *ends)
{
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

static pnas_status check_operators(const lstm_view *v, int operators, const int *operator_of)
{
    for (int i = 0; i < operators; ++i) {
        int known = operator_of ? operator_of[i] : i;
        PNAS_CHECK(known >= 0 && (size_t)known < v->operators, PNAS_ERROR_DATA,
                   "the surrogate knows %zu operators; number %d is asked for", v->operators, known);
    }
    return PNAS_OK;
}

pnas_status pnas_trie_weights_make(const pnas_lstm_tensors *tensors, int inputs, int operators,
                                   const int *operator_of, float kernel_share, pnas_trie_weights *out)
{
    lstm_view v;
    PNAS_TRY(look_up(tensors, &v));
    PNAS_TRY(check_operators(&v, operators, operator_of));
    size_t P = (v.hidden + 7) / 8 * 8, I = (size_t)inputs, O = (size_t)operators;
    pnas_trie_weights weights = {.hidden = (int)v.hidden, .padded = (int)P, .words = inputs + operators};
    size_t recurrent = 4 * P * v.hidden, output = recurrent + (size_t)weights.words * 4 * P;
    pnas_status status;
    weights.count = output + P + 1 + I * O * O;
    weights.data = calloc(weights.count, sizeof *weights.data);
    PNAS_CHECK_CLEANUP(weights.data, PNAS_ERROR_MEMORY, "no memory for the surrogate's weights");
    pack_recurrent(&v, weights.data);
    PNAS_TRY_CLEANUP(pack_words(&v, I, operator_of, &weights, weights.data + recurrent));
    pack_output(&v, 1 - kernel_share, P, weights.data + output);
    PNAS_TRY_CLEANUP(
        make_linear(&v, 1 - kernel_share, I, O, operator_of, &weights, weights.data + output + P + 1));
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
    *weights = (pnas_trie_weights){0};
}
