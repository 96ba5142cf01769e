/* The linear part of the surrogate against normal equations written out, and on truths that are known. */
#include "src/regression/linear_model.h"

#include "src/base/random.h"
#include "src/search/search.h"
#include "src/search/spearman.h"
#include "tests/regression/random_cell.h"
#include "tests/search/synthetic_cells.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum {
    INPUTS = 4,
    OPERATORS = 3,
    CELLS = 24,
    FEATURES = OPERATORS + 3 + 3 * OPERATORS + OPERATORS * OPERATORS
};

typedef struct {
    pnas_cell cell[CELLS];
    double accuracy[CELLS];
} sample;

static sample random_sample(uint64_t seed)
{
    sample s;
    pnas_stream stream = pnas_stream_make(seed, PNAS_STREAM_TEST, 0, 0);
    for (int i = 0; i < CELLS; ++i) {
        s.cell[i] = random_cell(&stream, 1 + i % 3, OPERATORS);
        double better = (s.cell[i].block[0].op1 == 1) + (s.cell[i].block[0].in2 == -1);
        s.accuracy[i] = 0.4 + 0.15 * better + 0.1 * pnas_stream_uniform(&stream);
    }
    return s;
}

/* --- ridge regression written out: explicit features, elimination, and one fit for each cell left out --- */

static int kind(int input)
{
    return input == -2 ? 0 : input == -1 ? 1 : 2;
}

static void expand(const pnas_cell *cell, double x[FEATURES])
{
    memset(x, 0, FEATURES * sizeof *x);
    for (int i = 0; i < cell->blocks; ++i) {
        const pnas_block *b = &cell->block[i];
        int low = b->op1 < b->op2 ? b->op1 : b->op2, high = b->op1 < b->op2 ? b->op2 : b->op1;
        x[b->op1] += 1, x[b->op2] += 1;
        x[OPERATORS + kind(b->in1)] += 1, x[OPERATORS + kind(b->in2)] += 1;
        x[OPERATORS + 3 + kind(b->in1) * OPERATORS + b->op1] += sqrt(0.5);
        x[OPERATORS + 3 + kind(b->in2) * OPERATORS + b->op2] += sqrt(0.5);
        x[OPERATORS + 3 + 3 * OPERATORS + low * OPERATORS + high] += sqrt(0.5);
    }
}

static void eliminate(double a[FEATURES][FEATURES + 1], double *x)
{
    for (int k = 0; k < FEATURES; ++k)
        for (int row = 0; row < FEATURES; ++row)
            for (int j = FEATURES; row != k && j >= k; --j)
                a[row][j] -= a[row][k] / a[k][k] * a[k][j];
    for (int k = 0; k < FEATURES; ++k)
        x[k] = a[k][FEATURES] / a[k][k];
}

/* What a fit to all cells but `out` predicts for `of`. */
static double predict_without(const sample *s, int out, double lambda, const pnas_cell *of)
{
    double mean[FEATURES] = {0}, target = 0, effect[FEATURES], x[FEATURES];
    static double a[FEATURES][FEATURES + 1];
    int count = out < 0 ? CELLS : CELLS - 1;
    memset(a, 0, sizeof a);
    for (int i = 0; i < CELLS; ++i) {
        expand(&s->cell[i], x);
        for (int f = 0; i != out && f < FEATURES; ++f)
            mean[f] += x[f] / count;
        if (i != out)
            target += log(s->accuracy[i] / (1 - s->accuracy[i])) / count;
    }
    for (int i = 0; i < CELLS; ++i) {
        expand(&s->cell[i], x);
        double y = log(s->accuracy[i] / (1 - s->accuracy[i])) - target;
        for (int f = 0; i != out && f < FEATURES; ++f) {
            for (int g = 0; g < FEATURES; ++g)
                a[f][g] += (x[f] - mean[f]) * (x[g] - mean[g]);
            a[f][FEATURES] += (x[f] - mean[f]) * y;
        }
    }
    for (int f = 0; f < FEATURES; ++f)
        a[f][f] += lambda;
    eliminate(a, effect);
    expand(of, x);
    for (int f = 0; f < FEATURES; ++f)
        target += (x[f] - mean[f]) * effect[f];
    return target;
}

