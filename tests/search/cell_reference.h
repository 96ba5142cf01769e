/* Cells in the plainest way, to hold the search room's against, and random cells. */
#ifndef PNAS_TESTS_CELL_REFERENCE_H
#define PNAS_TESTS_CELL_REFERENCE_H

#include "src/base/random.h"
#include "src/search/space.h"

/* The canonical form by its definition: every topological order of the blocks is tried. */
void reference_canonical(const pnas_cell *cell, pnas_cell *out);

/* A random cell over `operators` operators and both lookback inputs. */
pnas_cell reference_random_cell(pnas_stream *stream, int blocks, int operators);

/* The same network, its blocks in another order and its sides swapped at random. */
pnas_cell reference_rewrite(pnas_stream *stream, const pnas_cell *cell);

typedef struct {
    pnas_cell *cell;
    size_t count, room;
} reference_set;

void reference_set_add(reference_set *set, const pnas_cell *cell);
void reference_set_sort_unique(reference_set *set);
bool reference_set_equal(const reference_set *a, const reference_set *b);
void reference_set_free(reference_set *set);

/* Every cell of `blocks` blocks over pnas_space_inputs with in-block order removed ("swap-canonical", the
 * paper's counting), in lexicographic order. */
pnas_status reference_walk_swap(const pnas_space *space, int blocks, pnas_cell_visitor visit, void *payload);

/* Every code that the space's rule for inputs allows, (in1, op1) and (in2, op2) in both orders. */
void reference_every_code(const pnas_space *space, int blocks, reference_set *out);

#endif
