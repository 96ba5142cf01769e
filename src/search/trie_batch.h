/* Cells of a batch as the nodes of a trie over the tokens (in1, in2, op1, op2 of each block), so that
 * whatever reads tokens one after the other does each common beginning once.
 *
 * Depth d holds the distinct beginnings of d + 1 tokens, as (parent, token): parent is a node of depth d - 1
 * (0 at depth 0), token an input + 2 or an operator. The first 4 (blocks - 1) depths spell the *prefixes*,
 * all blocks but the last; two more spell the inputs of the last block. Its operators are *families*: one
 * first operator and the set of second ones. Prefixes must be added in trie order. Local. */
#ifndef PNAS_SEARCH_TRIE_BATCH_H
#define PNAS_SEARCH_TRIE_BATCH_H

#include "src/search/extension.h"

#define PNAS_TRIE_DEPTHS_MAX (4 * PNAS_BLOCKS_MAX - 2)

typedef struct {
    int32_t parent, token;
} pnas_trie_node;

typedef struct { /* cells that differ in the last operator only, numbered in the order of operators */
    int32_t parent, op1;
    uint32_t operators; /* bit op2 is set for each cell */
    uint32_t first;     /* the number of the first in the batch */
} pnas_trie_family;

/* Which of `operators` may be op2 of the block that follows `prefix`; NULL: all. */
typedef uint32_t (*pnas_trie_filter)(void *payload, const pnas_cell *prefix, int in1, int op1, int in2,
                                     uint32_t operators);

typedef struct {
    pnas_space space;
    int blocks;  /* of each cell, 1 .. PNAS_BLOCKS_MAX */
    size_t rows; /* the most nodes at a depth; at least pnas_trie_batch_least_rows */
    pnas_trie_filter filter;
    void *filter_payload;
} pnas_trie_batch_options;

typedef struct { /* arrays are owned by the batch */
    pnas_trie_batch_options options;
    int depths;                                 /* 4 blocks - 2 */
    size_t nodes[PNAS_TRIE_DEPTHS_MAX];         /* so many at each depth */
    pnas_trie_node *node[PNAS_TRIE_DEPTHS_MAX]; /* [depth][rows] */
    size_t prefixes, families, cells;
    pnas_cell *prefix;        /* [rows]: node i of depth 4 (blocks - 1) - 1 spells prefix i */
    pnas_trie_family *family; /* [rows * operators] */
} pnas_trie_batch;

/* So many rows hold the cells of any one prefix. */
size_t pnas_trie_batch_least_rows(int blocks);

/* The most cells that a batch of these options holds. */
size_t pnas_trie_batch_cells_max(const pnas_trie_batch_options *options);

pnas_status pnas_trie_batch_create(const pnas_trie_batch_options *options, pnas_trie_batch *out);
void pnas_trie_batch_destroy(pnas_trie_batch *batch);
void pnas_trie_batch_clear(pnas_trie_batch *batch);

/* How many cells pnas_trie_batch_add adds for a prefix. */
size_t pnas_trie_batch_count(const pnas_trie_batch_options *options, const pnas_cell *prefix);

/* Adds all cells that extend a canonical prefix of blocks - 1 blocks; false, and nothing is added, if there
 * is no room left for them. */
bool pnas_trie_batch_add(pnas_trie_batch *batch, const pnas_cell *prefix);

/* The cell of a family with op2. */
pnas_cell pnas_trie_batch_cell(const pnas_trie_batch *batch, const pnas_trie_family *family, int op2);

#endif
