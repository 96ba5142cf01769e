#include "src/search/canonical.h"
#include "src/search/space_walk.h"
#include "tests/search/cell_reference.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static bool is_reference(const pnas_cell *cell)
{
    pnas_cell ours, reference;
    pnas_cell_canonical(cell, &ours);
    reference_canonical(cell, &reference);
    return pnas_cell_compare(&ours, &reference) == 0;
}

Test(canonical, is_the_smallest_of_all_orders)
{
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 6, 0);
    for (int i = 0; i < 30000; ++i) {
        pnas_cell cell = reference_random_cell(&stream, 1 + i % 6, 1 + i % 4);
        cr_assert(is_reference(&cell), "random cell %d", i);
    }
}

/* Few inputs and one or two operators make many blocks alike, so that ties decide. */
Test(canonical, is_the_smallest_of_all_orders_where_blocks_are_alike)
{
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 7, 0);
    for (int i = 0; i < 400; ++i) {
        int sources = 2 + i % 3;
        pnas_cell cell = reference_random_cell(&stream, 7, 1 + i % 2);
        for (int k = 0; k < sources; ++k)
            cell.block[k] = (pnas_block){-1, 0, -1, 0};
        for (int k = sources; k < 7; ++k)
            cell.block[k].in1 = (int8_t)pnas_stream_below(&stream, (uint32_t)sources);
        cr_assert(is_reference(&cell), "random cell %d", i);
    }
}

Test(canonical, is_the_smallest_for_every_code_of_a_small_space)
{
    pnas_space space = {.operators = {.count = 2}, .blocks = 3, .lookback = -2, .lookforward = -1};
    reference_set codes = {0};
    reference_every_code(&space, 3, &codes);
    cr_assert_eq(codes.count, 16 * 36 * 64);
    for (size_t i = 0; i < codes.count; ++i)
        cr_assert(is_reference(&codes.cell[i]));
    reference_set_free(&codes);
}

Test(canonical, rewriting_a_cell_changes_neither_form_nor_hash)
{
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 8, 0);
    for (int i = 0; i < 20000; ++i) {
        pnas_cell cell = reference_random_cell(&stream, 1 + i % PNAS_BLOCKS_MAX, 1 + i % 8), form, other;
        pnas_cell rewritten = reference_rewrite(&stream, &cell);
        pnas_cell_canonical(&cell, &form);
        pnas_cell_canonical(&rewritten, &other);
        cr_assert_eq(pnas_cell_compare(&form, &other), 0, "random cell %d", i);
        cr_assert_eq(pnas_cell_hash(&cell), pnas_cell_hash(&rewritten), "random cell %d", i);
    }
}

Test(canonical, a_canonical_form_is_its_own_and_so_are_its_first_blocks)
{
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 9, 0);
    for (int i = 0; i < 5000; ++i) {
        pnas_cell cell = reference_random_cell(&stream, PNAS_BLOCKS_MAX, 1 + i % 3), form, again;
        pnas_cell_canonical(&cell, &form);
        for (; form.blocks > 0; --form.blocks) {
            pnas_cell_canonical(&form, &again);
            cr_assert_eq(pnas_cell_compare(&form, &again), 0);
        }
    }
}

Test(canonical, may_be_written_over_the_cell_itself)
{
    pnas_cell cell = {.blocks = 2, .block = {{-1, 0, -2, 0}, {-2, 1, -2, 0}}}, form;
    pnas_cell_canonical(&cell, &form);
    pnas_cell_canonical(&cell, &cell);
    cr_expect_eq(pnas_cell_compare(&cell, &form), 0);
}

Test(canonical, alike_blocks_with_different_readers_are_told_apart)
{
    pnas_cell same_source = {.blocks = 4,
                             .block = {{-1, 0, -1, 0}, {-1, 0, -1, 0}, {0, 1, 0, 1}, {0, 2, 0, 2}}};
    pnas_cell two_sources = {.blocks = 4,
                             .block = {{-1, 0, -1, 0}, {-1, 0, -1, 0}, {0, 1, 0, 1}, {1, 2, 1, 2}}};
    pnas_cell a, b;
    pnas_cell_canonical(&same_source, &a);
    pnas_cell_canonical(&two_sources, &b);
    cr_expect_neq(pnas_cell_compare(&a, &b), 0);
    cr_expect_neq(pnas_cell_hash(&same_source), pnas_cell_hash(&two_sources));
}

/* Ten blocks have 3,628,800 orders where none reads another; a form that tried them all for each of these
 * 3,000 cells would take hours. */
Test(canonical, cells_of_alike_blocks_do_not_explode, .timeout = 60)
{
    pnas_cell form, alike = {.blocks = PNAS_BLOCKS_MAX}, apart = {.blocks = PNAS_BLOCKS_MAX};
    for (int i = 0; i < PNAS_BLOCKS_MAX; ++i)
        alike.block[i] = apart.block[i] = (pnas_block){-2, 0, -2, 0};
    for (int i = 0; i < 3; ++i) /* six of seven alike are told apart, by readers of different pairs */
        apart.block[7 + i] = (pnas_block){(int8_t)(2 * i), 1, (int8_t)(2 * i + 1), 2};
    for (int i = 0; i < 1500; ++i) {
        pnas_cell_canonical(&alike, &form);
        cr_assert_eq(pnas_cell_compare(&form, &alike), 0);
        pnas_cell_canonical(&apart, &form);
    }
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 10, 0);
    pnas_cell rewritten = reference_rewrite(&stream, &apart), other;
    pnas_cell_canonical(&rewritten, &other);
    cr_expect_eq(pnas_cell_compare(&form, &other), 0);
}

/* FNV-1a over the bytes of the code, computed apart in Python: streams and run files depend on it. */
Test(canonical, the_hash_never_changes)
{
    pnas_cell one = {.blocks = 1, .block = {{-2, 0, -2, 0}}};
    pnas_cell two = {.blocks = 2, .block = {{-2, 2, -1, 6}, {-1, 3, 0, 7}}};
    cr_expect_eq(pnas_cell_hash(&one), 0x0c40a06cea7793f5u);
    cr_expect_eq(pnas_cell_hash(&two), 0xf33a789959d93797u);
}

static pnas_status keep_hash(void *payload, const pnas_cell *cell)
{
    uint64_t **next = payload;
    *(*next)++ = pnas_cell_hash(cell);
    return PNAS_OK;
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

Test(canonical, different_networks_have_different_hashes)
{
    enum { COUNT = 136 + 31620 };
    static uint64_t hash[COUNT];
    uint64_t *next = hash;
    pnas_space space = {.blocks = 2, .lookback = -2, .lookforward = -1};
    pnas_operator_set_paper(&space.operators);
    cr_assert_eq(pnas_space_walk_unique(&space, 1, keep_hash, &next), PNAS_OK);
    cr_assert_eq(pnas_space_walk_unique(&space, 2, keep_hash, &next), PNAS_OK);
    cr_assert_eq(next - hash, COUNT);
    qsort(hash, COUNT, sizeof hash[0], compare_hashes);
    for (int i = 1; i < COUNT; ++i)
        cr_assert_neq(hash[i - 1], hash[i]);
}
