/* The trie walk against the walk that asks for every cell's canonical form. */
#include "src/search/space_walk.h"
#include "src/search/trie_batch.h"
#include "tests/search/trie_order.h"

#include <criterion/criterion.h>
#include <stdlib.h>

typedef struct {
    size_t count, room;
    pnas_cell *cell;
} cell_list;

static pnas_status keep(void *payload, const pnas_cell *cell)
{
    cell_list *list = payload;
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 1024;
        list->cell = realloc(list->cell, list->room * sizeof *list->cell);
        cr_assert_not_null(list->cell);
    }
    list->cell[list->count++] = *cell;
    return PNAS_OK;
}

static int compare_codes(const void *a, const void *b)
{
    return pnas_cell_compare(a, b);
}

static pnas_space make_space(int operators, int blocks, int lookback, int lookforward)
{
    return (pnas_space){.operators = {.count = operators},
                        .blocks = blocks,
                        .lookback = lookback,
                        .lookforward = lookforward};
}

/* The same cells, each once, and in trie order. */
static void expect_the_unique_cells(const pnas_space *space, int blocks)
{
    cell_list unique = {0}, trie = {0};
    pnas_cell root = {0};
    cr_assert_eq(pnas_space_walk_unique(space, blocks, keep, &unique), PNAS_OK);
    cr_assert_eq(pnas_space_walk_trie(space, &root, blocks, keep, &trie), PNAS_OK);
    cr_assert_eq(trie.count, unique.count, "%d blocks: %zu cells, expected %zu", blocks, trie.count,
                 unique.count);
    for (size_t i = 1; i < trie.count; ++i)
        cr_assert_lt(trie_order(&trie.cell[i - 1], &trie.cell[i]), 0, "cell %zu is out of order", i);
    qsort(trie.cell, trie.count, sizeof *trie.cell, compare_codes);
    for (size_t i = 0; i < trie.count; ++i)
        cr_assert_eq(pnas_cell_compare(&trie.cell[i], &unique.cell[i]), 0, "cell %zu differs", i);
    free(unique.cell);
    free(trie.cell);
}

Test(extension, the_walk_finds_every_unique_cell_of_the_papers_operators_once)
{
    pnas_space space = make_space(8, 2, -2, -1);
    expect_the_unique_cells(&space, 1);
    expect_the_unique_cells(&space, 2);
}

Test(extension, the_walk_finds_every_unique_cell_of_long_cells_with_many_equal_blocks)
{
    pnas_space one = make_space(1, 5, -2, -1), two = make_space(2, 4, -2, -1),
               three = make_space(3, 3, -2, -1);
    expect_the_unique_cells(&one, 5);
    expect_the_unique_cells(&two, 4);
    expect_the_unique_cells(&three, 3);
}

Test(extension, the_walk_keeps_to_lookback_and_lookforward)
{
    for (int lookforward = 0; lookforward <= 3; ++lookforward) {
        pnas_space space = make_space(2, 4, -1, lookforward);
        expect_the_unique_cells(&space, 4);
        space.lookback = -2;
        space.blocks = 3;
        expect_the_unique_cells(&space, 3);
    }
}

Test(extension, the_walk_works_with_as_many_operators_as_there_can_be)
{
    pnas_space space = make_space(PNAS_OPERATORS_MAX, 1, -2, -1);
    expect_the_unique_cells(&space, 1);
}

/* What the walks below the roots give, one after the other, is the walk of the whole space. */
Test(extension, the_walks_below_all_roots_make_up_the_whole)
{
    pnas_space space = make_space(3, 3, -2, -1);
    pnas_cell empty = {0};
    for (int root_blocks = 1; root_blocks <= 3; ++root_blocks) {
        cell_list roots = {0}, whole = {0}, parts = {0};
        cr_assert_eq(pnas_space_walk_trie(&space, &empty, root_blocks, keep, &roots), PNAS_OK);
        cr_assert_eq(pnas_space_walk_trie(&space, &empty, 3, keep, &whole), PNAS_OK);
        for (size_t i = 0; i < roots.count; ++i)
            cr_assert_eq(pnas_space_walk_trie(&space, &roots.cell[i], 3, keep, &parts), PNAS_OK);
        cr_assert_eq(parts.count, whole.count);
        for (size_t i = 0; i < parts.count; ++i)
            cr_assert_eq(pnas_cell_compare(&parts.cell[i], &whole.cell[i]), 0);
        free(roots.cell);
        free(whole.cell);
        free(parts.cell);
    }
}

static uint32_t keep_even(void *payload, const pnas_cell *prefix, int in1, int op1, int in2,
                          uint32_t operators)
{
    return operators & 0x55555555u;
}

/* The cells of all prefixes make up the space, counted or put into batches. */
Test(extension, cells_are_counted_as_they_are_put_into_batches)
{
    pnas_space space = make_space(4, 3, -2, -1);
    pnas_cell empty = {0};
    for (int filtered = 0; filtered < 2; ++filtered) {
        cell_list prefixes = {0}, whole = {0};
        size_t counted = 0;
        const pnas_trie_batch_options options = {.space = space,
                                                 .blocks = 3,
                                                 .rows = pnas_trie_batch_least_rows(3),
                                                 .filter = filtered ? keep_even : NULL};
        pnas_trie_batch batch;
        cr_assert_eq(pnas_trie_batch_create(&options, &batch), PNAS_OK);
        cr_assert_eq(pnas_space_walk_trie(&space, &empty, 2, keep, &prefixes), PNAS_OK);
        cr_assert_eq(pnas_space_walk_trie(&space, &empty, 3, keep, &whole), PNAS_OK);
        for (size_t i = 0; i < prefixes.count; ++i) {
            pnas_trie_batch_clear(&batch);
            cr_assert(pnas_trie_batch_add(&batch, &prefixes.cell[i]));
            cr_assert_eq(pnas_trie_batch_count(&options, &prefixes.cell[i]), batch.cells);
            counted += batch.cells;
        }
        cr_expect(filtered ? counted > 0 && counted < whole.count : counted == whole.count, "%zu of %zu",
                  counted, whole.count);
        pnas_trie_batch_destroy(&batch);
        free(prefixes.cell);
        free(whole.cell);
    }
}

Test(extension, a_wrong_number_of_blocks_is_refused)
{
    pnas_space space = make_space(2, 3, -2, -1);
    pnas_cell root = {0};
    cell_list none = {0};
    cr_expect_eq(pnas_space_walk_trie(&space, &root, 0, keep, &none), PNAS_ERROR_USAGE);
    cr_expect_eq(pnas_space_walk_trie(&space, &root, PNAS_BLOCKS_MAX + 1, keep, &none), PNAS_ERROR_USAGE);
    root.blocks = 2;
    cr_expect_eq(pnas_space_walk_trie(&space, &root, 1, keep, &none), PNAS_ERROR_USAGE);
}
