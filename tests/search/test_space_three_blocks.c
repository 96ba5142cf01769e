/* The three-block counts of the paper's space, and that hashes tell its unique cells apart. */
#include "src/search/canonical.h"
#include "src/search/extension.h"
#include "src/search/space_walk.h"
#include "tests/search/cell_reference.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define SWAP_CANONICAL 21542400u
#define UNIQUE         10979688u

static pnas_space paper_space(void)
{
    pnas_space space = {.blocks = 5, .lookback = -2, .lookforward = -1};
    pnas_operator_set_paper(&space.operators);
    return space;
}

static pnas_status count(void *payload, const pnas_cell *cell)
{
    (void)cell;
    ++*(size_t *)payload;
    return PNAS_OK;
}

Test(three_blocks, there_are_21542400_swap_canonical_cells)
{
    pnas_space space = paper_space();
    size_t seen = 0;
    cr_assert_eq(reference_walk_swap(&space, 3, count, &seen), PNAS_OK);
    cr_expect_eq(seen, SWAP_CANONICAL, "%zu", seen);
}

typedef struct {
    pnas_cell last;
    size_t seen;
    uint64_t *hash;
} unique_cells;

static pnas_status take(void *payload, const pnas_cell *cell)
{
    unique_cells *cells = payload;
    cr_assert(cells->seen == 0 || pnas_cell_compare(&cells->last, cell) < 0);
    cr_assert_lt(cells->seen, UNIQUE);
    cells->last = *cell;
    cells->hash[cells->seen++] = pnas_cell_hash(cell);
    return PNAS_OK;
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

Test(three_blocks, there_are_10979688_unique_cells_with_as_many_hashes)
{
    pnas_space space = paper_space();
    unique_cells cells = {.hash = malloc(UNIQUE * sizeof *cells.hash)};
    cr_assert_not_null(cells.hash);
    cr_assert_eq(pnas_space_walk_unique(&space, 3, take, &cells), PNAS_OK);
    cr_assert_eq(cells.seen, UNIQUE, "%zu", cells.seen);
    qsort(cells.hash, UNIQUE, sizeof *cells.hash, compare_hashes);
    size_t equal = 0;
    for (size_t i = 1; i < UNIQUE; ++i)
        equal += cells.hash[i - 1] == cells.hash[i];
    cr_expect_eq(equal, 0, "%zu", equal);
    free(cells.hash);
}

Test(three_blocks, the_trie_walk_finds_as_many)
{
    pnas_space space = paper_space();
    pnas_cell root = {0};
    size_t seen = 0;
    cr_assert_eq(pnas_space_walk_trie(&space, &root, 3, count, &seen), PNAS_OK);
    cr_expect_eq(seen, UNIQUE, "%zu", seen);
}
