#include "src/search/canonical.h"
#include "src/search/cell_text.h"
#include "src/search/space_expand.h"
#include "src/search/space_walk.h"
#include "tests/base/leak_check.h"
#include "tests/search/cell_reference.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const pnas_expand_tick no_tick;

static bool is_sorted(const pnas_block *block)
{
    return block->in1 < block->in2 || (block->in1 == block->in2 && block->op1 <= block->op2);
}

static pnas_space paper_space(int blocks)
{
    pnas_space space = {.blocks = blocks, .lookback = -2, .lookforward = -1};
    pnas_operator_set_paper(&space.operators);
    return space;
}

static pnas_status collect(void *payload, const pnas_cell *cell)
{
    reference_set_add(payload, cell);
    return PNAS_OK;
}

typedef pnas_status (*walk_function)(const pnas_space *, int, pnas_cell_visitor, void *);

static reference_set walked(walk_function walk, const pnas_space *space, int blocks)
{
    reference_set set = {0};
    cr_assert_eq(walk(space, blocks, collect, &set), PNAS_OK, "%s", pnas_message());
    return set;
}

static void expect_counts(const pnas_space *space, int blocks, size_t swap, size_t unique)
{
    reference_set by_swap = walked(reference_walk_swap, space, blocks);
    reference_set by_form = walked(pnas_space_walk_unique, space, blocks);
    cr_expect_eq(by_swap.count, swap, "%zu swap-canonical cells of %d blocks", by_swap.count, blocks);
    cr_expect_eq(by_form.count, unique, "%zu unique cells of %d blocks", by_form.count, blocks);
    reference_set_free(&by_swap);
    reference_set_free(&by_form);
}

Test(space, the_papers_has_136_cells_of_one_block)
{
    pnas_space space = paper_space(5);
    expect_counts(&space, 1, 136, 136);
    cr_expect_eq(pnas_space_one_block_cells(&space), 136);
}

Test(space, the_papers_has_40800_cells_of_two_blocks_of_which_31620_are_unique)
{
    pnas_space space = paper_space(5);
    expect_counts(&space, 2, 40800, 31620);
}

/* Four and five blocks are too many to walk: a random sample shows what part of the swap-canonical cells are
 * unique. docs/algorithm.md has the products: 5.19e9 and 3.15e12. */
Test(space, about_29_and_15_percent_of_four_and_five_block_cells_are_unique)
{
    enum { DRAWS = 150000 };
    const double expected[] = {5.19e9 / 1.76648e10, 3.15e12 / 2.07738e13};
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 15, 0);
    for (int blocks = 4; blocks <= 5; ++blocks) {
        int unique = 0;
        for (int i = 0; i < DRAWS;) {
            pnas_cell cell = reference_random_cell(&stream, blocks, 8), form;
            bool swap_canonical = true;
            for (int k = 0; k < blocks; ++k)
                swap_canonical &= is_sorted(&cell.block[k]);
            if (!swap_canonical)
                continue;
            pnas_cell_canonical(&cell, &form);
            unique += pnas_cell_compare(&form, &cell) == 0;
            ++i;
        }
        double part = (double)unique / DRAWS; /* its standard error is below 0.0012 */
        cr_expect_float_eq(part, expected[blocks - 4], 0.005, "%d blocks: %.4f", blocks, part);
    }
}

static void expect_ascending(const reference_set *set)
{
    for (size_t i = 1; i < set->count; ++i)
        cr_assert_lt(pnas_cell_compare(&set->cell[i - 1], &set->cell[i]), 0);
}

Test(space, walks_are_in_order_and_see_no_cell_twice)
{
    pnas_space space = paper_space(2);
    reference_set swap = walked(reference_walk_swap, &space, 2);
    reference_set unique = walked(pnas_space_walk_unique, &space, 2);
    expect_ascending(&swap);
    expect_ascending(&unique);
    reference_set_free(&swap);
    reference_set_free(&unique);
}

static void sort_sides(pnas_block *block)
{
    if (!is_sorted(block))
        *block = (pnas_block){block->in2, block->op2, block->in1, block->op1};
}

