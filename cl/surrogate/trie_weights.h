/* Private to cl: an LSTM's weights as the kernels of the trie want them (cl/ops/kernels/trie_tile.cl),
 * and its linear part (cl/surrogate/linear_part.h), with its share already taken from the output and given to
 * the linear part, and from both the share of the kernel part. A surrogate without a linear part has zeros
 * there. Local. */
#ifndef PNAS_CL_TRIE_WEIGHTS_H
#define PNAS_CL_TRIE_WEIGHTS_H

#include "cl/surrogate/trie_options.h"

typedef struct {
    int hidden, padded; /* units: real, and a multiple of 8 (P) */
    int words;          /* rows of tokens: inputs -2, -1, ..., then operators */
    bool careful;       /* a token's row is so large that its power alone says too little */
    size_t count;
    float *data; /* [count]: recurrent [P / 8][hidden][i, f, g, o][8], words [words][4P], output [P], its
                    bias, ends [inputs][operators][operators] */
    float *side; /* [inputs][operators]: what a side of a block adds to the logit by the linear part */
    float *pair; /* [operators][operators]: what its two operators add; ends are side [in2][op2] + pair
                  * [op1][op2]
                  */
} pnas_trie_weights;

/* Token i of the `inputs` ones reads row i of the embedding, those beyond its end its last row; operator i
 * reads row operator_of[i] (NULL: i). PNAS_ERROR_DATA if tensors are missing or do not fit each other. *out
 * is the caller's (pnas_trie_weights_free). */
pnas_status pnas_trie_weights_make(const pnas_lstm_tensors *tensors, int inputs, int operators,
                                   const int *operator_of, float kernel_share, pnas_trie_weights *out);
void pnas_trie_weights_free(pnas_trie_weights *weights);

#endif
