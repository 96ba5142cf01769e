#include "cl/surrogate/lstm_forward.h"

#include "cl/surrogate/network_ops.h"

/* Step t of a history, or the only place there is. */
static pnas_slice at_step(const pnas_lstm_work *work, pnas_slice slice, int step, int width)
{
    if (work->history)
        slice.offset += (size_t)step * (size_t)work->rows * (size_t)width;
    return slice;
}

/* table = embeddings x input weight */
static pnas_status append_table(pnas_cl *cl, pnas_launch_list *list, const pnas_lstm_layout *l,
                                cl_mem parameters, const pnas_lstm_work *work)
{
    const pnas_dense_product product = {.m = l->vocabulary,
                                        .n = 4 * l->padded,
                                        .k = l->embedding,
                                        .a = {parameters, l->embeddings},
                                        .b = {parameters, l->input_weight},
                                        .c = work->table};
    return pnas_dense_product_append(cl, list, &product);
}

/* gates = h(t-1) x recurrent weight */
static pnas_status append_recurrence(pnas_cl *cl, pnas_launch_list *list, const pnas_lstm_layout *l,
                                     cl_mem parameters, const pnas_lstm_work *work, int step)
{
    const pnas_dense_product product = {.m = work->rows,
                                        .n = 4 * l->padded,
                                        .k = l->padded,
                                        .a = at_step(work, work->hidden, step - 1, l->padded),
                                        .b = {parameters, l->recurrent_weight},
                                        .c = at_step(work, work->gates, step, 4 * l->padded)};
    return pnas_dense_product_append(cl, list, &product);
}

static pnas_status append_cell(pnas_cl *cl, pnas_launch_list *list, const pnas_lstm_layout *l,
                               cl_mem parameters, const pnas_lstm_work *work, int step)
{
    pnas_slice gates = at_step(work, work->gates, step, 4 * l->padded);
    pnas_slice memory = at_step(work, work->memory, step, l->padded);
    pnas_slice old = step > 0 ? at_step(work, work->memory, step - 1, l->padded) : memory;
    pnas_slice hidden = at_step(work, work->hidden, step, l->padded);
    const pnas_launch_spec spec = {.label = "lstm cell",
                                   .file = "lstm.cl",
                                   .kernel = "lstm_cell",
                                   .global = {(size_t)work->rows * (size_t)l->padded / 8},
                                   .bytes = 44.0 * work->rows * l->padded};
    return pnas_launch_append(
        cl, list, &spec,
        PNAS_ARGS(PNAS_ARG_BUFFER(gates.buffer), PNAS_ARG_OFFSET(gates.offset),
                  PNAS_ARG_BUFFER(work->table.buffer), PNAS_ARG_OFFSET(work->table.offset),
                  PNAS_ARG_BUFFER(parameters), PNAS_ARG_OFFSET(l->bias), PNAS_ARG_BUFFER(work->token),
                  PNAS_ARG_INT(step * work->rows), PNAS_ARG_BUFFER(old.buffer), PNAS_ARG_OFFSET(old.offset),
                  PNAS_ARG_BUFFER(memory.buffer), PNAS_ARG_OFFSET(memory.offset),
                  PNAS_ARG_BUFFER(hidden.buffer), PNAS_ARG_OFFSET(hidden.offset), PNAS_ARG_INT(step == 0),
                  PNAS_ARG_INT(work->rows), PNAS_ARG_INT(l->padded)));
}

pnas_status pnas_lstm_forward_append(pnas_cl *cl, pnas_launch_list *list, const pnas_lstm_layout *l,
                                     cl_mem parameters, const pnas_lstm_work *work, int tokens)
{
    PNAS_TRY(append_table(cl, list, l, parameters, work));
    for (int step = 0; step < tokens; ++step) {
        if (step > 0)
            PNAS_TRY(append_recurrence(cl, list, l, parameters, work, step));
        PNAS_TRY(append_cell(cl, list, l, parameters, work, step));
    }
    const pnas_output_layer last = {.parameters = parameters,
                                    .weight = l->output_weight,
                                    .bias = l->output_bias,
                                    .linear = &l->linear,
                                    .hidden = at_step(work, work->hidden, tokens - 1, l->padded),
                                    .token = work->token,
                                    .beside = work->beside,
                                    .beside_share = work->beside_share,
                                    .output = work->output,
                                    .rows = work->rows,
                                    .units = l->padded,
                                    .tokens = tokens};
    return pnas_network_output_append(cl, list, &last);
}
