/* Judging surrogates on a table, with surrogates that are plain functions. */
#include "src/run/evaluate_table.h"
#include "src/search/canonical.h"
#include "src/search/cell_text.h"
#include "tests/search/synthetic_cells.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { TRUTH = 7 };

typedef struct {
    double sign; /* 1: predicts the truth, -1: the opposite, 0: a constant */
    int opened, closed;
    uint64_t last_seed;
    size_t fitted[PNAS_BLOCKS_MAX + 1]; /* by level, at the last fit */
    uint64_t drawn;                     /* of the first fit */
} fake;

static pnas_status fit(void *payload, int level, const pnas_cell *cells, const double *accuracy, size_t count)
{
    fake *f = payload;
    f->fitted[level] = count;
    for (size_t i = 0; i < count; ++i) {
        cr_expect_leq(cells[i].blocks, level);
        cr_expect_eq(accuracy[i], synthetic_accuracy(&cells[i], TRUTH, 0));
        if (f->opened == 1)
            f->drawn ^= pnas_cell_hash(&cells[i]);
    }
    return PNAS_OK;
}

static pnas_status predict(void *payload, const pnas_cell *cells, size_t count, double *mean, double *spread)
{
    for (size_t i = 0; i < count; ++i) {
        mean[i] = ((fake *)payload)->sign * synthetic_accuracy(&cells[i], TRUTH, 0);
        spread[i] = 0;
    }
    return PNAS_OK;
}

static pnas_status open_fake(void *payload, uint64_t seed, pnas_surrogate *out)
{
    fake *f = payload;
    f->opened++;
    f->last_seed = seed;
    *out = (pnas_surrogate){fit, predict, payload};
    return PNAS_OK;
}

static void close_fake(void *payload, pnas_surrogate *surrogate)
{
    ((fake *)payload)->closed++;
}

static pnas_evaluation judged[PNAS_BLOCKS_MAX];

static int judge_how(fake *f, size_t cells, const pnas_trial_share *share, bool held_out)
{
    pnas_space space = synthetic_space(3);
    pnas_cell_table *table = NULL;
    int levels = 0;
    cr_assert_eq(synthetic_table(&space, 200, TRUTH, 0, &table), PNAS_OK);
    const pnas_evaluate_options options = {.table = table,
                                           .operators = &space.operators,
                                           .trials = 4,
                                           .cells = cells,
                                           .held_out = held_out,
                                           .seed = 100,
                                           .maker = {open_fake, close_fake, f},
                                           .share = *share};
    cr_assert_eq(pnas_evaluate_table(&options, judged, &levels), PNAS_OK, "%s", pnas_message());
    pnas_cell_table_destroy(&table);
    return levels;
}

static int judge_share(fake *f, size_t cells, const pnas_trial_share *share)
{
    return judge_how(f, cells, share, false);
}

static int judge(fake *f, size_t cells)
{
    const pnas_trial_share all = {0};
    return judge_share(f, cells, &all);
}

Test(evaluate_table, the_truth_correlates_fully_and_its_opposite_too)
{
    for (int sign = -1; sign <= 1; sign += 2) {
        fake f = {.sign = sign};
        cr_assert_eq(judge(&f, 30), 2);
        for (int i = 0; i < 2; ++i) {
            cr_expect_eq(judged[i].level, i + 1);
            cr_expect(fabs(judged[i].fit_mean - sign) < 1e-9 && fabs(judged[i].next_mean - sign) < 1e-9);
            cr_expect(judged[i].fit_std < 1e-9 && judged[i].next_std < 1e-9);
        }
    }
}

Test(evaluate_table, every_trial_has_a_surrogate_fit_on_the_cells_asked_for)
{
    fake f = {.sign = 1};
    judge(&f, 30);
    cr_expect(f.opened == 8 && f.closed == 8 && f.last_seed == 103);
    cr_expect(f.fitted[1] == 30 && f.fitted[2] == 60);
    cr_expect(judged[0].fit == 30 && judged[1].fit == 60 && judged[1].next == 200);
    fake all = {.sign = 1};
    judge(&all, 0);
    cr_expect(all.fitted[1] == 136 && all.fitted[2] == 336);
}

typedef struct {
    double value[2 * 2 * 4]; /* levels, kinds, trials */
    int calls;
} joined;

