/* Which cells a search proposes, level by level, and what it is told of them. */
#include "src/search/beam.h"
#include "src/search/canonical.h"
#include "src/search/search.h"
#include "src/search/space_expand.h"
#include "src/search/spearman.h"
#include "tests/base/leak_check.h"
#include "tests/search/fake_search.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

Test(search, level_1_is_every_one_block_cell_in_order)
{
    pnas_search_options options = paper_options(3, 10);
    pnas_search *search = created(&options);
    cr_expect_eq(pnas_search_levels(search), 0);
    cr_expect_null(pnas_search_level(search, 1));
    cr_expect_not(pnas_search_complete(search));
    cr_assert_eq(pnas_search_propose(search, NULL), PNAS_OK);
    const pnas_level *level = pnas_search_level(search, 1);
    cr_assert_eq(level->count, 136);
    cr_expect_eq(level->blocks, 1);
    cr_expect_eq(level->candidates, 0);
    cr_expect_eq(pnas_search_pending(search), 136);
    for (size_t i = 0; i < level->count; ++i) {
        cr_expect(isnan(level->child[i].predicted) && isnan(level->child[i].predicted_std));
        cr_expect_eq(level->child[i].hash, pnas_cell_hash(&level->child[i].cell));
        cr_expect(i == 0 || pnas_cell_compare(&level->child[i - 1].cell, &level->child[i].cell) < 0);
    }
    pnas_search_destroy(&search);
    cr_expect_null(search);
    pnas_search_destroy(&search);
    PNAS_EXPECT_NO_LEAKS();
}

Test(search, a_part_of_level_1_is_spread_over_all_operators_and_inputs)
{
    pnas_search_options options = paper_options(3, 10);
    options.first = 40;
    pnas_search *search = created(&options);
    cr_assert_eq(pnas_search_propose(search, NULL), PNAS_OK);
    const pnas_level *level = pnas_search_level(search, 1);
    cr_assert_eq(level->count, 40);
    unsigned first_operators = 0, second_operators = 0, inputs = 0;
    for (size_t i = 0; i < level->count; ++i) {
        const pnas_block *block = &level->child[i].cell.block[0];
        first_operators |= 1u << block->op1;
        second_operators |= 1u << block->op2;
        inputs |= 1u << ((block->in1 + 2) * 2 + block->in2 + 2);
        cr_expect(i == 0 || pnas_cell_compare(&level->child[i - 1].cell, &level->child[i].cell) < 0);
    }
    cr_expect_eq(first_operators, 0xff);
    cr_expect_eq(second_operators, 0xff);
    cr_expect_eq(inputs, 1u << 0 | 1u << 1 | 1u << 3, "(-2, -2), (-2, -1) and (-1, -1)");
    pnas_search_destroy(&search);
}

static int compare_entries(const void *a, const void *b)
{
    const pnas_beam_entry *left = a, *right = b;
    if (left->predicted != right->predicted)
        return left->predicted > right->predicted ? -1 : 1;
    return pnas_cell_compare(&left->cell, &right->cell);
}

/* The next level worked out apart: all children's extensions, sorted whole. */
static void expect_next_is_best(const pnas_search *search, int blocks)
{
    const pnas_level *level = pnas_search_level(search, blocks),
                     *next = pnas_search_level(search, blocks + 1);
    pnas_cell *parents = calloc(level->count, sizeof *parents), *candidates;
    size_t parent_count = 0, count;
    for (size_t i = 0; i < level->count; ++i)
        if (!fails(&level->child[i].cell))
            parents[parent_count++] = level->child[i].cell;
    cr_assert_eq(pnas_space_expand(&pnas_search_get_options(search)->space, parents, parent_count,
                                   &(pnas_expand_tick){0}, &candidates, &count),
                 PNAS_OK);
    pnas_beam_entry *entry = calloc(count, sizeof *entry);
    for (size_t i = 0; i < count; ++i)
        entry[i] = (pnas_beam_entry){.cell = candidates[i], .predicted = prediction(&candidates[i])};
    qsort(entry, count, sizeof *entry, compare_entries);
    cr_expect_eq(next->candidates, count);
    for (size_t i = 0; i < next->count; ++i) {
        cr_expect_eq(pnas_cell_compare(&next->child[i].cell, &entry[i].cell), 0, "level %d, child %zu",
                     blocks + 1, i);
        cr_expect_eq(next->child[i].predicted, entry[i].predicted);
        cr_expect_eq(next->child[i].predicted_std, entry[i].predicted / 16);
        cr_expect_eq(next->child[i].hash, pnas_cell_hash(&next->child[i].cell));
    }
    free(parents);
    free(candidates);
    free(entry);
}

