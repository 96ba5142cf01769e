#include "src/search/trie_batch.h"

#include <assert.h>
#include <stdlib.h>

size_t pnas_trie_batch_least_rows(int blocks)
{
    size_t inputs = (size_t)blocks + 1;
    return inputs * (inputs + 1) / 2;
}

size_t pnas_trie_batch_cells_max(const pnas_trie_batch_options *options)
{
    size_t operators = (size_t)options->space.operators.count;
    return options->rows * operators * operators;
}

static pnas_status check_options(const pnas_trie_batch_options *o)
{
    PNAS_TRY(pnas_space_validate(&o->space));
    PNAS_CHECK(o->blocks >= 1 && o->blocks <= PNAS_BLOCKS_MAX, PNAS_ERROR_USAGE,
               "cells of %d blocks were asked for; cells have 1 to %d", o->blocks, PNAS_BLOCKS_MAX);
    PNAS_CHECK(o->rows >= pnas_trie_batch_least_rows(o->blocks) && o->rows <= 1u << 20, PNAS_ERROR_USAGE,
               "a batch of %zu rows: cells of %d blocks take %zu to %u", o->rows, o->blocks,
               pnas_trie_batch_least_rows(o->blocks), 1u << 20);
    return PNAS_OK;
}

pnas_status pnas_trie_batch_create(const pnas_trie_batch_options *options, pnas_trie_batch *out)
{
    pnas_status status;
    pnas_trie_batch batch = {.options = *options, .depths = 4 * options->blocks - 2};
    PNAS_TRY_CLEANUP(check_options(options));
    size_t rows = options->rows, operators = (size_t)options->space.operators.count;
    batch.prefix = malloc(rows * sizeof *batch.prefix);
    batch.family = malloc(rows * operators * sizeof *batch.family);
    bool whole = batch.prefix && batch.family;
    for (int depth = 0; depth < batch.depths; ++depth) {
        batch.node[depth] = malloc(rows * sizeof *batch.node[depth]);
        whole = whole && batch.node[depth];
    }
    PNAS_CHECK_CLEANUP(whole, PNAS_ERROR_MEMORY, "out of memory for a batch of %zu rows", rows);
    *out = batch;
    return PNAS_OK;
cleanup:
    pnas_trie_batch_destroy(&batch);
    return status;
}

void pnas_trie_batch_destroy(pnas_trie_batch *batch)
{
    for (int depth = 0; depth < PNAS_TRIE_DEPTHS_MAX; ++depth)
        free(batch->node[depth]);
    free(batch->prefix);
    free(batch->family);
    *batch = (pnas_trie_batch){0};
}

void pnas_trie_batch_clear(pnas_trie_batch *batch)
{
    for (int depth = 0; depth < PNAS_TRIE_DEPTHS_MAX; ++depth)
        batch->nodes[depth] = 0;
    batch->prefixes = batch->families = batch->cells = 0;
}

/* A new node below the newest of the depth above. */
static void add_node(pnas_trie_batch *batch, int depth, int token)
{
    int32_t parent = depth > 0 ? (int32_t)batch->nodes[depth - 1] - 1 : 0;
    batch->node[depth][batch->nodes[depth]++] = (pnas_trie_node){parent, token};
}

static int token_at(const pnas_cell *cell, int depth)
{
    const pnas_block *block = &cell->block[depth / 4];
    const int token[4] = {block->in1 + 2, block->in2 + 2, block->op1, block->op2};
    return token[depth % 4];
}

/* The nodes of a prefix that the one before it does not share. */
static void add_prefix(pnas_trie_batch *batch, const pnas_cell *prefix)
{
    int tokens = 4 * prefix->blocks, depth = 0;
    const pnas_cell *last = batch->prefixes > 0 ? &batch->prefix[batch->prefixes - 1] : NULL;
    while (last && depth < tokens && token_at(last, depth) == token_at(prefix, depth))
        ++depth;
    for (; depth < tokens; ++depth)
        add_node(batch, depth, token_at(prefix, depth));
    assert(batch->prefix);
    batch->prefix[batch->prefixes++] = *prefix;
}

