/* Rungs: who goes on, what is expected of the others, and whole searches with them. */
#include "src/search/canonical.h"
#include "src/search/rungs/curve_model.h"
#include "src/search/search.h"
#include "tests/base/leak_check.h"
#include "tests/search/synthetic_cells.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EPOCHS = 9 };

static const pnas_search_options two_rungs = {.rungs = 2, .rung = {2, 5}, .rung_share = 0.4};

/* --- rungs --- */

Test(rungs, are_found_and_shared)
{
    cr_assert_eq(pnas_rung_after(&two_rungs, 0), 2);
    cr_assert_eq(pnas_rung_after(&two_rungs, 2), 5);
    cr_assert_eq(pnas_rung_after(&two_rungs, 3), 5);
    cr_assert_eq(pnas_rung_after(&two_rungs, 5), 0);
    cr_assert(pnas_is_rung(&two_rungs, 2) && pnas_is_rung(&two_rungs, 5));
    cr_assert(!pnas_is_rung(&two_rungs, 0) && !pnas_is_rung(&two_rungs, 3) && !pnas_is_rung(&two_rungs, 9));
    /* 2 epochs of all, 3 of 0.4, 4 of 0.16 */
    cr_assert_float_eq(pnas_rung_expected_share(&two_rungs, 0, EPOCHS), (2 + 3 * 0.4 + 4 * 0.16) / 9, 1e-12);
    cr_assert_float_eq(pnas_rung_expected_share(&two_rungs, 2, EPOCHS), (3 + 4 * 0.4) / 9, 1e-12);
    cr_assert_eq(pnas_rung_expected_share(&(pnas_search_options){0}, 0, EPOCHS), 1);
}

static void expect_refused(pnas_search_options options)
{
    cr_assert_eq(pnas_rungs_check(&options), PNAS_ERROR_USAGE);
}

Test(rungs, that_cannot_be_are_refused)
{
    cr_assert_eq(pnas_rungs_check(&two_rungs), PNAS_OK);
    cr_assert_eq(pnas_rungs_check(&(pnas_search_options){0}), PNAS_OK);
    expect_refused((pnas_search_options){.rungs = PNAS_RUNGS_MAX + 1, .rung_share = 0.5});
    expect_refused((pnas_search_options){.rungs = 1, .rung = {0}, .rung_share = 0.5});
    expect_refused((pnas_search_options){.rungs = 2, .rung = {3, 3}, .rung_share = 0.5});
    expect_refused((pnas_search_options){.rungs = 1, .rung = {3}, .rung_share = 0});
    expect_refused((pnas_search_options){.rungs = 1, .rung = {3}, .rung_share = 1.1});
    expect_refused((pnas_search_options){.rungs = 1, .rung = {3}, .rung_share = 0.5, .overlap = true});
}

/* A child with this validation accuracy in every epoch. */
static void give_history(pnas_child *child, pnas_child_status status, int epochs, double accuracy)
{
    child->result = (pnas_result){.status = status, .epochs = epochs};
    child->result.history = calloc((size_t)epochs * PNAS_METRICS, sizeof *child->result.history);
    for (int e = 0; e < epochs; ++e)
        child->result.history[e * PNAS_METRICS + PNAS_METRIC_VALIDATION_ACCURACY] = (float)accuracy;
    if (status == PNAS_CHILD_DONE)
        child->result.accuracy = accuracy;
}

