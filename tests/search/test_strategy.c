/* What every strategy of the registry must hold, then what single strategies must. */
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

/* The surrogate is fit on nothing and knows the truth without the noise. */
static pnas_status fit(void *payload, int level, const pnas_cell *cells, const double *accuracy, size_t count)
{
    (void)payload, (void)level, (void)cells, (void)accuracy, (void)count;
    return PNAS_OK;
}

static pnas_status predict(void *payload, const pnas_cell *cells, size_t count, double *mean, double *spread)
{
    (void)payload;
    for (size_t i = 0; i < count; ++i) {
        mean[i] = synthetic_accuracy(&cells[i], 7, 0);
        spread[i] = 0;
    }
    return PNAS_OK;
}

static void propose(pnas_search *search)
{
    const pnas_surrogate surrogate = {.fit = fit, .predict = predict};
    bool asks = pnas_strategy_get(pnas_search_get_options(search)->strategy)->surrogate;
    cr_assert_eq(pnas_search_propose(search, asks && pnas_search_levels(search) > 0 ? &surrogate : NULL),
                 PNAS_OK, "%s", pnas_message());
}

static void record(pnas_search *search, const pnas_level *level, size_t index)
{
    const pnas_child *child = &level->child[index];
    bool fails = child->hash % 13 == 0;
    pnas_result result = {.status = fails ? PNAS_CHILD_FAILED : PNAS_CHILD_DONE,
                          .accuracy = fails ? 0 : synthetic_accuracy(&child->cell, 7, 0.01)};
    cr_assert_eq(pnas_search_record(search, level->blocks, index, &result), PNAS_OK);
}

/* Children are recorded in an order of their own, as they would be ready on several ranks. */
static void record_pending(pnas_search *search, bool backwards)
{
    const pnas_level *level;
    while ((level = pnas_search_current(search)))
        for (size_t n = 0; n < level->count; ++n) {
            size_t i = backwards ? level->count - 1 - n : n;
            if (level->child[i].result.status == PNAS_CHILD_PENDING)
                record(search, level, i);
        }
}

static void finish(pnas_search *search, bool backwards)
{
    record_pending(search, backwards);
    while (!pnas_search_complete(search)) {
        propose(search);
        record_pending(search, backwards);
    }
}

static pnas_search *created(const pnas_search_options *options)
{
    pnas_search *search = NULL;
    cr_assert_eq(pnas_search_create(options, &search), PNAS_OK, "%s", pnas_message());
    return search;
}

static pnas_search *finished(const pnas_search_options *options, bool backwards)
{
    pnas_search *search = created(options);
    finish(search, backwards);
    return search;
}

static size_t count_children(const pnas_search *search)
{
    size_t count = 0;
    for (int b = 1; b <= pnas_search_levels(search); ++b)
        count += pnas_search_level(search, b)->count;
    return count;
}

static void expect_same(const pnas_search *a, const pnas_search *b)
{
    cr_assert_eq(pnas_search_levels(a), pnas_search_levels(b));
    for (int blocks = 1; blocks <= pnas_search_levels(a); ++blocks) {
        const pnas_level *one = pnas_search_level(a, blocks), *two = pnas_search_level(b, blocks);
        cr_assert_eq(one->count, two->count, "level %d", blocks);
        for (size_t i = 0; i < one->count; ++i)
            cr_expect_eq(one->child[i].hash, two->child[i].hash, "level %d, child %zu", blocks, i);
    }
}

/* Canonical, of the space, of their level's number of blocks, and no cell twice. */
static void expect_sound_children(const pnas_search *search)
{
    const pnas_space *space = &pnas_search_get_options(search)->space;
    for (int blocks = 1; blocks <= pnas_search_levels(search); ++blocks) {
        const pnas_level *level = pnas_search_level(search, blocks);
        for (size_t i = 0; i < level->count; ++i) {
            pnas_cell canonical;
            pnas_cell_canonical(&level->child[i].cell, &canonical);
            cr_expect_eq(pnas_cell_compare(&canonical, &level->child[i].cell), 0);
            cr_expect_eq(canonical.blocks, blocks);
            cr_expect_eq(pnas_space_check(space, &canonical), PNAS_OK, "%s", pnas_message());
            for (size_t j = 0; j < i; ++j)
                cr_expect_neq(level->child[i].hash, level->child[j].hash);
        }
    }
}