Test(search, a_surrogate_that_is_there_before_any_fit_chooses_level_1_too)
{
    pnas_search_options options = paper_options(2, 20);
    options.first = 12;
    fake f = {.status = PNAS_OK};
    pnas_surrogate surrogate = surrogate_of(&f);
    pnas_search *search = created(&options);
    cr_assert_eq(pnas_search_propose(search, &surrogate), PNAS_OK, "%s", pnas_message());
    const pnas_level *level = pnas_search_level(search, 1);
    cr_expect_eq(f.fits, 0);
    cr_expect_eq(level->candidates, 136);
    cr_assert_eq(level->count, 12);
    double least = 1;
    for (size_t i = 0; i < level->count; ++i) {
        cr_expect_eq(level->child[i].predicted, prediction(&level->child[i].cell));
        cr_expect_leq(level->child[i].predicted, least);
        least = level->child[i].predicted;
    }
    pnas_search_destroy(&search);
    options.first = 0;
    search = created(&options);
    cr_assert_eq(pnas_search_propose(search, &surrogate), PNAS_OK, "%s", pnas_message());
    level = pnas_search_level(search, 1);
    cr_assert_eq(level->count, 136);
    size_t better = 0;
    for (size_t i = 0; i < level->count; ++i)
        better += level->child[i].predicted > least;
    cr_expect_eq(better, 11, "twelve were chosen, but %zu are better than the last of them", better);
    record_level(search);
    cr_expect_eq(level->spearman, level->spearman, "how well level 1 was predicted is not known");
    pnas_search_destroy(&search);
}

Test(search, each_level_is_the_best_of_the_last_ones_extensions)
{
    pnas_search_options options = paper_options(4, 200);
    pnas_search *search = created(&options);
    fake f = {0};
    run_to_end(search, &f);
    cr_expect_eq(pnas_search_levels(search), 4);
    for (int blocks = 1; blocks < 4; ++blocks) {
        cr_expect_eq(pnas_search_level(search, blocks + 1)->count, 200);
        expect_next_is_best(search, blocks);
    }
    cr_expect_gt(pnas_search_level(search, 4)->candidates, 65536, "too few to be scored in pieces");
    cr_expect_leq(f.largest_call, 65536);
    pnas_search_destroy(&search);
    PNAS_EXPECT_NO_LEAKS();
}

Test(search, the_surrogate_is_fit_on_every_done_child_so_far)
{
    pnas_search_options options = paper_options(3, 30);
    pnas_search *search = created(&options);
    fake f = {0};
    run_to_end(search, &f);
    cr_expect_eq(f.fits, 2);
    pnas_surrogate surrogate = surrogate_of(&f);
    cr_assert_eq(pnas_search_fit(search, &surrogate), PNAS_OK);
    size_t done = 0;
    double sum = 0;
    for (int blocks = 1; blocks <= 3; ++blocks) {
        const pnas_level *level = pnas_search_level(search, blocks);
        for (size_t i = 0; i < level->count; ++i)
            if (level->child[i].result.status == PNAS_CHILD_DONE) {
                ++done;
                sum += level->child[i].result.accuracy;
            }
        cr_expect_eq(f.fitted[blocks], done);
        cr_expect_float_eq(f.fitted_sum[blocks], sum, 1e-9);
        cr_expect_geq(level->fit_seconds, 0);
    }
    cr_expect_lt(done, 136 + 30 + 30, "no child failed, so nothing was left out");
    cr_expect_eq(f.last_fit_level, 3);
    pnas_search_destroy(&search);
}