Test(rungs, the_best_go_on_and_of_equal_ones_the_first)
{
    pnas_level level[2];
    pnas_rung_choice choice;
    cr_assert_eq(pnas_level_create(1, 4, &level[0]), PNAS_OK);
    cr_assert_eq(pnas_level_create(2, 3, &level[1]), PNAS_OK);
    give_history(&level[0].child[0], PNAS_CHILD_PAUSED, 2, 0.5);
    give_history(&level[0].child[1], PNAS_CHILD_PAUSED, 2, 0.75);
    give_history(&level[0].child[2], PNAS_CHILD_PAUSED, 5, 0.25); /* waits at the next rung */
    level[0].child[3].result.status = PNAS_CHILD_FAILED;
    give_history(&level[1].child[0], PNAS_CHILD_PAUSED, 2, 0.5);
    give_history(&level[1].child[1], PNAS_CHILD_DONE, EPOCHS, 0.9);
    give_history(&level[1].child[2], PNAS_CHILD_PAUSED, 2, 0.5);
    level[1].child[0].order = level[0].child[0].order = 7;
    level[1].child[2].order = 3;
    cr_assert_eq(pnas_rungs_choose(&two_rungs, level, 2, &choice), PNAS_OK);
    cr_assert_eq(choice.epoch, 2);
    cr_assert_eq(choice.kept, 2);
    cr_assert_eq(choice.stopped, 2);
    cr_assert_eq(level[0].child[1].result.status, PNAS_CHILD_PENDING);
    cr_assert_eq(level[0].child[1].result.epochs, 2, "what it was trained is forgotten");
    cr_assert_eq(level[1].child[2].result.status, PNAS_CHILD_PENDING);
    cr_assert_eq(level[0].child[0].result.status, PNAS_CHILD_STOPPED);
    cr_assert_eq(level[1].child[0].result.status, PNAS_CHILD_STOPPED);
    cr_assert_eq(level[0].child[2].result.status, PNAS_CHILD_PAUSED);
    cr_assert_eq(level[0].child[3].result.status, PNAS_CHILD_FAILED);
    cr_assert_eq(level[1].child[1].result.status, PNAS_CHILD_DONE);
    cr_assert_eq(pnas_rungs_choose(&two_rungs, level, 2, &choice), PNAS_OK);
    cr_assert(choice.epoch == 5 && choice.kept == 1 && choice.stopped == 0);
    cr_assert_eq(pnas_rungs_choose(&two_rungs, level, 2, &choice), PNAS_ERROR_INTERNAL);
    pnas_level_clear(&level[0]);
    pnas_level_clear(&level[1]);
}

static void expect_kept(double share, size_t count, size_t kept)
{
    const pnas_search_options options = {.rungs = 1, .rung = {1}, .rung_share = share};
    pnas_rung_choice choice;
    pnas_level level;
    cr_assert_eq(pnas_level_create(1, count, &level), PNAS_OK);
    for (size_t i = 0; i < count; ++i)
        give_history(&level.child[i], PNAS_CHILD_PAUSED, 1, 0.5);
    cr_assert_eq(pnas_rungs_choose(&options, &level, 1, &choice), PNAS_OK);
    cr_assert_eq(choice.kept, kept, "%zu of %zu", choice.kept, count);
    cr_assert_eq(choice.stopped, count - kept);
    cr_assert_eq(pnas_level_count(&level, PNAS_CHILD_PENDING), kept);
    pnas_level_clear(&level);
}

Test(rungs, a_share_is_rounded_up)
{
    expect_kept(0.4, 5, 2);
    expect_kept(0.4, 6, 3);
    expect_kept(0.4, 1, 1);
    expect_kept(0.1, 30, 3);
    expect_kept(1e-6, 30, 1);
    expect_kept(1, 4, 4);
}

/* --- curves --- */

static double logit(double p)
{
    return log(p / (1 - p));
}

/* A level of children that had rung[i] after two epochs and end[i] at the end; the last one was stopped. */
static pnas_level level_of_curves(const double *rung, const double *end, size_t done, double stopped)
{
    pnas_level level;
    cr_assert_eq(pnas_level_create(1, done + 1, &level), PNAS_OK);
    for (size_t i = 0; i < done; ++i) {
        give_history(&level.child[i], PNAS_CHILD_DONE, EPOCHS, rung[i]);
        level.child[i].result.accuracy = end[i];
    }
    give_history(&level.child[done], PNAS_CHILD_STOPPED, 2, stopped);
    pnas_curves_expect(&level, 1);
    return level;
}

static double expected_of(const double *rung, const double *end, size_t done, double stopped)
{
    pnas_level level = level_of_curves(rung, end, done, stopped);
    double expected = level.child[done].expected;
    pnas_level_clear(&level);
    return expected;
}

Test(curves, without_finished_children_the_last_accuracy_is_taken)
{
    cr_assert_eq(expected_of(NULL, NULL, 0, 0.375), 0.375);
}

Test(curves, one_finished_child_shifts)
{
    double expected = expected_of((double[]){0.5}, (double[]){0.8}, 1, 0.25);
    cr_assert_float_eq(logit(expected), logit(0.25) + logit(0.8), 1e-6);
}

/* Twice as far from 0.5 in logits at the end: many such children make the slope nearly 2. */
Test(curves, many_finished_children_say_how_curves_go_on)
{
    double rung[200], end[200];
    for (int i = 0; i < 200; ++i) {
        rung[i] = 0.2 + 0.003 * i;
        end[i] = 1 / (1 + exp(-2 * logit(rung[i]) - 1));
    }
    double expected = expected_of(rung, end, 200, 0.15);
    cr_assert_float_eq(logit(expected), 2 * logit(0.15) + 1, 0.05);
}

