/* Which blocks can follow the blocks of a canonical cell so that the longer cell is canonical, too; and the
 * walk that this makes cheap.
 *
 * Trie order: cells compared block by block from the first, each block as (in1, in2, op1, op2), the order in
 * which the LSTM surrogate reads it. Cells that begin alike stand together. Local. */
#ifndef PNAS_SEARCH_EXTENSION_H
#define PNAS_SEARCH_EXTENSION_H

#include "src/search/space.h"

typedef struct { /* a plain value; made by pnas_extension_make */
    pnas_cell cell;
    int lowest;    /* input: the lookback */
    int operators; /* how many there are */
    int readable;  /* how many blocks the longer cell may read */
    uint32_t used; /* the blocks that the cell reads, as bits */
    bool repeated; /* two blocks of the cell are equal */
    /* [m + 1]: the largest block after block m, as a number; a block whose newest input is m must not be
     * smaller */
    uint32_t floor[PNAS_BLOCKS_MAX + 1];
} pnas_extension;

/* `cell` is canonical and in the space, or has no blocks yet. */
void pnas_extension_make(const pnas_space *space, const pnas_cell *cell, pnas_extension *out);

/* Bit op2 is set if the block (in1, op1, in2, op2) may follow. Inputs: lookback <= in1 <= in2 < blocks of the
 * cell; all such blocks that keep the cell in the space are found with in1 <= in2, since those are the
 * canonical ones. */
uint32_t pnas_extension_operators(const pnas_extension *extension, int in1, int op1, int in2);

/* Every unique cell of `blocks` blocks that begins with the canonical cell `root` (0 blocks: every one of the
 * space), in trie order. `blocks` may be root->blocks: the root alone. */
pnas_status pnas_space_walk_trie(const pnas_space *space, const pnas_cell *root, int blocks,
                                 pnas_cell_visitor visit, void *payload);

#endif
