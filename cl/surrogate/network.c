#include "cl/surrogate/network.h"

#include "cl/surrogate/lstm_backward.h"
#include "cl/surrogate/lstm_forward.h"
#include "cl/surrogate/mlp_steps.h"

#include <string.h>

#define TENSORS_MAX (8 + PNAS_LINEAR_TENSORS)

static bool is_lstm(const pnas_network *network)
{
    return network->model == PNAS_MODEL_LSTM;
}

void pnas_network_make(const pnas_surrogate_options *options, const pnas_space *space, pnas_network *out)
{
    *out = (pnas_network){.model = options->model};
    if (is_lstm(out)) {
        pnas_lstm_layout *l = &out->layout.lstm;
        pnas_lstm_layout_make(options, space, l);
        out->inputs = l->inputs;
        out->operators = l->operators;
        out->count = l->count;
        out->embeddings = l->embeddings;
        out->decayed = l->bias;
        out->output_weight = l->output_weight;
        out->output_bias = l->output_bias;
        out->linear = l->linear;
    } else {
        pnas_mlp_layout *l = &out->layout.mlp;
        pnas_mlp_layout_make(options, space, l);
        out->inputs = l->inputs;
        out->operators = l->operators;
        out->count = l->count;
        out->embeddings = l->embeddings;
        out->decayed = l->first_bias;
        out->output_weight = l->output_weight;
        out->output_bias = l->output_bias;
        out->linear = l->linear;
    }
}

void pnas_network_initialise(const pnas_network *network, const pnas_surrogate_options *options,
                             uint64_t identity, float *parameters)
{
    if (is_lstm(network))
        pnas_lstm_initialise(&network->layout.lstm, options, identity, parameters);
    else
        pnas_mlp_initialise(&network->layout.mlp, options, identity, parameters);
}

pnas_status pnas_network_encode(const pnas_network *network, const pnas_cell *cell, cl_int *out)
{
    for (int i = 0; i < cell->blocks; ++i) {
        const pnas_block *block = &cell->block[i];
        const int code[4] = {block->in1 + 2, block->in2 + 2, block->op1, block->op2};
        for (int j = 0; j < 4; ++j) {
            int most = j < 2 ? network->inputs : network->operators;
            PNAS_CHECK(code[j] >= 0 && code[j] < most, PNAS_ERROR_DATA,
                       "the surrogate was made for %d inputs and %d operators: block %d of a cell has others",
                       network->inputs, network->operators, i);
            *out++ = j < 2 ? code[j] : network->inputs + code[j];
        }
    }
    return PNAS_OK;
}

static size_t list_tensors(const pnas_network *network, pnas_stored_tensor out[TENSORS_MAX])
{
    size_t count = PNAS_LSTM_TENSORS;
    if (is_lstm(network))
        pnas_lstm_tensors(&network->layout.lstm, out);
    else
        count = pnas_mlp_tensors(&network->layout.mlp, out);
    return count + pnas_linear_part_tensors(&network->linear, out + count);
}

pnas_status pnas_network_name(const pnas_network *network, const float *parameters, pnas_named_tensor **out,
                              size_t *count)
{
    pnas_stored_tensor stored[TENSORS_MAX];
    *count = list_tensors(network, stored);
    return pnas_stored_tensors_name(stored, *count, parameters, out);
}

pnas_status pnas_network_take(const pnas_network *network, const pnas_named_tensor *tensors, size_t count,
                              float *parameters)
{
    pnas_stored_tensor stored[TENSORS_MAX];
    size_t stored_count = list_tensors(network, stored);
    memset(parameters, 0, network->count * sizeof *parameters);
    return pnas_stored_tensors_take(stored, stored_count, tensors, count, parameters);
}

pnas_status pnas_network_work_create(pnas_cl *cl, const pnas_network *network, int rows, int tokens,
                                     bool history, pnas_network_work *out)
{
    *out = (pnas_network_work){.rows = rows, .tokens = tokens};
    if (is_lstm(network)) {
        pnas_lstm_work *w = &out->model.lstm;
        PNAS_TRY(pnas_lstm_work_create(cl, &network->layout.lstm, rows, tokens, history, w));
        out->token = w->token;
        out->beside = w->beside;
        out->loss = (pnas_network_loss){w->output, w->target, w->valid, w->logit_gradient, rows};
    } else {
        pnas_mlp_work *w = &out->model.mlp;
        PNAS_TRY(pnas_mlp_work_create(cl, &network->layout.mlp, rows, tokens, history, w));
        out->token = w->token;
        out->beside = w->beside;
        out->loss = (pnas_network_loss){w->output, w->target, w->valid, w->logit_gradient, rows};
    }
    return PNAS_OK;
}

void pnas_network_set_beside(const pnas_network *network, float share, pnas_network_work *work)
{
    if (is_lstm(network))
        work->model.lstm.beside_share = share;
    else
        work->model.mlp.beside_share = share;
}

uint64_t pnas_network_work_bytes(const pnas_network *network, int rows, int tokens, bool history)
{
    return is_lstm(network) ? pnas_lstm_work_bytes(&network->layout.lstm, rows, tokens, history)
                            : pnas_mlp_work_bytes(&network->layout.mlp, rows, history);
}

void pnas_network_work_release(const pnas_network *network, pnas_network_work *work)
{
    if (is_lstm(network))
        pnas_lstm_work_release(&work->model.lstm);
    else
        pnas_mlp_work_release(&work->model.mlp);
}

pnas_status pnas_network_forward_append(pnas_cl *cl, pnas_launch_list *list, const pnas_network *network,
                                        cl_mem parameters, const pnas_network_work *work, int tokens)
{
    if (is_lstm(network))
        return pnas_lstm_forward_append(cl, list, &network->layout.lstm, parameters, &work->model.lstm,
                                        tokens);
    return pnas_mlp_forward_append(cl, list, &network->layout.mlp, parameters, &work->model.mlp, tokens);
}

pnas_status pnas_network_backward_append(pnas_cl *cl, pnas_launch_list *list, const pnas_network *network,
                                         pnas_surrogate_loss loss, cl_mem parameters, cl_mem gradients,
                                         const pnas_network_work *work, int tokens)
{
    PNAS_TRY(pnas_network_loss_append(cl, list, loss, &work->loss));
    if (is_lstm(network))
        return pnas_lstm_backward_append(cl, list, &network->layout.lstm, parameters, gradients,
                                         &work->model.lstm, tokens);
    return pnas_mlp_backward_append(cl, list, &network->layout.mlp, parameters, gradients, &work->model.mlp,
                                    tokens);
}