/* As after a restart from a run file: a new search that is given the levels of another. */
static pnas_search *restored(const pnas_search *from)
{
    pnas_search *search = created(pnas_search_get_options(from));
    for (int blocks = 1; blocks <= pnas_search_levels(from); ++blocks) {
        const pnas_level *level = pnas_search_level(from, blocks);
        pnas_level copy = *level;
        copy.child = level->count ? malloc(level->count * sizeof *copy.child) : NULL;
        if (level->count)
            memcpy(copy.child, level->child, level->count * sizeof *copy.child);
        cr_assert_eq(pnas_search_restore(search, &copy), PNAS_OK, "%s", pnas_message());
    }
    return search;
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

/* --- what holds for every strategy --- */

Test(strategy, a_search_trains_its_budget)
{
    for (int strategy = 0; strategy < PNAS_STRATEGY_COUNT; ++strategy) {
        pnas_search_options options = options_of(strategy);
        pnas_search *search = finished(&options, false);
        cr_expect_eq(pnas_search_budget(&options), 200);
        cr_expect_eq(count_children(search), 200, "%s", pnas_strategy_name(strategy));
        bool predicts = pnas_strategy_get(strategy)->surrogate;
        cr_expect_eq(!isnan(pnas_search_level(search, 3)->spearman), predicts);
        pnas_search_destroy(&search);
    }
    PNAS_EXPECT_NO_LEAKS();
}

Test(strategy, no_cell_is_trained_twice_and_all_are_canonical)
{
    for (int strategy = 0; strategy < PNAS_STRATEGY_COUNT; ++strategy) {
        pnas_search_options options = options_of(strategy);
        options.space.lookforward = 1;
        pnas_search *search = finished(&options, false);
        expect_sound_children(search);
        pnas_search_destroy(&search);
    }
}

Test(strategy, what_is_proposed_does_not_depend_on_the_order_of_results)
{
    for (int strategy = 0; strategy < PNAS_STRATEGY_COUNT; ++strategy) {
        pnas_search_options options = options_of(strategy);
        pnas_search *one = finished(&options, false), *two = finished(&options, true);
        expect_same(one, two);
        pnas_search_destroy(&one);
        pnas_search_destroy(&two);
    }
}

Test(strategy, a_restored_search_goes_on_as_if_never_stopped)
{
    for (int strategy = 0; strategy < PNAS_STRATEGY_COUNT; ++strategy) {
        pnas_search_options options = options_of(strategy);
        pnas_search *whole = finished(&options, false), *first = created(&options);
        propose(first);
        while (count_children(first) < 60) {
            record_pending(first, false);
            propose(first);
        }
        const pnas_level *level = pnas_search_current(first);
        record(first, level, level->count - 1);
        pnas_search *second = restored(first);
        cr_expect_gt(pnas_search_pending(second), 0);
        finish(second, true);
        expect_same(whole, second);
        pnas_search_destroy(&whole);
        pnas_search_destroy(&first);
        pnas_search_destroy(&second);
    }
    PNAS_EXPECT_NO_LEAKS();
}

Test(strategy, a_small_space_ends_the_search_when_all_of_it_is_trained)
{
    pnas_search_options options = options_of(0);
    options.space = (pnas_space){.blocks = 2, .lookback = -1, .lookforward = -1};
    cr_assert_eq(pnas_operator_set_add_named(&options.space.operators, "sep3"), PNAS_OK);
    cr_assert_eq(pnas_operator_set_add_named(&options.space.operators, "max3"), PNAS_OK);
    options.first = 0;
    pnas_cell *cells = NULL, parents[3];
    size_t all = 0, count = 0;
    for (int8_t a = 0; a < 2; ++a)
        for (int8_t b = a; b < 2; ++b)
            parents[count++] = (pnas_cell){.blocks = 1, .block = {{-1, a, -1, b}}};
    cr_assert_eq(pnas_space_expand(&options.space, parents, count, &(pnas_expand_tick){0}, &cells, &all),
                 PNAS_OK);
    free(cells);
    cr_assert_lt(count + all, pnas_search_budget(&options));
    for (int strategy = 0; strategy < PNAS_STRATEGY_COUNT; ++strategy) {
        options.strategy = strategy;
        pnas_search *search = finished(&options, false);
        cr_expect_eq(pnas_search_level(search, 2)->count, all, "%s", pnas_strategy_name(strategy));
        expect_sound_children(search);
        pnas_search_destroy(&search);
    }
}

Test(strategy, with_a_table_only_its_cells_are_proposed)
{
    for (int strategy = 0; strategy < PNAS_STRATEGY_COUNT; ++strategy) {
        pnas_search_options options = options_of(strategy);
        pnas_cell_table *table = NULL;
        cr_assert_eq(synthetic_table(&options.space, 25, 5, 0, &table), PNAS_OK);
        pnas_search *search = created(&options);
        pnas_search_limit(search, table, PNAS_CANDIDATES_TABLE);
        finish(search, false);
        cr_expect_eq(pnas_search_level(search, 3)->count, 25, "%s", pnas_strategy_name(strategy));
        expect_sound_children(search);
        for (int b = 1; b <= pnas_search_levels(search); ++b)
            for (size_t i = 0; i < pnas_search_level(search, b)->count; ++i)
                cr_expect(pnas_cell_table_find(table, &pnas_search_level(search, b)->child[i].cell));
        pnas_search_destroy(&search);
        pnas_cell_table_destroy(&table);
    }
    PNAS_EXPECT_NO_LEAKS();
}

/* --- children on several levels at once --- */

/* Gives `search` a level of three pending children; the first is done where `begun`. */
static void add_pending_level(pnas_search *search, int blocks, bool begun)
{
    pnas_level level;
    pnas_space space = pnas_search_get_options(search)->space;
    pnas_stream stream = pnas_stream_make(3, PNAS_STREAM_TEST, (uint64_t)blocks, 0);
    space.blocks = blocks;
    cr_assert_eq(pnas_level_create(blocks, 3, &level), PNAS_OK);
    for (int i = 0; i < 3; ++i) {
        pnas_cell cell;
        pnas_draw_cell(&space, &stream, &cell);
        pnas_child_set(&level.child[i], &cell, NAN, NAN);
    }
    if (begun)
        level.child[0].result = (pnas_result){.status = PNAS_CHILD_DONE, .accuracy = 0.5};
    cr_assert_eq(pnas_search_restore(search, &level), PNAS_OK, "%s", pnas_message());
}

Test(strategy, levels_with_pending_children_are_trained_from_the_first_to_the_last)
{
    pnas_search_options options = options_of(PNAS_STRATEGY_NUMBER_random);
    pnas_search *search = created(&options);
    cr_expect_null(pnas_search_current(search));
    for (int blocks = 1; blocks <= 3; ++blocks)
        add_pending_level(search, blocks, blocks == 2);
    for (int blocks = 1; blocks <= 3; ++blocks) {
        const pnas_level *level = pnas_search_current(search);
        cr_assert_not_null(level);
        cr_expect_eq(level->blocks, blocks);
        cr_expect_eq(pnas_search_propose(search, NULL), PNAS_ERROR_INTERNAL, "children are pending");
        for (size_t i = blocks == 2; i < 3; ++i)
            record(search, level, i);
    }
    cr_expect_null(pnas_search_current(search));
    finish(search, false);
    cr_expect_eq(pnas_search_level(search, 3)->count, 200);
    pnas_search_destroy(&search);
    PNAS_EXPECT_NO_LEAKS();
}

/* --- random and evolution --- */

Test(strategy, random_and_evolution_draw_the_largest_cells_by_the_seed)
{
    const int strategies[] = {PNAS_STRATEGY_NUMBER_random, PNAS_STRATEGY_NUMBER_evolution};
    for (int i = 0; i < 2; ++i) {
        pnas_search_options options = options_of(strategies[i]);
        pnas_search *one = finished(&options, false);
        options.seed = 12;
        pnas_search *two = finished(&options, false);
        cr_expect(pnas_search_level(one, 1)->count == 0 && pnas_search_level(one, 2)->count == 0);
        cr_expect_neq(pnas_search_level(one, 3)->child[0].hash, pnas_search_level(two, 3)->child[0].hash);
        pnas_search_destroy(&one);
        pnas_search_destroy(&two);
    }
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