Test(curves, the_order_at_the_rung_stays)
{
    double rung[20], end[20];
    for (int i = 0; i < 20; ++i) { /* the better, the worse in the end */
        rung[i] = 0.2 + 0.03 * i;
        end[i] = 0.9 - 0.03 * i;
    }
    cr_assert_leq(expected_of(rung, end, 20, 0.1), expected_of(rung, end, 20, 0.15));
    for (int i = 0; i < 20; ++i)
        end[i] = 0.3 + 0.03 * i;
    cr_assert_lt(expected_of(rung, end, 20, 0.1), expected_of(rung, end, 20, 0.15));
}

Test(curves, extremes_give_an_accuracy)
{
    double rung[] = {0, 1, 0.5}, end[] = {1, 1, 0};
    for (int i = 0; i <= 4; ++i) {
        double expected = expected_of(rung, end, 3, 0.25 * i);
        cr_assert(expected >= 0 && expected <= 1);
    }
}

/* --- whole searches --- */

typedef struct {
    double lowest, highest;
    size_t fitted;
} seen;

static pnas_status fit(void *payload, int level, const pnas_cell *cells, const double *accuracy, size_t count)
{
    (void)level, (void)cells;
    seen *s = payload;
    s->fitted = count;
    s->lowest = 1;
    s->highest = 0;
    for (size_t i = 0; i < count; ++i) {
        s->lowest = fmin(s->lowest, accuracy[i]);
        s->highest = fmax(s->highest, accuracy[i]);
    }
    return PNAS_OK;
}

static pnas_status predict(void *payload, const pnas_cell *cells, size_t count, double *mean, double *spread)
{
    (void)payload;
    for (size_t i = 0; i < count; ++i) {
        mean[i] = synthetic_accuracy(&cells[i], 7, 0);
        spread[i] = 0.01;
    }
    return PNAS_OK;
}

/* At epoch e of n: a part of the way to the end, which is the cell's own. */
static float accuracy_at(const pnas_cell *cell, int epoch)
{
    return (float)(synthetic_accuracy(cell, 7, 0) * (0.5 + 0.5 * epoch / EPOCHS));
}

static pnas_result result_of(const pnas_search *search, const pnas_child *child)
{
    int until = pnas_rung_after(pnas_search_get_options(search), child->result.epochs);
    pnas_result result = {.status = until ? PNAS_CHILD_PAUSED : PNAS_CHILD_DONE,
                          .epochs = until ? until : EPOCHS,
                          .accuracy = until ? NAN : accuracy_at(&child->cell, EPOCHS)};
    result.history = calloc((size_t)result.epochs * PNAS_METRICS, sizeof *result.history);
    for (int e = 0; e < result.epochs; ++e)
        result.history[e * PNAS_METRICS + PNAS_METRIC_VALIDATION_ACCURACY] = accuracy_at(&child->cell, e + 1);
    return result;
}

/* The last pending child of the current level: results come in no order. */
static void record_one(pnas_search *search)
{
    const pnas_level *level = pnas_search_current(search);
    size_t i = level->count;
    do
        --i;
    while (level->child[i].result.status != PNAS_CHILD_PENDING);
    pnas_result result = result_of(search, &level->child[i]);
    cr_assert_eq(pnas_search_record(search, level->blocks, i, &result), PNAS_OK, "%s", pnas_message());
}

/* The search after a stop: what a run file keeps of it. */
static pnas_search *restored(const pnas_search *from)
{
    pnas_search *search = NULL;
    cr_assert_eq(pnas_search_create(pnas_search_get_options(from), &search), PNAS_OK);
    for (int b = 1; pnas_search_level(from, b); ++b) {
        pnas_level copy = *pnas_search_level(from, b);
        pnas_child *child = calloc(copy.count + 1, sizeof *child);
        for (size_t i = 0; i < copy.count; ++i) {
            child[i] = copy.child[i];
            size_t bytes = pnas_result_rows(&child[i].result) * PNAS_METRICS * sizeof(float);
            child[i].result.history =
                bytes ? memcpy(malloc(bytes), copy.child[i].result.history, bytes) : NULL;
        }
        copy.child = child;
        cr_assert_eq(pnas_search_restore(search, &copy), PNAS_OK, "%s", pnas_message());
    }
    return search;
}

