/* Acquisition and selection against values worked out by hand and by numerical integration. */
#include "src/search/search.h"
#include "src/search/selection.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static pnas_cell numbered(int number)
{
    return (pnas_cell){.blocks = 1, .block[0] = {-2, (int8_t)(number / 8), -1, (int8_t)(number % 8)}};
}

static int number_of(const pnas_cell *cell)
{
    return cell->block[0].op1 * 8 + cell->block[0].op2;
}

/* The integral of max(0, x - best) under the normal density, by the midpoint rule. */
static double improvement(double best, double mean, double spread)
{
    enum { STEPS = 200000 };
    double sum = 0, width = 20 * spread / STEPS;
    for (int i = 0; i < STEPS; ++i) {
        double x = mean - 10 * spread + (i + 0.5) * width, z = (x - mean) / spread;
        sum += fmax(0, x - best) * exp(-z * z / 2) * width;
    }
    return sum / (spread * sqrt(2 * acos(-1)));
}

Test(acquisition, mean_and_bound_follow_their_formulas)
{
    cr_expect_eq(pnas_acquisition_value(PNAS_ACQUISITION_MEAN, 2, 0.9, 0.4, 0.1, 0), 0.4);
    cr_expect_float_eq(pnas_acquisition_value(PNAS_ACQUISITION_UCB, 2, 0.9, 0.4, 0.1, 0), 0.6, 1e-15);
    cr_expect_eq(pnas_acquisition_value(PNAS_ACQUISITION_UCB, 0, 0.9, 0.4, 0.1, 0), 0.4);
}

Test(acquisition, thompson_draws_around_the_prediction)
{
    cr_expect_eq(pnas_acquisition_value(PNAS_ACQUISITION_THOMPSON, 2, 0.9, 0.4, 0.1, 0), 0.4);
    cr_expect_float_eq(pnas_acquisition_value(PNAS_ACQUISITION_THOMPSON, 2, 0.9, 0.4, 0.1, -1.5), 0.25,
                       1e-15);
}

Test(acquisition, expected_improvement_is_the_integral_it_stands_for)
{
    const double cases[][3] = {{0.9, 0.8, 0.05}, {0.9, 0.95, 0.02}, {0.5, 0.5, 0.1}, {0.9, 0.2, 0.3}};
    for (size_t i = 0; i < 4; ++i) {
        double best = cases[i][0], mean = cases[i][1], spread = cases[i][2];
        double got = pnas_acquisition_value(PNAS_ACQUISITION_EI, 0, best, mean, spread, 0);
        cr_expect_float_eq(got, improvement(best, mean, spread), 1e-8, "case %zu: %g", i, got);
    }
    cr_expect_float_eq(pnas_acquisition_value(PNAS_ACQUISITION_EI, 0, 0.5, 0.7, 0, 0), 0.2, 1e-15);
    cr_expect_eq(pnas_acquisition_value(PNAS_ACQUISITION_EI, 0, 0.9, 0.7, 0, 0), 0);
}

Test(acquisition, expected_improvement_still_tells_hopeless_candidates_apart)
{
    double better = pnas_acquisition_value(PNAS_ACQUISITION_EI, 0, 0.9, 0.71, 0.01, 0);
    double worse = pnas_acquisition_value(PNAS_ACQUISITION_EI, 0, 0.9, 0.70, 0.01, 0);
    cr_expect_gt(better, worse);
    cr_expect_geq(worse, 0);
}

/* Candidate i of ten: its prediction falls with i, its spread rises. */
static void select_of_ten(const pnas_search_options *options, pnas_selection *out)
{
    cr_assert_eq(pnas_selection_create(options, 0.5, 0, 10, out), PNAS_OK);
    for (int i = 9; i >= 0; --i) {
        pnas_cell cell = numbered(i);
        pnas_selection_offer(out, &cell, 0.9 - 0.01 * i, 0.001 * i * i);
    }
    pnas_selection_finish(out);
}

static void expect_numbers(const pnas_selection *selection, const int *want, size_t count)
{
    cr_assert_eq(selection->count, count, "%zu are selected", selection->count);
    for (size_t i = 0; i < count; ++i)
        cr_expect_eq(number_of(&pnas_selection_entry(selection, i)->cell), want[i], "place %zu", i);
}

Test(selection, takes_the_best_predictions_first)
{
    const pnas_search_options options = {.beam = 4};
    pnas_selection selection;
    select_of_ten(&options, &selection);
    expect_numbers(&selection, (int[]){0, 1, 2, 3}, 4);
    cr_expect_float_eq(pnas_selection_entry(&selection, 2)->predicted, 0.88, 1e-12);
    cr_expect_float_eq(pnas_selection_entry(&selection, 2)->spread, 0.004, 1e-12);
    pnas_selection_destroy(&selection);
}

