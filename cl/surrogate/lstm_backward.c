#include "cl/surrogate/lstm_backward.h"

#include "cl/surrogate/network_ops.h"

typedef struct { /* what every part of the backward pass needs */
    pnas_cl *cl;
    pnas_launch_list *list;
    const pnas_lstm_layout *layout;
    const pnas_lstm_work *work;
    cl_mem parameters, gradients;
} back;

static pnas_slice at_step(const back *b, pnas_slice slice, int step, int width)
{
    slice.offset += (size_t)step * (size_t)b->work->rows * (size_t)width;
    return slice;
}

static pnas_slice gradient(const back *b, size_t at)
{
    return (pnas_slice){b->gradients, at};
}

static pnas_status append_product(const back *b, bool transpose_a, bool transpose_b, int m, int n, int k,
                                  pnas_slice left, pnas_slice right, pnas_slice into)
{
    const pnas_dense_product product = {transpose_a, transpose_b, m, n, k, left, right, into};
    return pnas_dense_product_append(b->cl, b->list, &product);
}

/* The output layer: its gradients, and those of the last hidden state. */
static pnas_status append_output(const back *b, int tokens)
{
    const pnas_lstm_work *w = b->work;
    const pnas_lstm_layout *l = b->layout;
    const pnas_launch_spec spec = {.label = "lstm output backward",
                                   .file = "lstm.cl",
                                   .kernel = "lstm_output_backward",
                                   .global = {(size_t)w->rows * (size_t)l->padded / 8}};
    PNAS_TRY(pnas_launch_append(
        b->cl, b->list, &spec,
        PNAS_ARGS(PNAS_ARG_BUFFER(w->logit_gradient.buffer), PNAS_ARG_OFFSET(w->logit_gradient.offset),
                  PNAS_ARG_BUFFER(b->parameters), PNAS_ARG_OFFSET(l->output_weight),
                  PNAS_ARG_BUFFER(w->hidden_gradient.buffer), PNAS_ARG_OFFSET(w->hidden_gradient.offset),
                  PNAS_ARG_BUFFER(w->memory_gradient.buffer), PNAS_ARG_OFFSET(w->memory_gradient.offset),
                  PNAS_ARG_INT(w->rows), PNAS_ARG_INT(l->padded))));
    PNAS_TRY(append_product(b, true, false, l->padded, 1, w->rows,
                            at_step(b, w->hidden, tokens - 1, l->padded), w->logit_gradient,
                            gradient(b, l->output_weight)));
    return pnas_column_sums_append(b->cl, b->list, w->logit_gradient, w->rows, 1,
                                   gradient(b, l->output_bias));
}

/* Gates of a step become their gradients. */
static pnas_status append_cell(const back *b, int step)
{
    const pnas_lstm_work *w = b->work;
    const pnas_lstm_layout *l = b->layout;
    pnas_slice gates = at_step(b, w->gates, step, 4 * l->padded);
    pnas_slice memory = at_step(b, w->memory, step, l->padded);
    pnas_slice old = step > 0 ? at_step(b, w->memory, step - 1, l->padded) : memory;
    const pnas_launch_spec spec = {.label = "lstm cell backward",
                                   .file = "lstm.cl",
                                   .kernel = "lstm_cell_backward",
                                   .global = {(size_t)w->rows * (size_t)l->padded / 8},
                                   .bytes = 52.0 * w->rows * l->padded};
    return pnas_launch_append(
        b->cl, b->list, &spec,
        PNAS_ARGS(PNAS_ARG_BUFFER(gates.buffer), PNAS_ARG_OFFSET(gates.offset), PNAS_ARG_BUFFER(old.buffer),
                  PNAS_ARG_OFFSET(old.offset), PNAS_ARG_BUFFER(memory.buffer), PNAS_ARG_OFFSET(memory.offset),
                  PNAS_ARG_BUFFER(w->hidden_gradient.buffer), PNAS_ARG_OFFSET(w->hidden_gradient.offset),
                  PNAS_ARG_BUFFER(w->memory_gradient.buffer), PNAS_ARG_OFFSET(w->memory_gradient.offset),
                  PNAS_ARG_INT(step == 0), PNAS_ARG_INT(w->rows), PNAS_ARG_INT(l->padded)));
}

static pnas_status append_table_gradient(const back *b, int tokens)
{
    const pnas_lstm_work *w = b->work;
    const pnas_lstm_layout *l = b->layout;
    const pnas_launch_spec spec = {.label = "lstm table gradient",
                                   .file = "lstm.cl",
                                   .kernel = "lstm_table_gradient",
                                   .global = {(size_t)l->padded / 2},
                                   .local = {b->cl->info.cpu ? 4 : 16}};
    return pnas_launch_append(b->cl, b->list, &spec,
                              PNAS_ARGS(PNAS_ARG_BUFFER(w->gates.buffer), PNAS_ARG_OFFSET(w->gates.offset),
                                        PNAS_ARG_BUFFER(w->token), PNAS_ARG_BUFFER(w->table_gradient.buffer),
                                        PNAS_ARG_OFFSET(w->table_gradient.offset),
                                        PNAS_ARG_INT(l->vocabulary), PNAS_ARG_INT(tokens * w->rows),
                                        PNAS_ARG_INT(l->padded)));
}

/* From the gates' gradients of all steps to the weights. */
static pnas_status append_weights(const back *b, int tokens)
{
    const pnas_lstm_work *w = b->work;
    const pnas_lstm_layout *l = b->layout;
    int gates = 4 * l->padded;
    pnas_slice embeddings = {b->parameters, l->embeddings}, weight = {b->parameters, l->input_weight};
    PNAS_TRY(append_product(b, true, false, l->padded, gates, (tokens - 1) * w->rows, w->hidden,
                            at_step(b, w->gates, 1, gates), gradient(b, l->recurrent_weight)));
    PNAS_TRY(append_table_gradient(b, tokens));
    PNAS_TRY(append_product(b, true, false, l->embedding, gates, l->vocabulary, embeddings, w->table_gradient,
                            gradient(b, l->input_weight)));
    PNAS_TRY(append_product(b, false, true, l->vocabulary, l->embedding, gates, w->table_gradient, weight,
                            gradient(b, l->embeddings)));
    return pnas_column_sums_append(b->cl, b->list, w->table_gradient, l->vocabulary, gates,
                                   gradient(b, l->bias));
}

pnas_status pnas_lstm_backward_append(pnas_cl *cl, pnas_launch_list *list, const pnas_lstm_layout *l,
                                      cl_mem parameters, cl_mem gradients, const pnas_lstm_work *work,
                                      int tokens)
{
    const back b = {cl, list, l, work, parameters, gradients};
    const pnas_slice weight = {parameters, l->recurrent_weight};
    PNAS_TRY(append_output(&b, tokens));
    for (int step = tokens - 1; step >= 0; --step) {
        PNAS_TRY(append_cell(&b, step));
        if (step > 0)
            PNAS_TRY(append_product(&b, false, true, work->rows, l->padded, 4 * l->padded,
                                    at_step(&b, work->gates, step, 4 * l->padded), weight,
                                    work->hidden_gradient));
    }
    return append_weights(&b, tokens);
}
