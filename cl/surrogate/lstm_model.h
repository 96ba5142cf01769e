/* Private to cl: the LSTM surrogate's parameters and working memory.
 *
 * Letters: R rows (cells) of a batch, T tokens of a row (4 a block), E embedding, P hidden units padded to a
 * multiple of 8 (the extra ones have zero weights and stay zero). Gates in the order i, f, g, o, [4P] a row.
 * Embeddings are one table [inputs + operators][E]; its product with the input weight [.][4P] is made once a
 * batch, so that a step of the sequence only picks rows of it.
 *
 *   z(t) = table[token(t)] + h(t-1) U + b        i, f, o = sigmoid(z), g = tanh(z)
 *   c(t) = f c(t-1) + i g                        h(t) = o tanh(c(t))
 *   output = sigmoid(h(T-1) w + b')              (Hochreiter and Schmidhuber 1997, with Gers's forget gate)
 *
 * Local. */
#ifndef PNAS_CL_LSTM_MODEL_H
#define PNAS_CL_LSTM_MODEL_H

#include "cl/surrogate/linear_part.h"
#include "src/search/space.h"
#include "src/search/surrogate_options.h"

typedef struct { /* where each tensor stands in the flat parameters, in floats */
    int inputs, operators, vocabulary, embedding, hidden, padded;
    size_t embeddings;       /* [vocabulary][E] */
    size_t input_weight;     /* [E][4P] */
    size_t recurrent_weight; /* [P][4P] */
    size_t bias;             /* [4P] */
    size_t output_weight;    /* [P] */
    size_t output_bias;      /* [1] */
    pnas_linear_part linear;
    size_t count;
} pnas_lstm_layout;

void pnas_lstm_layout_make(const pnas_surrogate_options *options, const pnas_space *space,
                           pnas_lstm_layout *out);

/* Fills parameters [count]: embeddings uniform in [-0.1, 0.1]; other weights uniform in +-1 / sqrt(hidden);
 * the forget gates' bias 1, so that early tokens are remembered from the start (Jozefowicz et al. 2015; the
 * paper does not say), the output's as given, others 0. Drawn from the stream (seed, identity). */
void pnas_lstm_initialise(const pnas_lstm_layout *layout, const pnas_surrogate_options *options,
                          uint64_t identity, float *parameters);

enum { PNAS_LSTM_TENSORS = 7 };
void pnas_lstm_tensors(const pnas_lstm_layout *layout, pnas_stored_tensor out[PNAS_LSTM_TENSORS]);

typedef struct { /* the memory of one batch; buffers are owned */
    int rows, tokens;
    bool history; /* for the backward pass: gates, memory and hidden of all T steps, not only of the last */
    cl_mem token; /* int [T][R] */
    cl_mem output, target, valid;                /* [R] */
    cl_mem beside;                               /* [R]: logits of the kernel part */
    float beside_share;                          /* 0: they are not read */
    cl_mem floats;                               /* all below */
    pnas_slice table;                            /* [vocabulary][4P] */
    pnas_slice gates;                            /* [T or 1][R][4P]; on the backward pass their gradients */
    pnas_slice hidden, memory;                   /* [T or 1][R][P] */
    pnas_slice logit_gradient;                   /* [R] */
    pnas_slice hidden_gradient, memory_gradient; /* [R][P] */
    pnas_slice table_gradient;                   /* [vocabulary][4P] */
} pnas_lstm_work;

pnas_status pnas_lstm_work_create(pnas_cl *cl, const pnas_lstm_layout *layout, int rows, int tokens,
                                  bool history, pnas_lstm_work *out);
void pnas_lstm_work_release(pnas_lstm_work *work);

/* Bytes of its largest buffer; the others are a few for each row and token. */
uint64_t pnas_lstm_work_bytes(const pnas_lstm_layout *layout, int rows, int tokens, bool history);

#endif