/* To the end; put back from its levels after every so many results, 0: never. */
static pnas_search *finished(const pnas_search_options *options, int stops, seen *s)
{
    const pnas_surrogate surrogate = {fit, predict, s};
    pnas_search *search = NULL;
    int results = 0;
    cr_assert_eq(pnas_search_create(options, &search), PNAS_OK, "%s", pnas_message());
    bool asks = pnas_strategy_get(options->strategy)->surrogate;
    while (!pnas_search_complete(search)) {
        pnas_rung_choice choice;
        int level;
        if (pnas_search_at_rung(search)) {
            cr_assert_eq(pnas_search_pass_rung(search, &level, &choice), PNAS_OK, "%s", pnas_message());
        } else if (pnas_search_current(search)) {
            record_one(search);
            ++results;
        } else {
            bool first = pnas_search_children(search) == 0;
            cr_assert_eq(pnas_search_propose(search, asks && !first ? &surrogate : NULL), PNAS_OK, "%s",
                         pnas_message());
        }
        if (stops > 0 && results % stops == 0) {
            pnas_search *again = restored(search);
            pnas_search_destroy(&search);
            search = again;
        }
    }
    if (asks)
        cr_assert_eq(pnas_search_fit(search, &surrogate), PNAS_OK);
    return search;
}

static pnas_search_options options_of(int strategy)
{
    pnas_search_options options = two_rungs;
    options.space = synthetic_space(2);
    options.beam = 12;
    options.first = strategy == PNAS_STRATEGY_NUMBER_guided ? 6 : 12;
    options.children = strategy == PNAS_STRATEGY_NUMBER_guided ? 24 : 0;
    options.strategy = strategy;
    options.population = 8;
    options.sample = 3;
    options.round = 6;
    options.seed = 5;
    return options;
}

/* Every round of n leaves ceil(0.4 ceil(0.4 n)) children that are done. */
static void expect_shares(const pnas_search *search, size_t done, size_t at_first, size_t at_second)
{
    size_t found[3] = {0};
    double best = 0;
    for (int b = 1; b <= pnas_search_levels(search); ++b) {
        const pnas_level *level = pnas_search_level(search, b);
        best = fmax(best, pnas_levels_best(level, 1));
        for (size_t i = 0; i < level->count; ++i) {
            const pnas_child *child = &level->child[i];
            bool is_done = child->result.status == PNAS_CHILD_DONE;
            cr_assert(is_done || child->result.status == PNAS_CHILD_STOPPED);
            ++found[is_done ? 0 : child->result.epochs == 2 ? 1 : 2];
            cr_assert_eq(child->result.epochs, is_done ? EPOCHS : child->result.epochs == 2 ? 2 : 5);
            if (!is_done)
                cr_assert(child->expected > accuracy_at(&child->cell, child->result.epochs) &&
                          child->expected < 1);
        }
    }
    cr_assert_eq(found[0], done, "%zu are done", found[0]);
    cr_assert_eq(found[1], at_first, "%zu were stopped at the first rung", found[1]);
    cr_assert_eq(found[2], at_second, "%zu were stopped at the second rung", found[2]);
    bool measured = false;
    for (int b = 1; b <= pnas_search_levels(search); ++b)
        for (size_t i = 0; i < pnas_search_level(search, b)->count; ++i) {
            const pnas_result *result = &pnas_search_level(search, b)->child[i].result;
            measured |= result->status == PNAS_CHILD_DONE && result->accuracy == best;
        }
    cr_assert(measured, "the best accuracy is nobody's");
}

static void expect_same_search(const pnas_search *a, const pnas_search *b)
{
    for (int l = 1; l <= pnas_search_levels(a); ++l) {
        const pnas_level *left = pnas_search_level(a, l), *right = pnas_search_level(b, l);
        cr_assert_eq(left->count, right->count);
        for (size_t i = 0; i < left->count; ++i) {
            const pnas_child *x = &left->child[i], *y = &right->child[i];
            cr_assert_eq(pnas_cell_compare(&x->cell, &y->cell), 0);
            cr_assert_eq(x->result.status, y->result.status);
            cr_assert_eq(x->result.epochs, y->result.epochs);
            cr_assert(x->expected == y->expected);
        }
    }
}

static void expect_search_with_rungs(int strategy, size_t done, size_t at_first, size_t at_second)
{
    pnas_search_options options = options_of(strategy);
    seen whole = {0}, parts = {0};
    pnas_search *search = finished(&options, 0, &whole), *stopped = finished(&options, 3, &parts);
    expect_shares(search, done, at_first, at_second);
    expect_same_search(search, stopped);
    if (pnas_strategy_get(strategy)->surrogate) {
        cr_assert_eq(whole.fitted, pnas_search_children(search), "the surrogate is told of all children");
        cr_assert(whole.lowest == parts.lowest && whole.highest == parts.highest);
    }
    pnas_search_destroy(&search);
    pnas_search_destroy(&stopped);
}