Test(search, failed_children_are_fitted_with_their_reward_where_they_have_one)
{
    pnas_search_options options = paper_options(2, 30);
    options.failed_reward = 0.125;
    pnas_search *search = created(&options);
    fake f = {.failed_reward = 0.125};
    pnas_surrogate surrogate = surrogate_of(&f);
    run_to_end(search, &f);
    cr_assert_eq(pnas_search_fit(search, &surrogate), PNAS_OK);
    cr_expect_eq(f.fitted[1], 136);
    cr_expect_eq(f.fitted[2], 136 + 30);
    pnas_search_destroy(&search);
}

Test(search, a_level_knows_how_well_it_was_predicted)
{
    pnas_search_options options = paper_options(2, 50);
    pnas_search *search = created(&options);
    fake f = {0};
    run_to_end(search, &f);
    cr_expect(isnan(pnas_search_level(search, 1)->spearman));
    const pnas_level *level = pnas_search_level(search, 2);
    double predicted[50], accuracy[50];
    size_t done = 0;
    for (size_t i = 0; i < level->count; ++i)
        if (level->child[i].result.status == PNAS_CHILD_DONE) {
            predicted[done] = level->child[i].predicted;
            accuracy[done++] = level->child[i].result.accuracy;
        }
    cr_expect(done > 30 && done < 50);
    cr_expect_eq(level->spearman, pnas_spearman(predicted, accuracy, done));
    pnas_search_destroy(&search);
}

Test(search, a_level_is_not_measured_before_its_end)
{
    pnas_search_options options = paper_options(2, 50);
    pnas_search *search = created(&options);
    fake f = {0};
    pnas_surrogate surrogate = surrogate_of(&f);
    cr_assert_eq(pnas_search_propose(search, NULL), PNAS_OK);
    record_level(search);
    cr_assert_eq(pnas_search_propose(search, &surrogate), PNAS_OK);
    for (size_t i = 0; i < 49; ++i)
        record_child(search, 2, i);
    cr_expect(isnan(pnas_search_level(search, 2)->spearman));
    cr_expect_eq(pnas_search_pending(search), 1);
    record_child(search, 2, 49);
    cr_expect(isfinite(pnas_search_level(search, 2)->spearman));
    cr_expect(pnas_search_complete(search));
    pnas_search_destroy(&search);
}

Test(search, equal_predictions_take_the_smaller_codes)
{
    pnas_search_options options = paper_options(2, 25);
    pnas_search *search = created(&options);
    fake f = {.constant = true, .answer = 0.5};
    run_to_end(search, &f);
    const pnas_level *level = pnas_search_level(search, 2);
    cr_assert_eq(level->count, 25);
    pnas_cell smallest = {.blocks = 2, .block = {{-2, 0, -2, 0}, {-2, 0, -2, 0}}};
    cr_assert_not(fails(&pnas_search_level(search, 1)->child[0].cell), "the smallest cell is no parent");
    cr_expect_eq(pnas_cell_compare(&level->child[0].cell, &smallest), 0);
    for (size_t i = 1; i < level->count; ++i)
        cr_expect_lt(pnas_cell_compare(&level->child[i - 1].cell, &level->child[i].cell), 0);
    pnas_search_destroy(&search);
}