static double best_lambda(const sample *s)
{
    double best = 0, least = INFINITY;
    for (int step = -6; step <= 6; ++step) {
        double lambda = pow(10, step / 2.0), error = 0;
        for (int i = 0; i < CELLS; ++i) {
            double y = log(s->accuracy[i] / (1 - s->accuracy[i]));
            error += pow(predict_without(s, i, lambda, &s->cell[i]) - y, 2);
        }
        if (error < least) {
            least = error;
            best = lambda;
        }
    }
    return best;
}

Test(linear_model, agrees_with_the_normal_equations_and_with_leaving_out_each_cell)
{
    for (uint64_t seed = 1; seed <= 4; ++seed) {
        sample s = random_sample(seed);
        pnas_linear_model model;
        cr_assert_eq(pnas_linear_fit(INPUTS, OPERATORS, s.cell, s.accuracy, CELLS, &model), PNAS_OK);
        double lambda = best_lambda(&s);
        cr_expect_float_eq(model.lambda, lambda, 1e-9 * lambda, "lambda %g, expected %g", model.lambda,
                           lambda);
        pnas_stream stream = pnas_stream_make(seed, PNAS_STREAM_TEST, 1, 0);
        for (int i = 0; i < 20; ++i) {
            pnas_cell cell = random_cell(&stream, 1 + i % 3, OPERATORS);
            double got = pnas_linear_logit(&model, &cell), want = predict_without(&s, -1, lambda, &cell);
            cr_expect_float_eq(got, want, 1e-8, "cell %d: %.12g, expected %.12g", i, got, want);
        }
        pnas_linear_free(&model);
    }
}

/* The truth of two levels, without noise: the next level's mean over blocks is not linear, its order nearly is. */
Test(linear_model, ranks_the_next_level_of_a_made_up_truth)
{
    pnas_space space = synthetic_space(3);
    pnas_cell_table *table = NULL;
    pnas_linear_model model;
    double accuracy[500], predicted[500];
    static pnas_cell cell[500];
    cr_assert_eq(synthetic_table(&space, 300, 9, 0, &table), PNAS_OK);
    const pnas_table_entry *entry = pnas_cell_table_entries(table);
    size_t begin, count;
    pnas_cell_table_level(table, 3, &begin, &count);
    cr_assert_leq(begin, 500);
    for (size_t i = 0; i < begin; ++i) {
        cell[i] = entry[i].cell;
        accuracy[i] = entry[i].accuracy;
    }
    cr_assert_eq(pnas_linear_fit(4, 8, cell, accuracy, begin, &model), PNAS_OK);
    for (size_t i = 0; i < count; ++i) {
        predicted[i] = pnas_linear_logit(&model, &entry[begin + i].cell);
        accuracy[i] = entry[begin + i].accuracy;
    }
    double spearman = pnas_spearman(predicted, accuracy, count);
    cr_expect_gt(spearman, 0.93, "Spearman %.3f", spearman);
    pnas_linear_free(&model);
    pnas_cell_table_destroy(&table);
}

Test(linear_model, noise_alone_predicts_hardly_more_than_the_mean)
{
    sample s = random_sample(3);
    pnas_stream stream = pnas_stream_make(8, PNAS_STREAM_TEST, 2, 0);
    pnas_linear_model model;
    for (int i = 0; i < CELLS; ++i)
        s.accuracy[i] = 0.5 + 0.1 * (pnas_stream_uniform(&stream) - 0.5);
    cr_assert_eq(pnas_linear_fit(INPUTS, OPERATORS, s.cell, s.accuracy, CELLS, &model), PNAS_OK);
    for (int i = 0; i < CELLS; ++i)
        cr_expect_lt(fabs(pnas_linear_logit(&model, &s.cell[i])), 0.1);
    pnas_linear_free(&model);
}

Test(linear_model, one_cell_and_accuracies_at_their_ends_are_fit_too)
{
    sample s = random_sample(5);
    pnas_linear_model model;
    cr_assert_eq(pnas_linear_fit(INPUTS, OPERATORS, s.cell, s.accuracy, 1, &model), PNAS_OK);
    cr_expect_float_eq(pnas_linear_logit(&model, &s.cell[1]), pnas_logit(s.accuracy[0], 0), 1e-9);
    pnas_linear_free(&model);
    s.accuracy[0] = 0;
    s.accuracy[1] = 1;
    cr_assert_eq(pnas_linear_fit(INPUTS, OPERATORS, s.cell, s.accuracy, CELLS, &model), PNAS_OK);
    for (int i = 0; i < CELLS; ++i)
        cr_expect(isfinite(pnas_linear_logit(&model, &s.cell[i])));
    pnas_linear_free(&model);
}
