/* Scores of whole parts of a search space by surrogates that are LSTMs or MLPs of one layer: cells that begin alike
 * share what the model made of their beginning. docs/scoring.md.
 *
 * The space's unique cells are generated, scored in batches and handed to a visitor in trie order
 * (src/search/extension.h); nothing but the running batches is kept, so memory does not grow with the space.
 * While the device works on a batch the next is made. Scores agree with pnas_ensemble_predict's to 1e-5 (the
 * order of sums and the exponential differ), for cells and operators that the surrogate knows. Inputs beyond
 * its table are read as the last of the table. Local. */
#ifndef PNAS_CL_SPACE_TRIE_H
#define PNAS_CL_SPACE_TRIE_H

#include "cl/runtime/context.h"
#include "cl/surrogate/trie_options.h"

typedef struct pnas_space_trie pnas_space_trie;

typedef struct { /* the scores of a batch, borrowed for the call */
    const pnas_trie_batch *batch;
    const float *mean;   /* [batch->cells], by the cells' numbers */
    const float *spread; /* [batch->cells]: standard deviation over the members (of a sample); NULL where
                            there is one */
} pnas_trie_scores;

typedef pnas_status (*pnas_trie_visitor)(void *payload, const pnas_trie_scores *scores);

/* `members` (`count`, at least 1) are an ensemble; borrowed for the call. PNAS_ERROR_USAGE if the memory is
 * too small for one prefix, with what is needed; PNAS_ERROR_DATA if a member is of another model than these two,
 * or than the first member, or does not know an operator. */
pnas_status pnas_space_trie_create(pnas_cl *cl, const pnas_member_tensors *members, int count,
                                   const pnas_space_trie_options *options, pnas_space_trie **out);
void pnas_space_trie_destroy(pnas_space_trie **trie);

/* Scores all cells that begin with one of `roots`: canonical cells of at most blocks - 1 blocks, in trie order; a
 * cell of no blocks is the whole space. What the visitor returns other than PNAS_OK ends the call. */
pnas_status pnas_space_trie_run(pnas_space_trie *trie, const pnas_cell *roots, size_t count,
                                pnas_trie_visitor visit, void *payload);

#endif
