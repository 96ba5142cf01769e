#include "cl/surrogate/lstm_model.h"

#include "cl/surrogate/network_ops.h"
#include "src/base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void pnas_lstm_layout_make(const pnas_surrogate_options *options, const pnas_space *space,
                           pnas_lstm_layout *out)
{
    pnas_lstm_layout l = {.inputs = space->blocks + 1, /* -2, -1, and every block but the last */
                          .operators = space->operators.count,
                          .embedding = options->embedding,
                          .hidden = options->hidden,
                          .padded = (options->hidden + 7) / 8 * 8};
    l.vocabulary = l.inputs + l.operators;
    size_t gates = 4 * (size_t)l.padded;
    l.embeddings = pnas_stored_tensor_reserve(&l.count, (size_t)l.vocabulary * (size_t)l.embedding);
    l.input_weight = pnas_stored_tensor_reserve(&l.count, (size_t)l.embedding * gates);
    l.recurrent_weight = pnas_stored_tensor_reserve(&l.count, (size_t)l.padded * gates);
    l.bias = pnas_stored_tensor_reserve(&l.count, gates);
    l.output_weight = pnas_stored_tensor_reserve(&l.count, (size_t)l.padded);
    l.output_bias = pnas_stored_tensor_reserve(&l.count, 1);
    l.linear = pnas_linear_part_make(options->linear, l.inputs, l.operators, &l.count);
    *out = l;
}

static float draw(pnas_stream *stream, double range)
{
    return (float)(range * (2 * pnas_stream_uniform(stream) - 1));
}

/* The logical part of [rows][4P]: `hidden` columns of each gate. */
static void draw_gates(pnas_stream *stream, const pnas_lstm_layout *l, int rows, double range, float *weight)
{
    for (int row = 0; row < rows; ++row)
        for (int gate = 0; gate < 4; ++gate)
            for (int unit = 0; unit < l->hidden; ++unit)
                weight[(row * 4 + gate) * l->padded + unit] = draw(stream, range);
}

void pnas_lstm_initialise(const pnas_lstm_layout *l, const pnas_surrogate_options *options, uint64_t identity,
                          float *parameters)
{
    double range = 1 / sqrt(l->hidden);
    pnas_stream stream = pnas_stream_make(options->seed, PNAS_STREAM_SURROGATE_WEIGHTS, identity, 0);
    memset(parameters, 0, l->count * sizeof *parameters);
    for (int i = 0; i < l->vocabulary * l->embedding; ++i)
        parameters[l->embeddings + (size_t)i] = draw(&stream, 0.1);
    draw_gates(&stream, l, l->embedding, range, parameters + l->input_weight);
    draw_gates(&stream, l, l->hidden, range, parameters + l->recurrent_weight);
    for (int unit = 0; unit < l->hidden; ++unit) {
        parameters[l->bias + (size_t)(l->padded + unit)] = 1;
        parameters[l->output_weight + (size_t)unit] = draw(&stream, range);
    }
    parameters[l->output_bias] = (float)options->last_bias;
}

void pnas_lstm_tensors(const pnas_lstm_layout *l, pnas_stored_tensor out[PNAS_LSTM_TENSORS])
{
    size_t E = (size_t)l->embedding, H = (size_t)l->hidden, P = (size_t)l->padded;
    size_t inputs = (size_t)l->inputs, operators = (size_t)l->operators;
    const pnas_stored_tensor all[PNAS_LSTM_TENSORS] = {
        {"input_embedding", 2, inputs, 1, E, E, l->embeddings},
        {"operator_embedding", 2, operators, 1, E, E, l->embeddings + inputs * E},
        {"lstm/input_weight", 2, E, 4, H, P, l->input_weight},
        {"lstm/recurrent_weight", 2, H, 4, H, P, l->recurrent_weight},
        {"lstm/bias", 1, 1, 4, H, P, l->bias},
        {"output/weight", 1, 1, 1, H, P, l->output_weight},
        {"output/bias", 1, 1, 1, 1, 1, l->output_bias},
    };
    memcpy(out, all, sizeof all);
}

static pnas_slice take(pnas_lstm_work *work, size_t *count, size_t size)
{
    return (pnas_slice){work->floats, pnas_stored_tensor_reserve(count, size)};
}

/* Sets the slices and returns how many floats they take; called once to count and once to place. */
static size_t place(const pnas_lstm_layout *l, pnas_lstm_work *work)
{
    size_t count = 0, rows = (size_t)work->rows, P = (size_t)l->padded;
    size_t steps = work->history ? (size_t)work->tokens : 1, words = (size_t)l->vocabulary;
    size_t back = work->history ? 1 : 0;
    work->table = take(work, &count, words * 4 * P);
    work->gates = take(work, &count, steps * rows * 4 * P);
    work->hidden = take(work, &count, steps * rows * P);
    work->memory = take(work, &count, steps * rows * P);
    work->logit_gradient = take(work, &count, back * rows);
    work->hidden_gradient = take(work, &count, back * rows * P);
    work->memory_gradient = take(work, &count, back * rows * P);
    work->table_gradient = take(work, &count, back * words * 4 * P);
    return count;
}

pnas_status pnas_lstm_work_create(pnas_cl *cl, const pnas_lstm_layout *layout, int rows, int tokens,
                                  bool history, pnas_lstm_work *out)
{
    pnas_lstm_work work = {.rows = rows, .tokens = tokens, .history = history};
    size_t row_bytes = (size_t)rows * sizeof(float);
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, row_bytes * (size_t)tokens, &work.token));
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, row_bytes, &work.output));
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, row_bytes, &work.target));
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, row_bytes, &work.valid));
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, row_bytes, &work.beside));
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, place(layout, &work) * sizeof(float), &work.floats));
    place(layout, &work);
    *out = work;
    return PNAS_OK;
cleanup:
    pnas_lstm_work_release(&work);
    return status;
}

uint64_t pnas_lstm_work_bytes(const pnas_lstm_layout *layout, int rows, int tokens, bool history)
{
    pnas_lstm_work work = {.rows = rows, .tokens = tokens, .history = history};
    return place(layout, &work) * sizeof(float);
}

void pnas_lstm_work_release(pnas_lstm_work *work)
{
    pnas_buffer_release(&work->token);
    pnas_buffer_release(&work->output);
    pnas_buffer_release(&work->target);
    pnas_buffer_release(&work->valid);
    pnas_buffer_release(&work->beside);
    pnas_buffer_release(&work->floats);
}