/* Both walks against every code that the rule for inputs allows, made by nested loops. */
static void expect_walks_match_every_code(const pnas_space *space, int blocks)
{
    reference_set codes = {0}, swap = {0}, unique = {0};
    reference_every_code(space, blocks, &codes);
    for (size_t i = 0; i < codes.count; ++i) {
        pnas_cell cell = codes.cell[i], form;
        for (int k = 0; k < blocks; ++k)
            sort_sides(&cell.block[k]);
        reference_set_add(&swap, &cell);
        reference_canonical(&cell, &form);
        reference_set_add(&unique, &form);
    }
    reference_set_sort_unique(&swap);
    reference_set_sort_unique(&unique);
    reference_set ours = walked(reference_walk_swap, space, blocks);
    cr_expect(reference_set_equal(&ours, &swap), "lookback %d, lookforward %d, %d blocks, swap: %zu for %zu",
              space->lookback, space->lookforward, blocks, ours.count, swap.count);
    reference_set_free(&ours);
    ours = walked(pnas_space_walk_unique, space, blocks);
    cr_expect(reference_set_equal(&ours, &unique),
              "lookback %d, lookforward %d, %d blocks, unique: %zu for %zu", space->lookback,
              space->lookforward, blocks, ours.count, unique.count);
    reference_set_free(&ours);
    reference_set_free(&codes);
    reference_set_free(&swap);
    reference_set_free(&unique);
}

static pnas_space small_space(int operators, int lookback, int lookforward)
{
    return (pnas_space){
        .operators = {.count = operators}, .blocks = 4, .lookback = lookback, .lookforward = lookforward};
}

Test(space, both_depth_limits_give_what_brute_force_gives)
{
    for (int lookback = -2; lookback <= -1; ++lookback)
        for (int lookforward = -1; lookforward <= 3; ++lookforward) {
            pnas_space space = small_space(2, lookback, lookforward);
            for (int blocks = 1; blocks <= 3; ++blocks)
                expect_walks_match_every_code(&space, blocks);
            space = small_space(1, lookback, lookforward);
            expect_walks_match_every_code(&space, 4);
        }
}

Test(space, a_wide_lookforward_is_no_limit)
{
    pnas_space limited = paper_space(2), free_space = paper_space(2);
    limited.lookforward = 100;
    reference_set a = walked(pnas_space_walk_unique, &limited, 2);
    reference_set b = walked(pnas_space_walk_unique, &free_space, 2);
    cr_expect(reference_set_equal(&a, &b));
    reference_set_free(&a);
    reference_set_free(&b);
}

Test(space, operators_of_ones_own_count_like_any_other)
{
    pnas_space space = {.blocks = 2, .lookback = -2, .lookforward = -1};
    pnas_operator custom = {"sep9_twice", PNAS_SEPARABLE, 9, 1, 2, 1};
    cr_assert_eq(pnas_operator_set_add_named(&space.operators, "identity"), PNAS_OK);
    cr_assert_eq(pnas_operator_set_add_named(&space.operators, "conv3"), PNAS_OK);
    cr_assert_eq(pnas_operator_set_add(&space.operators, &custom), PNAS_OK);
    expect_walks_match_every_code(&space, 2);
    expect_counts(&space, 1, 6 * 7 / 2, 6 * 7 / 2);
    pnas_cell cell;
    char text[PNAS_CELL_TEXT_MAX];
    cr_assert_eq(pnas_cell_parse("-1:sep9_twice+-2:conv3", &space.operators, &cell), PNAS_OK);
    cr_expect_eq(pnas_space_check(&space, &cell), PNAS_OK);
    pnas_cell_format(&cell, &space.operators, text);
    cr_expect_str_eq(text, "-1:sep9_twice+-2:conv3");
}

Test(space, inputs_follow_both_limits)
{
    int8_t inputs[PNAS_BLOCKS_MAX + 2];
    pnas_space space = paper_space(5);
    cr_assert_eq(pnas_space_inputs(&space, 0, inputs), 2);
    cr_expect(inputs[0] == -2 && inputs[1] == -1);
    cr_assert_eq(pnas_space_inputs(&space, 4, inputs), 6);
    cr_expect(inputs[2] == 0 && inputs[5] == 3);
    cr_expect_eq(pnas_space_inputs(&space, PNAS_BLOCKS_MAX, inputs), PNAS_BLOCKS_MAX + 2);
    space.lookback = -1;
    space.lookforward = 2;
    cr_assert_eq(pnas_space_inputs(&space, 4, inputs), 3);
    cr_expect(inputs[0] == -1 && inputs[1] == 0 && inputs[2] == 1);
    cr_expect_eq(pnas_space_inputs(&space, 1, inputs), 2);
    space.lookforward = 0;
    cr_expect_eq(pnas_space_inputs(&space, 4, inputs), 1);
}

