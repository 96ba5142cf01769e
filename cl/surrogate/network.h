/* Private to cl: one network of a surrogate, LSTM or MLP, behind the same calls.
 *
 * Letters: R rows (cells) of a batch, T = 4b tokens of a row (in1, in2, op1, op2 of each block). Parameters
 * are one flat array of floats on the device. Local. */
#ifndef PNAS_CL_NETWORK_H
#define PNAS_CL_NETWORK_H

#include "cl/surrogate/lstm_model.h"
#include "cl/surrogate/mlp_model.h"
#include "cl/surrogate/network_ops.h"

typedef struct {
    pnas_surrogate_model model;
    union {
        pnas_lstm_layout lstm;
        pnas_mlp_layout mlp;
    } layout;
    int inputs, operators; /* embeddings of each kind */
    size_t count;          /* floats of the parameters */
    size_t embeddings;     /* where they begin, [inputs + operators][E] */
    size_t decayed;        /* the first so many are embeddings and weights of layers before the last */
    size_t output_weight;  /* where the last layer's weights begin; they end at ... */
    size_t output_bias;    /* ... its bias */
    pnas_linear_part linear;
} pnas_network;

void pnas_network_make(const pnas_surrogate_options *options, const pnas_space *space, pnas_network *out);

/* Fills parameters [count] from the stream (options->seed, identity). */
void pnas_network_initialise(const pnas_network *network, const pnas_surrogate_options *options,
                             uint64_t identity, float *parameters);

/* The tokens of a cell, `out` [4 * blocks], as rows of the embedding table: inputs first, then operators.
 * PNAS_ERROR_DATA if it does not fit the space. */
pnas_status pnas_network_encode(const pnas_network *network, const pnas_cell *cell, cl_int *out);

/* Parameters as named tensors of logical shape (*out and its data are the caller's: pnas_named_tensors_free)
 * and back; padding becomes zero. */
pnas_status pnas_network_name(const pnas_network *network, const float *parameters, pnas_named_tensor **out,
                              size_t *count);
pnas_status pnas_network_take(const pnas_network *network, const pnas_named_tensor *tensors, size_t count,
                              float *parameters);

typedef struct { /* the memory of one batch */
    union {
        pnas_lstm_work lstm;
        pnas_mlp_work mlp;
    } model;
    int rows, tokens;
    cl_mem token;           /* int [T][R]; borrowed from the model's, as all below */
    cl_mem beside;          /* [R]: logits of the kernel part */
    pnas_network_loss loss; /* output, target, valid, logit_gradient [R] */
} pnas_network_work;

/* `history`: with room for the backward pass. */
pnas_status pnas_network_work_create(pnas_cl *cl, const pnas_network *network, int rows, int tokens,
                                     bool history, pnas_network_work *out);
void pnas_network_work_release(const pnas_network *network, pnas_network_work *work);

/* Forward passes that are appended from now on give the logits beside this share; 0, as at first: they are
 * not read. */
void pnas_network_set_beside(const pnas_network *network, float share, pnas_network_work *work);

/* Bytes of its largest buffer; the others are small. */
uint64_t pnas_network_work_bytes(const pnas_network *network, int rows, int tokens, bool history);

/* Appends: loss.output [R] of the tokens in work->token, T <= work->tokens. */
pnas_status pnas_network_forward_append(pnas_cl *cl, pnas_launch_list *list, const pnas_network *network,
                                        cl_mem parameters, const pnas_network_work *work, int tokens);

/* Appends, after a forward with history: the gradient of the loss over valid rows by every parameter, into
 * gradients [count]. */
pnas_status pnas_network_backward_append(pnas_cl *cl, pnas_launch_list *list, const pnas_network *network,
                                         pnas_surrogate_loss loss, cl_mem parameters, cl_mem gradients,
                                         const pnas_network_work *work, int tokens);

#endif
