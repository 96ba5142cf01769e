/* Private to cl: the MLP surrogate's parameters and working memory. Paper
 * section 4.2, with two layers of units or one.
 *
 * Letters: R rows (cells) of a batch, T = 4b tokens of a row, E embedding, P hidden units padded to a
 * multiple of 8 (the extra ones have zero weights and stay zero).
 *
 *   x = mean over blocks of (in1, in2, op1, op2)'s embeddings, [4E]
 *   h = max(0, x W + b)      k = max(0, h V + c)      output = sigmoid(k w + b')
 *
 * Of one layer k is h, and there are no V and c.
 *
 * Local. */
#ifndef PNAS_CL_MLP_MODEL_H
#define PNAS_CL_MLP_MODEL_H

#include "cl/surrogate/linear_part.h"
#include "src/search/space.h"
#include "src/search/surrogate_options.h"

typedef struct { /* where each tensor stands in the flat parameters, in floats */
    int inputs, operators, vocabulary, embedding, hidden, padded;
    int layers;           /* 1 or 2 */
    size_t embeddings;    /* [vocabulary][E] */
    size_t first_weight;  /* [4E][P] */
    size_t second_weight; /* [P][P], of two layers */
    size_t first_bias;    /* [P] */
    size_t second_bias;   /* [P], of two layers */
    size_t output_weight; /* [P] */
    size_t output_bias;   /* [1] */
    pnas_linear_part linear;
    size_t count;
} pnas_mlp_layout;

void pnas_mlp_layout_make(const pnas_surrogate_options *options, const pnas_space *space,
                          pnas_mlp_layout *out);

/* Fills parameters [count]: embeddings uniform in [-0.1, 0.1]; the two layers' weights uniform in
 * +-sqrt(6 / inputs) (He et al. 2015), the output's in +-1 / sqrt(hidden); the output's bias as given, others
 * 0. Drawn from the stream (seed, identity). */
void pnas_mlp_initialise(const pnas_mlp_layout *layout, const pnas_surrogate_options *options,
                         uint64_t identity, float *parameters);

enum { PNAS_MLP_TENSORS = 8 };
/* Returns how many there are: of one layer two fewer. */
size_t pnas_mlp_tensors(const pnas_mlp_layout *layout, pnas_stored_tensor out[PNAS_MLP_TENSORS]);

typedef struct { /* the memory of one batch; buffers are owned */
    int rows, tokens;
    cl_mem token;                               /* int [T][R] */
    cl_mem output, target, valid;               /* [R] */
    cl_mem beside;                              /* [R]: logits of the kernel part */
    float beside_share;                         /* 0: they are not read */
    cl_mem floats;                              /* all below */
    pnas_slice mean;                            /* [R][4E] */
    pnas_slice first, second;                   /* [R][P]; second: of two layers, as its gradient */
    pnas_slice logit_gradient;                  /* [R] */
    pnas_slice mean_gradient;                   /* [R][4E] */
    pnas_slice first_gradient, second_gradient; /* [R][P] */
} pnas_mlp_work;

/* `history`: with room for the backward pass. */
pnas_status pnas_mlp_work_create(pnas_cl *cl, const pnas_mlp_layout *layout, int rows, int tokens,
                                 bool history, pnas_mlp_work *out);
void pnas_mlp_work_release(pnas_mlp_work *work);

/* Bytes of its largest buffer; the others are a few for each row and token. */
uint64_t pnas_mlp_work_bytes(const pnas_mlp_layout *layout, int rows, bool history);

#endif
