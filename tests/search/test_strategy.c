/* Random sampling and regularised evolution beside the progressive search. */
#include "src/search/canonical.h"
#include "src/search/search.h"
#include "src/search/search_draw.h"
#include "src/search/search_options.h"
#include "src/search/space_expand.h"
#include "src/search/strategy.h"
#include "tests/base/leak_check.h"
#include "tests/search/synthetic_cells.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static pnas_search_options options_of(int strategy)
{
    return (pnas_search_options){.space = synthetic_space(3),
                                 .first = 40,
                                 .beam = 80,
                                 .strategy = strategy,
                                 .population = 30,
                                 .sample = 8,
                                 .round = 7,
                                 .seed = 11};
}

/* Children are recorded in an order of their own, as they would be ready on several ranks. */
static void record_pending(pnas_search *search, bool backwards)
{
    const pnas_level *level = pnas_search_level(search, pnas_search_levels(search));
    for (size_t n = 0; n < level->count; ++n) {
        size_t i = backwards ? level->count - 1 - n : n;
        const pnas_child *child = &level->child[i];
        if (child->result.status != PNAS_CHILD_PENDING)
            continue;
        bool fails = child->hash % 13 == 0;
        pnas_result result = {.status = fails ? PNAS_CHILD_FAILED : PNAS_CHILD_DONE,
                              .accuracy = fails ? 0 : synthetic_accuracy(&child->cell, 7, 0.01)};
        cr_assert_eq(pnas_search_record(search, level->blocks, i, &result), PNAS_OK);
    }
}

static pnas_search *finished(const pnas_search_options *options, bool backwards)
{
    pnas_search *search = NULL;
    cr_assert_eq(pnas_search_create(options, &search), PNAS_OK, "%s", pnas_message());
    while (!pnas_search_complete(search)) {
        cr_assert_eq(pnas_search_propose(search, NULL), PNAS_OK, "%s", pnas_message());
        record_pending(search, backwards);
    }
    return search;
}

static void expect_same(const pnas_search *a, const pnas_search *b)
{
    const pnas_level *one = pnas_search_level(a, 3), *two = pnas_search_level(b, 3);
    cr_assert_eq(one->count, two->count);
    for (size_t i = 0; i < one->count; ++i)
        cr_expect_eq(one->child[i].hash, two->child[i].hash, "child %zu", i);
}

static double mean_of_last(const pnas_search *search, size_t last)
{
    const pnas_level *level = pnas_search_level(search, 3);
    double sum = 0;
    size_t count = 0;
    for (size_t i = level->count - last; i < level->count; ++i)
        if (level->child[i].result.status == PNAS_CHILD_DONE) {
            sum += level->child[i].result.accuracy;
            ++count;
        }
    return sum / (double)count;
}

Test(strategy, every_strategy_trains_as_many_children)
{
    for (int strategy = 0; strategy < PNAS_STRATEGY_COUNT; ++strategy) {
        if (pnas_strategy_get(strategy)->levelwise)
            continue;
        pnas_search_options options = options_of(strategy);
        pnas_search *search = finished(&options, false);
        cr_expect_eq(pnas_search_budget(&options), 200);
        cr_expect_eq(pnas_search_level(search, 3)->count, 200);
        cr_expect(pnas_search_level(search, 1)->count == 0 && pnas_search_level(search, 2)->count == 0);
        cr_expect(isnan(pnas_search_level(search, 3)->spearman), "nothing was predicted");
        pnas_search_destroy(&search);
    }
    PNAS_EXPECT_NO_LEAKS();
}

Test(strategy, no_cell_is_trained_twice_and_all_are_canonical)
{
    for (int strategy = 0; strategy < PNAS_STRATEGY_COUNT; ++strategy) {
        if (pnas_strategy_get(strategy)->levelwise)
            continue;
        pnas_search_options options = options_of(strategy);
        options.space.lookforward = 1;
        pnas_search *search = finished(&options, false);
        const pnas_level *level = pnas_search_level(search, 3);
        for (size_t i = 0; i < level->count; ++i) {
            pnas_cell canonical;
            pnas_cell_canonical(&level->child[i].cell, &canonical);
            cr_expect_eq(pnas_cell_compare(&canonical, &level->child[i].cell), 0);
            cr_expect_eq(pnas_space_check(&options.space, &canonical), PNAS_OK, "%s", pnas_message());
            for (size_t j = 0; j < i; ++j)
                cr_expect_neq(level->child[i].hash, level->child[j].hash);
        }
        pnas_search_destroy(&search);
    }
}

Test(strategy, what_is_drawn_does_not_depend_on_the_order_of_results)
{
    for (int strategy = 0; strategy < PNAS_STRATEGY_COUNT; ++strategy) {
        if (pnas_strategy_get(strategy)->levelwise)
            continue;
        pnas_search_options options = options_of(strategy);
        pnas_search *one = finished(&options, false), *two = finished(&options, true);
        expect_same(one, two);
        pnas_search_destroy(&two);
        options.seed = 12;
        two = finished(&options, false);
        cr_expect_neq(pnas_search_level(one, 3)->child[0].hash, pnas_search_level(two, 3)->child[0].hash);
        pnas_search_destroy(&one);
        pnas_search_destroy(&two);
    }
}

