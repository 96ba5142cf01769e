/* The order of the trie walk, in the plainest way. */
#ifndef PNAS_TESTS_TRIE_ORDER_H
#define PNAS_TESTS_TRIE_ORDER_H

#include "src/search/cell.h"

/* Compares block by block, each as (in1, in2, op1, op2); 0 exactly if equal. Cells are of the same length. */
static inline int trie_order(const pnas_cell *a, const pnas_cell *b)
{
    for (int i = 0; i < a->blocks; ++i) {
        const pnas_block *x = &a->block[i], *y = &b->block[i];
        const int left[4] = {x->in1, x->in2, x->op1, x->op2}, right[4] = {y->in1, y->in2, y->op1, y->op2};
        for (int j = 0; j < 4; ++j)
            if (left[j] != right[j])
                return left[j] < right[j] ? -1 : 1;
    }
    return 0;
}

#endif