static pnas_cell parsed(const pnas_space *space, const char *text)
{
    pnas_cell cell = {0};
    cr_assert_eq(pnas_cell_parse(text, &space->operators, &cell), PNAS_OK, "%s", pnas_message());
    return cell;
}

Test(space, a_cell_belongs_to_it_however_it_is_written)
{
    pnas_space space = paper_space(3);
    space.lookforward = 1;
    pnas_cell first = parsed(&space, "-1:max3+-1:max3 | -2:sep3+-2:sep3 | 0:sep3+-1:sep3");
    pnas_cell second = parsed(&space, "-2:sep3+-2:sep3 | -1:max3+-1:max3 | 1:sep3+-1:sep3");
    pnas_cell both = parsed(&space, "-2:sep3+-2:sep3 | -1:max3+-1:max3 | 1:sep3+0:sep3");
    cr_expect_eq(pnas_space_check(&space, &first), PNAS_OK);
    cr_expect_eq(pnas_space_check(&space, &second), PNAS_OK);
    cr_expect_eq(pnas_space_check(&space, &both), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "lookforward"));
    space.lookforward = -1;
    cr_expect_eq(pnas_space_check(&space, &both), PNAS_OK);
    space.lookback = -1;
    cr_expect_eq(pnas_space_check(&space, &both), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "lookback"));
    space = paper_space(2);
    cr_expect_eq(pnas_space_check(&space, &both), PNAS_ERROR_DATA);
    both.block[0].op1 = 20;
    cr_expect_eq(pnas_space_check(&space, &both), PNAS_ERROR_DATA);
}

Test(space, impossible_fields_are_refused)
{
    pnas_space space = paper_space(5);
    cr_expect_eq(pnas_space_validate(&space), PNAS_OK);
    for (int blocks = 0; blocks <= PNAS_BLOCKS_MAX + 1; blocks += PNAS_BLOCKS_MAX + 1) {
        space = paper_space(blocks);
        cr_expect_eq(pnas_space_validate(&space), PNAS_ERROR_USAGE);
    }
    for (int lookback = -3; lookback <= 0; lookback += 3) {
        space = paper_space(5);
        space.lookback = lookback;
        cr_expect_eq(pnas_space_validate(&space), PNAS_ERROR_USAGE);
    }
    space = paper_space(5);
    space.lookforward = -2;
    cr_expect_eq(pnas_space_validate(&space), PNAS_ERROR_USAGE);
    space = paper_space(5);
    space.operators.count = 0;
    cr_expect_eq(pnas_space_validate(&space), PNAS_ERROR_USAGE);
    cr_expect_eq(pnas_space_walk_unique(&space, 1, collect, NULL), PNAS_ERROR_USAGE);
    space = paper_space(5);
    cr_expect_eq(pnas_space_walk_unique(&space, PNAS_BLOCKS_MAX + 1, collect, NULL), PNAS_ERROR_USAGE);
}

static pnas_status stop_at_the_third(void *payload, const pnas_cell *cell)
{
    (void)cell;
    return ++*(int *)payload == 3 ? PNAS_STOPPED : PNAS_OK;
}

Test(space, a_visitor_can_end_a_walk)
{
    pnas_space space = paper_space(2);
    int seen = 0;
    cr_expect_eq(pnas_space_walk_unique(&space, 2, stop_at_the_third, &seen), PNAS_STOPPED);
    cr_expect_eq(seen, 3);
    PNAS_EXPECT_NO_LEAKS();
}

static reference_set expanded(const pnas_space *space, const reference_set *parents)
{
    reference_set out = {0};
    cr_assert_eq(pnas_space_expand(space, parents->cell, parents->count, &no_tick, &out.cell, &out.count),
                 PNAS_OK, "%s", pnas_message());
    return out;
}

Test(space, expanding_all_cells_of_one_block_gives_all_31620_of_two)
{
    pnas_space space = paper_space(2);
    reference_set parents = walked(pnas_space_walk_unique, &space, 1);
    reference_set all = walked(pnas_space_walk_unique, &space, 2);
    reference_set children = expanded(&space, &parents);
    cr_expect_eq(children.count, 31620);
    cr_expect(reference_set_equal(&children, &all));
    reference_set_free(&parents);
    reference_set_free(&all);
    reference_set_free(&children);
    PNAS_EXPECT_NO_LEAKS();
}

