/* What a search space is scored with (cl/surrogate/space_trie.h): plain values. */
#ifndef PNAS_CL_TRIE_OPTIONS_H
#define PNAS_CL_TRIE_OPTIONS_H

#include "src/base/named_tensor.h"
#include "src/search/trie_batch.h"

typedef struct { /* one surrogate's weights as pnas_ensemble_weights names them and run files keep them;
                  * borrowed
                  */
    const pnas_named_tensor *tensor;
    size_t count;
} pnas_member_tensors;

typedef struct {
    pnas_space space;
    int blocks; /* of each cell, 1 .. PNAS_BLOCKS_MAX; may be more than the surrogates were made for */
    const int
        *operator_of; /* [operators of the space]: their numbers in the surrogates' space; NULL: the same */
    size_t memory;    /* bytes that batches may take, here and on the device together; 0: 64 MiB */
    pnas_trie_filter filter; /* NULL: all cells */
    void *filter_payload;
} pnas_space_trie_options;

#endif