static pnas_status join(void *payload, pnas_status status, double *values, size_t count)
{
    joined *j = payload;
    cr_assert_eq(count, sizeof j->value / sizeof *j->value);
    for (size_t i = 0; i < count; ++i) {
        if (j->calls == 0)
            j->value[i] = values[i];
        else if (isnan(values[i]))
            values[i] = j->value[i];
        else
            cr_expect(isnan(j->value[i]), "value %zu is here twice", i);
    }
    ++j->calls;
    return status;
}

Test(evaluate_table, shares_of_the_trials_join_to_the_whole)
{
    fake whole = {.sign = 1}, one = {.sign = 1}, other = {.sign = 1};
    joined j = {.calls = 0};
    pnas_evaluation expected[2];
    judge(&whole, 30);
    memcpy(expected, judged, sizeof expected);
    judge_share(&one, 30, &(pnas_trial_share){0, 2, join, &j});
    cr_expect(one.opened == 4 && judged[0].trials == 2);
    judge_share(&other, 30, &(pnas_trial_share){1, 2, join, &j});
    cr_expect(other.opened == 4 && j.calls == 2);
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): bit for bit is what is promised */
    cr_expect_eq(memcmp(expected, judged, sizeof expected), 0);
}

/* bench/peers/table_baselines.py draws with the same keys; this is what it gives. */
Test(evaluate_table, cells_are_drawn_by_keys_that_other_programs_can_compute)
{
    fake one = {.sign = 1}, two = {.sign = 1};
    judge(&one, 3);
    judge(&two, 3);
    cr_expect_eq(one.drawn, two.drawn);
    pnas_space space = synthetic_space(1);
    uint64_t expected = 0;
    static const char *const drawn[] = {"-2:avg3+-1:sep3", "-2:1x7-7x1+-1:avg3", "-2:dil3+-1:dil3"};
    for (int i = 0; i < 3; ++i) {
        pnas_cell cell;
        cr_assert_eq(pnas_cell_parse(drawn[i], &space.operators, &cell), PNAS_OK);
        expected ^= pnas_cell_hash(&cell);
    }
    cr_expect_eq(one.drawn, expected);
}

Test(evaluate_table, held_out_cells_are_of_the_size_that_was_fit_and_none_of_those_fit)
{
    const pnas_trial_share all = {0};
    fake f = {.sign = -1};
    cr_assert_eq(judge_how(&f, 150, &all, true), 2, "136 cells of one block are too few");
    for (int i = 0; i < 2; ++i) {
        cr_expect(judged[i].level == i + 2 && judged[i].fit == 150 && judged[i].next == 50);
        cr_expect(fabs(judged[i].fit_mean + 1) < 1e-9 && fabs(judged[i].next_mean + 1) < 1e-9);
    }
    cr_expect(f.opened == 8 && f.fitted[2] == 150 && f.fitted[3] == 150);
    fake one = {.sign = 1};
    cr_expect_eq(judge_how(&one, 134, &all, true), 3);
    cr_expect(judged[0].level == 1 && judged[0].next == 2);
}

Test(evaluate_table, constant_predictions_count_as_no_trial)
{
    fake f = {.sign = 0};
    judge(&f, 30);
    cr_expect_eq(judged[0].trials, 0);
    cr_expect(isnan(judged[0].next_mean));
}

Test(evaluate_table, a_table_of_one_level_cannot_judge)
{
    pnas_space space = synthetic_space(1);
    pnas_cell_table *table = NULL;
    fake f = {.sign = 1};
    int levels;
    cr_assert_eq(synthetic_table(&space, 0, TRUTH, 0, &table), PNAS_OK);
    pnas_evaluate_options options = {
        .table = table, .operators = &space.operators, .trials = 1, .maker = {open_fake, close_fake, &f}};
    cr_expect_eq(pnas_evaluate_table(&options, judged, &levels), PNAS_ERROR_DATA);
    options.held_out = true;
    cr_expect_eq(pnas_evaluate_table(&options, judged, &levels), PNAS_ERROR_USAGE);
    options.cells = 135;
    cr_expect_eq(pnas_evaluate_table(&options, judged, &levels), PNAS_ERROR_DATA);
    options.trials = 0;
    cr_expect_eq(pnas_evaluate_table(&options, judged, &levels), PNAS_ERROR_USAGE);
    pnas_cell_table_destroy(&table);
}
