/* Why a comparison is enough: the canonical form puts at each place the smallest block that can stand there
 * (canonical.c). The cell being canonical with all blocks different, no place of it has a choice. A block
 * that is appended can stand after its newest input at the earliest; it stays last exactly if it is smaller
 * than none of the blocks from there on. Where it equals one of them, taking the earlier place brings
 * nothing: the block that it displaces comes next with the same code, where the canonical form has a smaller
 * one. Cells with equal blocks have orders that read the same and rename inputs; they are few and are asked
 * in full. */
#include "src/search/extension.h"

#include "src/search/canonical.h"

/* A block as a number whose order is that of codes. */
static uint32_t pack(int in1, int op1, int in2, int op2)
{
    return (uint32_t)(in1 + 2) << 24 | (uint32_t)op1 << 16 | (uint32_t)(in2 + 2) << 8 | (uint32_t)op2;
}

static uint32_t pack_block(const pnas_block *block)
{
    return pack(block->in1, block->op1, block->in2, block->op2);
}

void pnas_extension_make(const pnas_space *space, const pnas_cell *cell, pnas_extension *out)
{
    *out = (pnas_extension){.cell = *cell,
                            .lowest = space->lookback,
                            .operators = space->operators.count,
                            .readable = space->lookforward < 0 ? PNAS_BLOCKS_MAX : space->lookforward,
                            .used = pnas_cell_used(cell, NULL)};
    uint32_t largest = 0;
    for (int i = cell->blocks - 1; i >= 0; --i) {
        uint32_t code = pack_block(&cell->block[i]);
        for (int j = 0; j < i; ++j)
            out->repeated |= pack_block(&cell->block[j]) == code;
        out->floor[i + 1] = largest;
        largest = code > largest ? code : largest;
    }
    out->floor[0] = largest;
}

/* Bits from `first` to the last operator. */
static uint32_t operators_from(const pnas_extension *extension, int first)
{
    uint32_t all = extension->operators < 32 ? (1u << extension->operators) - 1 : UINT32_MAX;
    return first < 32 ? all & ~((1u << first) - 1) : 0;
}

static uint32_t ask_in_full(const pnas_extension *extension, int in1, int op1, int in2, uint32_t candidates)
{
    pnas_cell cell = extension->cell, canonical;
    pnas_block *last = &cell.block[cell.blocks++];
    uint32_t found = 0;
    for (int op2 = 0; op2 < extension->operators; ++op2) {
        if (!(candidates >> op2 & 1))
            continue;
        *last = (pnas_block){.in1 = (int8_t)in1, .op1 = (int8_t)op1, .in2 = (int8_t)in2, .op2 = (int8_t)op2};
        pnas_cell_canonical(&cell, &canonical);
        if (pnas_cell_compare(&cell, &canonical) == 0)
            found |= 1u << op2;
    }
    return found;
}

uint32_t pnas_extension_operators(const pnas_extension *extension, int in1, int op1, int in2)
{
    uint32_t used = extension->used | (in1 >= 0 ? 1u << in1 : 0) | (in2 >= 0 ? 1u << in2 : 0);
    if (__builtin_popcount(used) > extension->readable)
        return 0;
    int newest = in2 < 0 ? -1 : in2;
    uint32_t floor = extension->floor[newest + 1], least = pack(in1, op1, in2, 0);
    if (least < (floor & ~0xffu))
        return 0;
    int first = least == (floor & ~0xffu) ? (int)(floor & 0xff) : 0;
    if (in1 == in2 && first < op1) /* sides in order */
        first = op1;
    uint32_t candidates = operators_from(extension, first);
    return extension->repeated ? ask_in_full(extension, in1, op1, in2, candidates) : candidates;
}

typedef struct {
    const pnas_space *space;
    int blocks;
    pnas_cell_visitor visit;
    void *payload;
} trie_walk;

static pnas_status extend(const trie_walk *walk, const pnas_cell *cell);

static pnas_status extend_by(const trie_walk *walk, const pnas_extension *extension, int in1, int op1,
                             int in2)
{
    pnas_cell longer = extension->cell;
    pnas_block *last = &longer.block[longer.blocks++];
    uint32_t operators = pnas_extension_operators(extension, in1, op1, in2);
    for (int op2 = 0; op2 < extension->operators; ++op2) {
        if (!(operators >> op2 & 1))
            continue;
        *last = (pnas_block){.in1 = (int8_t)in1, .op1 = (int8_t)op1, .in2 = (int8_t)in2, .op2 = (int8_t)op2};
        PNAS_TRY(extend(walk, &longer));
    }
    return PNAS_OK;
}

static pnas_status extend(const trie_walk *walk, const pnas_cell *cell)
{
    if (cell->blocks == walk->blocks)
        return walk->visit(walk->payload, cell);
    pnas_extension extension;
    pnas_extension_make(walk->space, cell, &extension);
    for (int in1 = extension.lowest; in1 < cell->blocks; ++in1)
        for (int in2 = in1; in2 < cell->blocks; ++in2)
            for (int op1 = 0; op1 < extension.operators; ++op1)
                PNAS_TRY(extend_by(walk, &extension, in1, op1, in2));
    return PNAS_OK;
}

pnas_status pnas_space_walk_trie(const pnas_space *space, const pnas_cell *root, int blocks,
                                 pnas_cell_visitor visit, void *payload)
{
    PNAS_TRY(pnas_space_validate(space));
    PNAS_CHECK(blocks >= 1 && blocks <= PNAS_BLOCKS_MAX && blocks >= root->blocks, PNAS_ERROR_USAGE,
               "cells of %d blocks were asked for; cells have 1 to %d", blocks, PNAS_BLOCKS_MAX);
    const trie_walk walk = {space, blocks, visit, payload};
    return extend(&walk, root);
}