typedef struct { /* where the last block is being added */
    pnas_trie_batch *batch;
    pnas_extension extension;
    bool prefix_added, in1_added, in2_added;
} last_block;

static void add_family(last_block *at, int in1, int op1, int in2, uint32_t operators)
{
    pnas_trie_batch *batch = at->batch;
    int depth = batch->depths - 1; /* of in2 */
    if (!at->prefix_added)
        add_prefix(batch, &at->extension.cell);
    if (!at->in1_added)
        add_node(batch, depth - 1, in1 + 2);
    if (!at->in2_added)
        add_node(batch, depth, in2 + 2);
    at->prefix_added = at->in1_added = at->in2_added = true;
    batch->family[batch->families++] = (pnas_trie_family){.parent = (int32_t)batch->nodes[depth] - 1,
                                                          .op1 = op1,
                                                          .operators = operators,
                                                          .first = (uint32_t)batch->cells};
    batch->cells += (size_t)__builtin_popcount(operators);
}

static uint32_t operators_of(const pnas_trie_batch_options *o, const pnas_extension *extension, int in1,
                             int op1, int in2)
{
    uint32_t operators = pnas_extension_operators(extension, in1, op1, in2);
    return operators && o->filter ? o->filter(o->filter_payload, &extension->cell, in1, op1, in2, operators)
                                  : operators;
}

static void add_families(last_block *at, int in1, int in2)
{
    const pnas_trie_batch_options *o = &at->batch->options;
    for (int op1 = 0; op1 < o->space.operators.count; ++op1) {
        uint32_t operators = operators_of(o, &at->extension, in1, op1, in2);
        if (operators)
            add_family(at, in1, op1, in2, operators);
    }
}

size_t pnas_trie_batch_count(const pnas_trie_batch_options *o, const pnas_cell *prefix)
{
    size_t cells = 0;
    pnas_extension extension;
    pnas_extension_make(&o->space, prefix, &extension);
    for (int in1 = o->space.lookback; in1 < prefix->blocks; ++in1)
        for (int in2 = in1; in2 < prefix->blocks; ++in2)
            for (int op1 = 0; op1 < o->space.operators.count; ++op1)
                cells += (size_t)__builtin_popcount(operators_of(o, &extension, in1, op1, in2));
    return cells;
}

bool pnas_trie_batch_add(pnas_trie_batch *batch, const pnas_cell *prefix)
{
    const pnas_trie_batch_options *o = &batch->options;
    if (batch->nodes[batch->depths - 1] + pnas_trie_batch_least_rows(o->blocks) > o->rows)
        return false;
    last_block at = {.batch = batch};
    pnas_extension_make(&o->space, prefix, &at.extension);
    for (int in1 = o->space.lookback; in1 < prefix->blocks; ++in1) {
        at.in1_added = false;
        for (int in2 = in1; in2 < prefix->blocks; ++in2) {
            at.in2_added = false;
            add_families(&at, in1, in2);
        }
    }
    return true;
}

pnas_cell pnas_trie_batch_cell(const pnas_trie_batch *batch, const pnas_trie_family *family, int op2)
{
    const pnas_trie_node *in2 = &batch->node[batch->depths - 1][family->parent];
    const pnas_trie_node *in1 = &batch->node[batch->depths - 2][in2->parent];
    pnas_cell cell = batch->prefix[in1->parent];
    cell.block[cell.blocks++] = (pnas_block){.in1 = (int8_t)(in1->token - 2),
                                             .op1 = (int8_t)family->op1,
                                             .in2 = (int8_t)(in2->token - 2),
                                             .op2 = (int8_t)op2};
    return cell;
}