Test(selection, a_bound_prefers_what_is_uncertain)
{
    const pnas_search_options options = {.beam = 3, .acquisition = PNAS_ACQUISITION_UCB, .kappa = 2};
    pnas_selection selection;
    select_of_ten(&options, &selection); /* 0.9 - 0.01 i + 0.002 i i: least at 2.5 */
    expect_numbers(&selection, (int[]){9, 8, 7}, 3);
    pnas_selection_destroy(&selection);
}

/* Far apart predictions stay in their order; equal ones come in another order at each turn, the same each time. */
Test(selection, thompson_draws_anew_at_each_turn)
{
    pnas_search_options options = {.beam = 10, .acquisition = PNAS_ACQUISITION_THOMPSON, .seed = 3};
    int order[2][10], again = 0;
    for (int run = 0; run < 4; ++run) {
        pnas_selection selection;
        cr_assert_eq(pnas_selection_create(&options, 0.5, (uint64_t)(run % 2), 10, &selection), PNAS_OK);
        for (int i = 0; i < 10; ++i) {
            pnas_cell cell = numbered(i);
            pnas_selection_offer(&selection, &cell, i == 4 ? 0.9 : 0.5, 0.01);
        }
        pnas_selection_finish(&selection);
        for (int i = 0; i < 10; ++i) {
            int number = number_of(&pnas_selection_entry(&selection, (size_t)i)->cell);
            again += run >= 2 && number == order[run % 2][i];
            order[run % 2][i] = number;
        }
        pnas_selection_destroy(&selection);
    }
    cr_expect_eq(again, 20);
    cr_expect_eq(order[0][0], 4);
    cr_expect_neq(memcmp(order[0], order[1], sizeof order[0]), 0);
}

Test(selection, a_share_goes_to_the_widest_spread_among_those_left)
{
    const pnas_search_options options = {.beam = 4, .diversity = 0.5};
    pnas_selection selection;
    select_of_ten(&options, &selection);
    expect_numbers(&selection, (int[]){0, 1, 9, 8}, 4);
    pnas_selection_destroy(&selection);
}

Test(selection, diversity_takes_no_candidate_twice)
{
    const pnas_search_options options = {
        .beam = 4, .acquisition = PNAS_ACQUISITION_UCB, .kappa = 2, .diversity = 0.5};
    pnas_selection selection;
    select_of_ten(&options, &selection);
    expect_numbers(&selection, (int[]){9, 8, 7, 6}, 4);
    pnas_selection_destroy(&selection);
}

Test(selection, takes_all_where_there_are_fewer_than_the_beam_is_wide)
{
    const pnas_search_options options = {.beam = 100, .diversity = 0.3};
    pnas_selection selection;
    select_of_ten(&options, &selection);
    expect_numbers(&selection, (int[]){0, 1, 2, 3, 4, 5, 6, 9, 8, 7}, 10);
    pnas_selection_destroy(&selection);
}

Test(selection, equal_spreads_leave_the_order_of_predictions)
{
    const pnas_search_options options = {.beam = 4, .diversity = 0.5};
    pnas_selection selection;
    cr_assert_eq(pnas_selection_create(&options, 0.5, 0, 10, &selection), PNAS_OK);
    for (int i = 0; i < 10; ++i) {
        pnas_cell cell = numbered(i);
        pnas_selection_offer(&selection, &cell, 0.01 * i, 0);
    }
    pnas_selection_finish(&selection);
    expect_numbers(&selection, (int[]){9, 8, 7, 6}, 4);
    pnas_selection_destroy(&selection);
}

Test(selection, a_search_refuses_impossible_settings)
{
    pnas_search_options options = {.space = {.blocks = 2, .lookback = -2, .lookforward = -1}, .beam = 2};
    pnas_search *search;
    pnas_operator_set_paper(&options.space.operators);
    options.diversity = 1.5;
    cr_expect_eq(pnas_search_create(&options, &search), PNAS_ERROR_USAGE);
    options.diversity = 0;
    options.kappa = -1;
    cr_expect_eq(pnas_search_create(&options, &search), PNAS_ERROR_USAGE);
    options.kappa = 0;
    options.acquisition = (pnas_acquisition)7;
    cr_expect_eq(pnas_search_create(&options, &search), PNAS_ERROR_USAGE);
}
