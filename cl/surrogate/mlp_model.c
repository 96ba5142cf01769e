#include "cl/surrogate/mlp_model.h"

#include "cl/surrogate/network_ops.h"
#include "src/base/random.h"

#include <math.h>
#include <string.h>

void pnas_mlp_layout_make(const pnas_surrogate_options *options, const pnas_space *space,
                          pnas_mlp_layout *out)
{
    pnas_mlp_layout l = {.inputs = space->blocks + 1, /* -2, -1, and every block but the last */
                         .operators = space->operators.count,
                         .embedding = options->embedding,
                         .hidden = options->hidden,
                         .padded = (options->hidden + 7) / 8 * 8,
                         .layers = options->model == PNAS_MODEL_MLP1 ? 1 : 2};
    l.vocabulary = l.inputs + l.operators;
    size_t E = (size_t)l.embedding, P = (size_t)l.padded;
    l.embeddings = pnas_stored_tensor_reserve(&l.count, (size_t)l.vocabulary * E);
    l.first_weight = pnas_stored_tensor_reserve(&l.count, 4 * E * P);
    if (l.layers == 2)
        l.second_weight = pnas_stored_tensor_reserve(&l.count, P * P);
    l.first_bias = pnas_stored_tensor_reserve(&l.count, P);
    if (l.layers == 2)
        l.second_bias = pnas_stored_tensor_reserve(&l.count, P);
    l.output_weight = pnas_stored_tensor_reserve(&l.count, P);
    l.output_bias = pnas_stored_tensor_reserve(&l.count, 1);
    l.linear = pnas_linear_part_make(options->linear, l.inputs, l.operators, &l.count);
    *out = l;
}

/* The logical part of [rows][P]. */
static void draw(pnas_stream *stream, const pnas_mlp_layout *l, int rows, double range, float *weight)
{
    for (int row = 0; row < rows; ++row)
        for (int unit = 0; unit < l->hidden; ++unit)
            weight[row * l->padded + unit] = (float)(range * (2 * pnas_stream_uniform(stream) - 1));
}

void pnas_mlp_initialise(const pnas_mlp_layout *l, const pnas_surrogate_options *options, uint64_t identity,
                         float *parameters)
{
    pnas_stream stream = pnas_stream_make(options->seed, PNAS_STREAM_SURROGATE_WEIGHTS, identity, 0);
    memset(parameters, 0, l->count * sizeof *parameters);
    for (int i = 0; i < l->vocabulary * l->embedding; ++i)
        parameters[l->embeddings + (size_t)i] = (float)(0.1 * (2 * pnas_stream_uniform(&stream) - 1));
    draw(&stream, l, 4 * l->embedding, sqrt(1.5 / l->embedding), parameters + l->first_weight);
    if (l->layers == 2)
        draw(&stream, l, l->hidden, sqrt(6.0 / l->hidden), parameters + l->second_weight);
    draw(&stream, l, 1, 1 / sqrt(l->hidden), parameters + l->output_weight);
    parameters[l->output_bias] = (float)options->last_bias;
}

size_t pnas_mlp_tensors(const pnas_mlp_layout *l, pnas_stored_tensor out[PNAS_MLP_TENSORS])
{
    size_t E = (size_t)l->embedding, H = (size_t)l->hidden, P = (size_t)l->padded;
    size_t inputs = (size_t)l->inputs, operators = (size_t)l->operators;
    const pnas_stored_tensor all[PNAS_MLP_TENSORS] = {
        {"input_embedding", 2, inputs, 1, E, E, l->embeddings},
        {"operator_embedding", 2, operators, 1, E, E, l->embeddings + inputs * E},
        {"mlp/first_weight", 2, 4 * E, 1, H, P, l->first_weight},
        {"mlp/first_bias", 1, 1, 1, H, P, l->first_bias},
        {"output/weight", 1, 1, 1, H, P, l->output_weight},
        {"output/bias", 1, 1, 1, 1, 1, l->output_bias},
        {"mlp/second_weight", 2, H, 1, H, P, l->second_weight},
        {"mlp/second_bias", 1, 1, 1, H, P, l->second_bias},
    };
    memcpy(out, all, sizeof all);
    return l->layers == 2 ? PNAS_MLP_TENSORS : PNAS_MLP_TENSORS - 2;
}

/* Sets the slices and returns how many floats they take; called once to count and once to place. */
static size_t place(const pnas_mlp_layout *l, bool history, pnas_mlp_work *work)
{
    size_t count = 0, rows = (size_t)work->rows, E = (size_t)l->embedding, P = (size_t)l->padded;
    size_t back = history ? 1 : 0, second = l->layers == 2 ? rows * P : 0;
    work->mean = (pnas_slice){work->floats, pnas_stored_tensor_reserve(&count, rows * 4 * E)};
    work->first = (pnas_slice){work->floats, pnas_stored_tensor_reserve(&count, rows * P)};
    work->second = (pnas_slice){work->floats, pnas_stored_tensor_reserve(&count, second)};
    work->logit_gradient = (pnas_slice){work->floats, pnas_stored_tensor_reserve(&count, back * rows)};
    work->mean_gradient = (pnas_slice){work->floats, pnas_stored_tensor_reserve(&count, back * rows * 4 * E)};
    work->first_gradient = (pnas_slice){work->floats, pnas_stored_tensor_reserve(&count, back * rows * P)};
    work->second_gradient = (pnas_slice){work->floats, pnas_stored_tensor_reserve(&count, back * second)};
    return count;
}

pnas_status pnas_mlp_work_create(pnas_cl *cl, const pnas_mlp_layout *layout, int rows, int tokens,
                                 bool history, pnas_mlp_work *out)
{
    pnas_mlp_work work = {.rows = rows, .tokens = tokens};
    size_t row_bytes = (size_t)rows * sizeof(float);
    pnas_status status;
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, row_bytes * (size_t)tokens, &work.token));
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, row_bytes, &work.output));
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, row_bytes, &work.target));
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, row_bytes, &work.valid));
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, row_bytes, &work.beside));
    PNAS_TRY_CLEANUP(pnas_buffer_create(cl, place(layout, history, &work) * sizeof(float), &work.floats));
    place(layout, history, &work);
    *out = work;
    return PNAS_OK;
cleanup:
    pnas_mlp_work_release(&work);
    return status;
}

uint64_t pnas_mlp_work_bytes(const pnas_mlp_layout *layout, int rows, bool history)
{
    pnas_mlp_work work = {.rows = rows};
    return place(layout, history, &work) * sizeof(float);
}

void pnas_mlp_work_release(pnas_mlp_work *work)
{
    pnas_buffer_release(&work->token);
    pnas_buffer_release(&work->output);
    pnas_buffer_release(&work->target);
    pnas_buffer_release(&work->valid);
    pnas_buffer_release(&work->beside);
    pnas_buffer_release(&work->floats);
}