Test(strategy, a_restored_evolution_goes_on_as_if_never_stopped)
{
    pnas_search_options options = options_of(PNAS_STRATEGY_NUMBER_evolution);
    pnas_search *whole = finished(&options, false), *first = NULL, *second = NULL;
    cr_assert_eq(pnas_search_create(&options, &first), PNAS_OK);
    for (int round = 0; round < 4; ++round) {
        cr_assert_eq(pnas_search_propose(first, NULL), PNAS_OK);
        if (round < 3)
            record_pending(first, false);
    }
    cr_assert_eq(pnas_search_create(&options, &second), PNAS_OK);
    for (int blocks = 1; blocks <= 3; ++blocks) {
        const pnas_level *level = pnas_search_level(first, blocks);
        pnas_level copy = *level;
        copy.child = level->count ? malloc(level->count * sizeof *copy.child) : NULL;
        if (level->count)
            memcpy(copy.child, level->child, level->count * sizeof *copy.child);
        cr_assert_eq(pnas_search_restore(second, &copy), PNAS_OK, "%s", pnas_message());
    }
    cr_expect_gt(pnas_search_pending(second), 0);
    record_pending(second, false);
    while (!pnas_search_complete(second)) {
        cr_assert_eq(pnas_search_propose(second, NULL), PNAS_OK);
        record_pending(second, false);
    }
    expect_same(whole, second);
    pnas_search_destroy(&whole);
    pnas_search_destroy(&first);
    pnas_search_destroy(&second);
    PNAS_EXPECT_NO_LEAKS();
}

Test(strategy, evolution_finds_better_cells_than_random_draws)
{
    pnas_search_options options = options_of(PNAS_STRATEGY_NUMBER_evolution);
    pnas_search *evolved = finished(&options, false);
    options.strategy = PNAS_STRATEGY_NUMBER_random;
    pnas_search *drawn = finished(&options, false);
    cr_expect_gt(mean_of_last(evolved, 50), mean_of_last(drawn, 50) + 0.03);
    pnas_search_destroy(&evolved);
    pnas_search_destroy(&drawn);
}

Test(strategy, a_small_space_ends_the_search_when_all_of_it_is_trained)
{
    pnas_search_options options = options_of(PNAS_STRATEGY_NUMBER_evolution);
    options.space = (pnas_space){.blocks = 2, .lookback = -1, .lookforward = -1};
    cr_assert_eq(pnas_operator_set_add_named(&options.space.operators, "sep3"), PNAS_OK);
    cr_assert_eq(pnas_operator_set_add_named(&options.space.operators, "max3"), PNAS_OK);
    options.first = 0;
    for (int strategy = 0; strategy < PNAS_STRATEGY_COUNT; ++strategy) {
        if (pnas_strategy_get(strategy)->levelwise)
            continue;
        options.strategy = strategy;
        pnas_cell *cells = NULL, parents[3];
        size_t all = 0, count = 0;
        for (int8_t a = 0; a < 2; ++a)
            for (int8_t b = a; b < 2; ++b)
                parents[count++] = (pnas_cell){.blocks = 1, .block = {{-1, a, -1, b}}};
        cr_assert_eq(pnas_space_expand(&options.space, parents, count, &(pnas_expand_tick){0}, &cells, &all),
                     PNAS_OK);
        free(cells);
        pnas_search *search = finished(&options, false);
        cr_expect_eq(pnas_search_level(search, 2)->count, all);
        pnas_search_destroy(&search);
    }
}

Test(strategy, in_a_table_a_mutant_is_the_nearest_cell_not_taken_yet)
{
    pnas_space space = synthetic_space(3);
    pnas_cell_table *table = NULL;
    cr_assert_eq(synthetic_table(&space, 100, 5, 0, &table), PNAS_OK);
    size_t begin, count;
    pnas_cell_table_level(table, 3, &begin, &count);
    const pnas_table_entry *entry = pnas_cell_table_entries(table) + begin;
    bool taken[100] = {false};
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 0, 0);
    cr_expect_eq(pnas_draw_nearest(entry, taken, count, &entry[42].cell, &stream), 42);
    taken[42] = true;
    cr_expect_neq(pnas_draw_nearest(entry, taken, count, &entry[42].cell, &stream), 42);
    for (size_t i = 0; i < count; ++i)
        taken[i] = true;
    cr_expect_eq(pnas_draw_nearest(entry, taken, count, &entry[42].cell, &stream), count);
    cr_expect_eq(pnas_draw_entry(taken, count, &stream), count);
    taken[17] = false;
    cr_expect_eq(pnas_draw_entry(taken, count, &stream), 17);
    pnas_cell_table_destroy(&table);
}

Test(strategy, a_mutant_differs_in_one_place_before_it_is_made_canonical)
{
    pnas_space space = synthetic_space(3);
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 1, 0);
    int made = 0;
    for (int i = 0; i < 500; ++i) {
        pnas_cell parent, mutant;
        pnas_draw_cell(&space, &stream, &parent);
        if (!pnas_draw_mutation(&space, &parent, &stream, &mutant))
            continue;
        ++made;
        cr_expect_eq(pnas_space_check(&space, &mutant), PNAS_OK);
        int operators[PNAS_OPERATORS_MAX] = {0}, changed = 0;
        for (int b = 0; b < 3; ++b) {
            ++operators[parent.block[b].op1], ++operators[parent.block[b].op2];
            --operators[mutant.block[b].op1], --operators[mutant.block[b].op2];
        }
        for (int op = 0; op < PNAS_OPERATORS_MAX; ++op)
            changed += abs(operators[op]);
        cr_expect(changed == 0 || changed == 2, "%d operators changed", changed);
    }
    cr_expect_gt(made, 450);
}

Test(strategy, impossible_evolutions_are_refused)
{
    pnas_search *search = NULL;
    for (int i = 0; i < 3; ++i) {
        pnas_search_options options = options_of(PNAS_STRATEGY_NUMBER_evolution);
        *(i == 0 ? &options.population : i == 1 ? &options.sample : &options.round) = 0;
        cr_expect_eq(pnas_search_create(&options, &search), PNAS_ERROR_USAGE);
        cr_expect_null(search);
    }
}