Test(search, a_beam_wider_than_the_space_takes_all_of_it)
{
    pnas_search_options options = {
        .space = {.operators = {.count = 1}, .blocks = 2, .lookback = -1, .lookforward = -1}, .beam = 1000};
    strcpy(options.space.operators.item[0].name, "identity");
    pnas_search *search = created(&options);
    fake f = {0};
    pnas_surrogate surrogate = surrogate_of(&f);
    cr_assert_eq(pnas_search_propose(search, NULL), PNAS_OK);
    cr_assert_eq(pnas_search_level(search, 1)->count, 1);
    pnas_result result = {.status = PNAS_CHILD_DONE,
                          .accuracy = true_accuracy(&pnas_search_level(search, 1)->child[0].cell)};
    cr_assert_eq(pnas_search_record(search, 1, 0, &result), PNAS_OK);
    cr_assert_eq(pnas_search_propose(search, &surrogate), PNAS_OK);
    cr_expect_eq(pnas_search_level(search, 2)->count, 3, "inputs (-1, -1), (-1, 0) and (0, 0)");
    pnas_search_destroy(&search);
}

Test(search, a_level_is_not_proposed_out_of_turn)
{
    pnas_search_options options = paper_options(2, 10);
    pnas_search *search = created(&options);
    fake f = {0};
    pnas_surrogate surrogate = surrogate_of(&f);
    cr_assert_eq(pnas_search_propose(search, NULL), PNAS_OK);
    cr_expect_eq(pnas_search_propose(search, &surrogate), PNAS_ERROR_INTERNAL);
    run_to_end(search, &f);
    cr_expect_eq(pnas_search_propose(search, &surrogate), PNAS_ERROR_INTERNAL);
    cr_expect_eq(pnas_search_levels(search), 2);
    pnas_search_destroy(&search);
}

Test(search, a_level_that_failed_altogether_ends_it_with_the_reason)
{
    pnas_search_options options = paper_options(2, 10);
    pnas_search *search = created(&options);
    fake f = {0};
    pnas_surrogate surrogate = surrogate_of(&f);
    cr_expect_eq(pnas_search_fit(search, &surrogate), PNAS_ERROR_DATA);
    cr_assert_eq(pnas_search_propose(search, NULL), PNAS_OK);
    for (size_t i = 0; i < 136; ++i) {
        pnas_result result = {.status = PNAS_CHILD_FAILED, .error = "out of device memory"};
        cr_assert_eq(pnas_search_record(search, 1, i, &result), PNAS_OK);
    }
    cr_expect_eq(pnas_search_propose(search, &surrogate), PNAS_ERROR_DATA);
    cr_expect_not_null(strstr(pnas_message(), "out of device memory"));
    cr_expect_eq(f.fits, 0);
    pnas_search_destroy(&search);
}

Test(search, a_surrogate_that_stops_leaves_the_search_as_it_was)
{
    pnas_search_options options = paper_options(2, 10);
    pnas_search *search = created(&options);
    fake f = {.status = PNAS_STOPPED};
    pnas_surrogate surrogate = surrogate_of(&f);
    cr_assert_eq(pnas_search_propose(search, NULL), PNAS_OK);
    record_level(search);
    cr_expect_eq(pnas_search_propose(search, &surrogate), PNAS_STOPPED);
    cr_expect_eq(pnas_search_levels(search), 1);
    f = (fake){.constant = true, .answer = NAN};
    cr_expect_eq(pnas_search_propose(search, &surrogate), PNAS_ERROR_INTERNAL);
    cr_expect_not_null(strstr(pnas_message(), "learning rate"));
    cr_expect_eq(pnas_search_levels(search), 1);
    f = (fake){0};
    run_to_end(search, &f);
    cr_expect_eq(pnas_search_levels(search), 2);
    pnas_search_destroy(&search);
    PNAS_EXPECT_NO_LEAKS();
}

typedef struct {
    int calls, last;
} tick_count;

static pnas_status count_tick(void *payload)
{
    tick_count *count = payload;
    return ++count->calls == count->last ? pnas_fail(PNAS_STOPPED, "stopped by a test") : PNAS_OK;
}