Test(searches_with_rungs, level_by_level)
{
    expect_search_with_rungs(PNAS_STRATEGY_NUMBER_pnas, 4, 14, 6); /* 12: 5 go on, then 2; twice */
}

Test(searches_with_rungs, at_random)
{
    expect_search_with_rungs(PNAS_STRATEGY_NUMBER_random, 4, 14, 6); /* 24: 10, then 4 */
}

Test(searches_with_rungs, by_evolution)
{
    expect_search_with_rungs(PNAS_STRATEGY_NUMBER_evolution, 7, 12,
                             5); /* 8: 4, 2; then 6: 3, 2; 6; 4: 2, 1 */
}

Test(searches_with_rungs, guided)
{
    expect_search_with_rungs(PNAS_STRATEGY_NUMBER_guided, 8, 12, 4); /* 6: 3, 2; four times */
}

Test(searches_with_rungs, a_result_that_skips_a_rung_is_refused)
{
    pnas_search_options options = options_of(PNAS_STRATEGY_NUMBER_pnas);
    pnas_search *search = NULL;
    pnas_rung_choice choice;
    int level;
    cr_assert_eq(pnas_search_create(&options, &search), PNAS_OK);
    cr_assert_eq(pnas_search_propose(search, NULL), PNAS_OK);
    pnas_result done = {.status = PNAS_CHILD_DONE, .accuracy = 0.5};
    cr_assert_eq(pnas_search_record(search, 1, 0, &done), PNAS_ERROR_INTERNAL);
    pnas_result late = {.status = PNAS_CHILD_PAUSED, .epochs = 5};
    cr_assert_eq(pnas_search_record(search, 1, 0, &late), PNAS_ERROR_INTERNAL);
    pnas_result empty = {.status = PNAS_CHILD_PAUSED, .epochs = 2}; /* no history */
    cr_assert_eq(pnas_search_record(search, 1, 0, &empty), PNAS_ERROR_INTERNAL);
    cr_assert_eq(pnas_search_pass_rung(search, &level, &choice), PNAS_ERROR_INTERNAL);
    pnas_search_destroy(&search);
}

/* Each level waits for its own children alone: one of level 1 that is tried again does not meet those of level 2. */
Test(searches_with_rungs, a_child_that_is_tried_again_goes_its_way_alone)
{
    pnas_search_options options = options_of(PNAS_STRATEGY_NUMBER_pnas);
    seen s = {0};
    pnas_search *search = finished(&options, 0, &s);
    pnas_level level[2];
    for (int b = 0; b < 2; ++b) {
        pnas_search *copy = restored(search);
        level[b] = *pnas_search_level(copy, b + 1);
        level[b].child = calloc(level[b].count, sizeof *level[b].child);
        for (size_t i = 0; i < level[b].count; ++i) {
            level[b].child[i] = pnas_search_level(search, b + 1)->child[i];
            level[b].child[i].result = (pnas_result){.status = PNAS_CHILD_FAILED};
        }
        pnas_search_destroy(&copy);
    }
    pnas_search_destroy(&search);
    cr_assert_eq(pnas_search_create(&options, &search), PNAS_OK);
    pnas_search_expect_retries(search);
    for (int b = 0; b < 2; ++b)
        cr_assert_eq(pnas_search_restore(search, &level[b]), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_search_retry(search, 1, 3), PNAS_OK);
    cr_assert_eq(pnas_search_retry(search, 2, 0), PNAS_OK);
    cr_assert_eq(pnas_search_retry(search, 2, 1), PNAS_OK);
    while (!pnas_search_complete(search)) {
        pnas_rung_choice choice;
        int at;
        if (!pnas_search_at_rung(search)) {
            record_one(search);
            continue;
        }
        cr_assert_eq(pnas_search_pass_rung(search, &at, &choice), PNAS_OK);
        cr_assert_eq(choice.kept, 1);
        cr_assert_eq(choice.stopped, at == 2 && choice.epoch == 2 ? 1u : 0u);
    }
    cr_assert_eq(pnas_search_level(search, 1)->child[3].result.status, PNAS_CHILD_DONE);
    pnas_search_destroy(&search);
}