Test(space, expanding_a_whole_level_gives_the_whole_next_one_under_every_limit)
{
    for (int lookback = -2; lookback <= -1; ++lookback)
        for (int lookforward = -1; lookforward <= 2; ++lookforward)
            for (int blocks = 2; blocks <= 4; ++blocks) {
                pnas_space space = small_space(blocks == 4 ? 1 : 2, lookback, lookforward);
                reference_set parents = walked(pnas_space_walk_unique, &space, blocks - 1);
                reference_set all = walked(pnas_space_walk_unique, &space, blocks);
                reference_set children = expanded(&space, &parents);
                cr_expect(reference_set_equal(&children, &all), "lookback %d, lookforward %d, %d blocks",
                          lookback, lookforward, blocks);
                reference_set_free(&parents);
                reference_set_free(&all);
                reference_set_free(&children);
            }
}

/* Every code with one more block whose first blocks are the parent's. */
static void reference_extend(const pnas_space *space, const pnas_cell *parent, reference_set *out)
{
    int earlier = parent->blocks, operators = space->operators.count;
    for (int in1 = -2; in1 < earlier; ++in1)
        for (int op1 = 0; op1 < operators; ++op1)
            for (int in2 = -2; in2 < earlier; ++in2)
                for (int op2 = 0; op2 < operators; ++op2) {
                    pnas_cell cell = *parent, form;
                    cell.block[cell.blocks++] =
                        (pnas_block){(int8_t)in1, (int8_t)op1, (int8_t)in2, (int8_t)op2};
                    reference_canonical(&cell, &form);
                    reference_set_add(out, &form);
                }
    reference_set_sort_unique(out);
}

Test(space, expansion_gives_exactly_the_parents_extended_by_every_block)
{
    pnas_space space = {.operators = {.count = 3}, .blocks = 4, .lookback = -2, .lookforward = -1};
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 11, 0);
    reference_set parents = {0}, reference = {0};
    for (int i = 0; i < 20; ++i) {
        pnas_cell parent = reference_random_cell(&stream, 1 + i % 3, 3);
        if (parent.blocks != 3)
            continue;
        reference_set_add(&parents, &parent);
        reference_extend(&space, &parent, &reference);
    }
    reference_set_add(&parents, &parents.cell[0]); /* the same parent twice changes nothing */
    reference_set children = expanded(&space, &parents);
    cr_expect(reference_set_equal(&children, &reference), "%zu cells, not %zu", children.count,
              reference.count);
    reference_set_free(&parents);
    reference_set_free(&reference);
    reference_set_free(&children);
}

Test(space, expansion_refuses_parents_that_do_not_fit)
{
    pnas_space space = paper_space(2);
    pnas_cell *out = NULL, full = parsed(&space, "-2:sep3+-2:sep3 | -1:max3+-1:max3"), wrong = full;
    size_t count;
    cr_expect_eq(pnas_space_expand(&space, &full, 1, &no_tick, &out, &count), PNAS_ERROR_DATA);
    wrong.blocks = 1;
    wrong.block[0].in1 = 0;
    cr_expect_eq(pnas_space_expand(&space, &wrong, 1, &no_tick, &out, &count), PNAS_ERROR_DATA);
    cr_expect_null(out);
    cr_expect_eq(pnas_space_expand(&space, NULL, 0, &no_tick, &out, &count), PNAS_OK);
    cr_expect_null(out);
    cr_expect_eq(count, 0);
    PNAS_EXPECT_NO_LEAKS();
}

/* The paper's largest level: 256 parents, 2304 codes each; it must not hold up the ranks. */
Test(space, the_papers_last_level_is_expanded_within_seconds, .timeout = 30)
{
    pnas_space space = paper_space(5);
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 12, 0);
    reference_set parents = {0};
    for (int i = 0; i < 256; ++i) {
        pnas_cell parent = reference_random_cell(&stream, 4, 8);
        reference_set_add(&parents, &parent);
    }
    reference_set children = expanded(&space, &parents);
    cr_expect(children.count > 200000 && children.count <= 256 * (48 * 49 / 2));
    expect_ascending(&children);
    reference_set_free(&parents);
    reference_set_free(&children);
}