Test(search, whoever_waits_is_heard_between_any_few_parents_of_a_beam)
{
    pnas_search_options options = paper_options(2, 40);
    pnas_search *search = created(&options);
    fake f = {0};
    pnas_surrogate surrogate = surrogate_of(&f);
    tick_count count = {.last = 12};
    pnas_search_set_tick(search, count_tick, &count);
    cr_assert_eq(pnas_search_propose(search, NULL), PNAS_OK);
    record_level(search);
    cr_expect_eq(pnas_search_propose(search, &surrogate), PNAS_STOPPED);
    cr_expect_str_eq(pnas_message(), "stopped by a test");
    cr_expect_eq(pnas_search_levels(search), 1);
    cr_expect_eq(count.calls, 12);
    count = (tick_count){0};
    cr_assert_eq(pnas_search_propose(search, &surrogate), PNAS_OK, "%s", pnas_message());
    cr_expect_gt(count.calls, 136 / 2 / 4, "%d times for all cells of level 1", count.calls);
    expect_next_is_best(search, 1);
    pnas_search_destroy(&search);
    PNAS_EXPECT_NO_LEAKS();
}

static void expect_not_recorded(pnas_search *search, int blocks, size_t index, pnas_result result)
{
    result.history = calloc(PNAS_METRICS, sizeof *result.history);
    cr_expect_eq(pnas_search_record(search, blocks, index, &result), PNAS_ERROR_INTERNAL);
    cr_expect_not_null(result.history, "what is refused stays the caller's");
    pnas_result_clear(&result);
    cr_expect_null(result.history);
}

Test(search, results_that_make_no_sense_are_not_recorded)
{
    pnas_search_options options = paper_options(2, 10);
    pnas_search *search = created(&options);
    pnas_result done = {.status = PNAS_CHILD_DONE, .accuracy = 0.5};
    expect_not_recorded(search, 1, 0, done);
    cr_assert_eq(pnas_search_propose(search, NULL), PNAS_OK);
    expect_not_recorded(search, 0, 0, done);
    expect_not_recorded(search, 2, 0, done);
    expect_not_recorded(search, 1, 136, done);
    expect_not_recorded(search, 1, 0, (pnas_result){.status = PNAS_CHILD_PENDING});
    expect_not_recorded(search, 1, 0, (pnas_result){.status = PNAS_CHILD_DONE, .accuracy = NAN});
    expect_not_recorded(search, 1, 0, (pnas_result){.status = PNAS_CHILD_DONE, .accuracy = 1.01});
    cr_expect_eq(pnas_search_pending(search), 136);
    cr_assert_eq(pnas_search_record(search, 1, 0, &done), PNAS_OK);
    done = (pnas_result){.status = PNAS_CHILD_DONE, .accuracy = 0.5};
    expect_not_recorded(search, 1, 0, done);
    cr_expect_eq(pnas_search_pending(search), 135);
    pnas_search_destroy(&search);
    PNAS_EXPECT_NO_LEAKS();
}

Test(search, impossible_options_are_refused)
{
    pnas_search *search;
    pnas_search_options options = paper_options(0, 10);
    cr_expect_eq(pnas_search_create(&options, &search), PNAS_ERROR_USAGE);
    cr_expect_null(search);
    options = paper_options(2, 0);
    cr_expect_eq(pnas_search_create(&options, &search), PNAS_ERROR_USAGE);
    options = paper_options(2, 10);
    options.first = -1;
    cr_expect_eq(pnas_search_create(&options, &search), PNAS_ERROR_USAGE);
    options.first = 137;
    cr_expect_eq(pnas_search_create(&options, &search), PNAS_ERROR_USAGE);
    cr_expect_not_null(strstr(pnas_message(), "136"));
    options.first = 136;
    search = created(&options);
    cr_assert_eq(pnas_search_propose(search, NULL), PNAS_OK);
    cr_expect_eq(pnas_search_level(search, 1)->count, 136);
    pnas_search_destroy(&search);
}
