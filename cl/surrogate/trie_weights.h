/* Private to cl: a member's weights as the kernels of the trie want them (cl/ops/kernels/trie_tile.cl of an LSTM,
 * trie_mlp.cl of an MLP of one layer), and its linear part (cl/surrogate/linear_part.h), with its share already taken
 * from the output and given to the linear part, and from both the share of the kernel part. A surrogate without a
 * linear part has zeros there. Local. */
#ifndef PNAS_CL_TRIE_WEIGHTS_H
#define PNAS_CL_TRIE_WEIGHTS_H

#include "cl/surrogate/trie_options.h"

typedef struct { /* of the space scored */
    int inputs, operators;
    const int
        *operator_of; /* [operators]: which rows of the surrogate's embedding they are; NULL: the same */
    int blocks;       /* of each cell */
} pnas_trie_shape;

typedef struct {
    bool mlp;           /* else an LSTM */
    int hidden, padded; /* units: real, and a multiple of 8 (P) */
    int words; /* rows of tokens. LSTM: inputs -2, -1, ..., then operators. MLP: those of in1, in2, op1, op2 */
    bool careful;         /* LSTM: a token's row is so large that its power alone says too little */
    size_t count, output; /* floats; where the output stands */
    float *
        data; /* [count]: LSTM: recurrent [P / 8][hidden][i, f, g, o][8], words [words][4P]; MLP: words [words][P],
                     which add up; then of both output [P], its bias, ends [inputs][operators][operators] */
    float *first; /* MLP: [P], before the first token */
    float *side;  /* [inputs][operators]: what a side of a block adds to the logit by the linear part */
    float *
        pair; /* [operators][operators]: what its two operators add; ends are side [in2][op2] + pair [op1][op2] */
} pnas_trie_weights;

/* Inputs beyond the end of the embedding read its last row. PNAS_ERROR_DATA if tensors are missing or do not fit each
 * other, and of an MLP of two layers. *out is the caller's (pnas_trie_weights_free). */
pnas_status pnas_trie_weights_make(const pnas_member_tensors *tensors, const pnas_trie_shape *shape,
                                   float kernel_share, pnas_trie_weights *out);
void pnas_trie_weights_free(pnas_trie_weights *weights);

#endif
