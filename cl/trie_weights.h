/* Inside the cl room: an LSTM's weights as the kernels of the trie want them (cl/kernels/trie_tile.cl). */
#ifndef PNAS_CL_TRIE_WEIGHTS_H
#define PNAS_CL_TRIE_WEIGHTS_H

#include "cl/lstm_trie.h"

typedef struct {
    int hidden, padded; /* units: real, and a multiple of 8 (P) */
    int words;          /* rows of tokens: inputs -2, -1, ..., then operators */
    bool careful;       /* a token's row is so large that its power alone says too little */
    size_t count;
    float *
        data; /* [count]: recurrent [P / 8][hidden][i, f, g, o][8], words [words][4P], output [P], its bias */
} pnas_trie_weights;

/* Token i of the `inputs` ones reads row i of the embedding, those beyond its end its last row; operator i
 * reads row operator_of[i] (NULL: i). PNAS_ERROR_DATA if tensors are missing or do not fit each other.
 * out->data is the caller's (free). */
pnas_status pnas_trie_weights_make(const pnas_lstm_tensors *tensors, int inputs, int operators,
                                   const int *operator_of, pnas_trie_weights *out);

#endif
