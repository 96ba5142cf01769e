/* The kernel part of the surrogate against a Gaussian process written out with explicit covariances and
 * elimination, and on truths that are known. */
#include "src/regression/kernel_model.h"
#include "src/regression/kernel_values.h"

#include "src/base/random.h"
#include "src/regression/linear_model.h"
#include "src/search/spearman.h"
#include "tests/regression/random_cell.h"
#include "tests/search/synthetic_cells.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { OPERATORS = 3, CELLS = 21, PAIRS = OPERATORS * OPERATORS, SIDES = 3 * OPERATORS };

typedef struct {
    pnas_cell cell[CELLS];
    double accuracy[CELLS];
} sample;

/* Without its noise. */
static double truth_of(const pnas_cell *cell)
{
    double better = 0;
    for (int i = 0; i < cell->blocks; ++i)
        better += (cell->block[i].op1 == 1) + (cell->block[i].op2 == 1) + (cell->block[i].in2 == -1);
    return 0.4 + 0.15 * better / cell->blocks;
}

static sample random_sample(uint64_t seed)
{
    sample s;
    pnas_stream stream = pnas_stream_make(seed, PNAS_STREAM_TEST, 0, 0);
    for (int i = 0; i < CELLS; ++i) {
        s.cell[i] = random_cell(&stream, 1 + i % 3, OPERATORS);
        s.accuracy[i] = truth_of(&s.cell[i]) + 0.1 * (pnas_stream_uniform(&stream) - 0.5);
    }
    return s;
}

/* --- the process written out --- */

typedef struct {
    double op[OPERATORS], kind[3], side[SIDES], pair[PAIRS], blocks;
} counts;

static counts count(const pnas_cell *cell)
{
    counts c = {.blocks = cell->blocks};
    for (int i = 0; i < cell->blocks; ++i) {
        const pnas_block *b = &cell->block[i];
        int k1 = b->in1 < 0 ? b->in1 + 2 : 2, k2 = b->in2 < 0 ? b->in2 + 2 : 2;
        int low = b->op1 < b->op2 ? b->op1 : b->op2, high = b->op1 < b->op2 ? b->op2 : b->op1;
        c.op[b->op1] += 1, c.op[b->op2] += 1, c.kind[k1] += 1, c.kind[k2] += 1;
        c.side[k1 * OPERATORS + b->op1] += 1, c.side[k2 * OPERATORS + b->op2] += 1;
        c.pair[low * OPERATORS + high] += 1;
    }
    return c;
}

static double shares_apart(const double *a, double all_a, const double *b, double all_b, int size)
{
    double sum = 0;
    for (int i = 0; i < size; ++i) {
        double share = a[i] / all_a - b[i] / all_b, root = sqrt(a[i] / all_a) - sqrt(b[i] / all_b);
        sum += share * share + root * root / 4;
    }
    return sum;
}

static double rbf(const pnas_cell *x, const pnas_cell *y, double width)
{
    const counts a = count(x), b = count(y);
    double all_a = 2 * a.blocks, all_b = 2 * b.blocks, length = 0.2 * log(a.blocks / b.blocks);
    double squared = shares_apart(a.op, all_a, b.op, all_b, OPERATORS) +
                     shares_apart(a.side, all_a, b.side, all_b, SIDES) / 4 + length * length;
    return exp(-squared / (2 * width * width));
}

enum { FEATURES = OPERATORS + 3 + SIDES + PAIRS + 1 };

static void expand(const pnas_cell *cell, double out[FEATURES])
{
    const counts c = count(cell);
    double *at = out, half = 0.5 / c.blocks, rare = half * sqrt(0.5);
    for (int i = 0; i < OPERATORS; ++i)
        *at++ = half * c.op[i];
    for (int i = 0; i < 3; ++i)
        *at++ = half * c.kind[i];
    for (int i = 0; i < SIDES; ++i)
        *at++ = rare * c.side[i];
    for (int i = 0; i < PAIRS; ++i)
        *at++ = rare * c.pair[i];
    *at = 2 * log(c.blocks);
}

typedef struct {
    double feature[CELLS][FEATURES], center[FEATURES], weight[CELLS], mean, likelihood;
    double width, scale, noise;
} process;

static double covariance(const process *p, const sample *s, const pnas_cell *x, int j)
{
    double feature[FEATURES], sum = rbf(x, &s->cell[j], p->width);
    expand(x, feature);
    for (int k = 0; k < FEATURES; ++k)
        sum += p->scale * (feature[k] - p->center[k]) * (p->feature[j][k] - p->center[k]);
    return sum;
}

/* Gauss-Jordan elimination; the pivots give the determinant. */
static void solve(process *p, const sample *s)
{
    static double a[CELLS][CELLS + 1];
    double log_determinant = 0, size = 0;
    for (int i = 0; i < CELLS; ++i) {
        for (int j = 0; j < CELLS; ++j)
            a[i][j] = covariance(p, s, &s->cell[i], j) + (i == j ? p->noise : 0);
        a[i][CELLS] = pnas_logit(s->accuracy[i], 1e-3) - p->mean;
    }
    for (int k = 0; k < CELLS; ++k) {
        log_determinant += log(a[k][k]);
        for (int i = 0; i < CELLS; ++i)
            for (int j = CELLS; i != k && j >= k; --j)
                a[i][j] -= a[i][k] / a[k][k] * a[k][j];
    }
    for (int k = 0; k < CELLS; ++k) {
        p->weight[k] = a[k][CELLS] / a[k][k];
        size += p->weight[k] * (pnas_logit(s->accuracy[k], 1e-3) - p->mean) / CELLS;
    }
    p->likelihood = -0.5 * CELLS * log(size) - 0.5 * log_determinant;
}

static process fit_reference(const sample *s)
{
    static const double widths[] = {0.3, 0.6, 1.2}, scales[] = {0.3, 1, 3, 10},
                        noises[] = {0.01, 0.03, 0.1, 0.3};
    process p = {.mean = 0}, best = {.likelihood = -INFINITY};
    for (int i = 0; i < CELLS; ++i) {
        expand(&s->cell[i], p.feature[i]);
        p.mean += pnas_logit(s->accuracy[i], 1e-3) / CELLS;
        for (int k = 0; k < FEATURES; ++k)
            p.center[k] += p.feature[i][k] / CELLS;
    }
    for (int i = 0; i < 3 * 4 * 4; ++i) {
        p.width = widths[i / 16], p.scale = scales[i / 4 % 4], p.noise = noises[i % 4];
        solve(&p, s);
        if (p.likelihood > best.likelihood)
            best = p;
    }
    return best;
}

static double predict_reference(const process *p, const sample *s, const pnas_cell *x)
{
    double sum = p->mean;
    for (int j = 0; j < CELLS; ++j)
        sum += p->weight[j] * covariance(p, s, x, j);
    return sum;
}

static double logit_of(const pnas_kernel_model *model, const pnas_cell *cell)
{
    pnas_kernel_values *values = NULL;
    cr_assert_eq(pnas_kernel_values_create(model, cell->blocks, model->operators, NULL, &values), PNAS_OK);
    double logit = pnas_kernel_values_of(values, cell);
    pnas_kernel_values_destroy(&values);
    return logit;
}

Test(kernel_model, equals_a_gaussian_process_written_out)
{
    for (uint64_t seed = 1; seed <= 4; ++seed) {
        const sample s = random_sample(seed);
        const process p = fit_reference(&s);
        pnas_kernel_model model;
        cr_assert_eq(pnas_kernel_fit(OPERATORS, s.cell, s.accuracy, CELLS, NULL, &model), PNAS_OK);
        cr_expect_float_eq(model.width, p.width, 1e-6);
        pnas_stream stream = pnas_stream_make(seed, PNAS_STREAM_TEST, 1, 0);
        for (int i = 0; i < 60; ++i) {
            const pnas_cell cell = random_cell(&stream, 1 + i % 5, OPERATORS);
            cr_expect_float_eq(logit_of(&model, &cell), predict_reference(&p, &s, &cell), 2e-5);
        }
        pnas_kernel_free(&model);
    }
}

/* --- cells that begin alike --- */

static void check_after(double forest)
{
    const sample s = random_sample(5);
    const int operator_of[] = {2, 0}; /* of two operators, in another order */
    pnas_kernel_model model;
    pnas_kernel_values *values = NULL;
    float after[6 * 6];
    cr_assert_eq(pnas_kernel_fit(OPERATORS, s.cell, s.accuracy, CELLS, NULL, &model), PNAS_OK);
    cr_assert_eq(pnas_kernel_add_forest(&model, forest, s.accuracy, CELLS), PNAS_OK);
    cr_assert_eq(pnas_kernel_values_create(&model, 3, 2, operator_of, &values), PNAS_OK);
    const pnas_cell prefix = {.blocks = 2, .block = {{-2, 0, -1, 1}, {0, 1, -1, 1}}};
    pnas_kernel_values_after(values, &prefix, after);
    for (int i = 0; i < 36; ++i) {
        int in1 = i / 6 / 2 - 2, op1 = i / 6 % 2, in2 = i % 6 / 2 - 2, op2 = i % 6 % 2;
        pnas_cell cell = {.blocks = 3, .block = {{-2, 2, -1, 0}, {0, 0, -1, 0}}};
        cell.block[2] =
            (pnas_block){(int8_t)in1, (int8_t)operator_of[op1], (int8_t)in2, (int8_t)operator_of[op2]};
        cr_expect_float_eq(after[i], logit_of(&model, &cell), 2e-5);
    }
    pnas_kernel_values_destroy(&values);
    pnas_kernel_free(&model);
}

Test(kernel_model, the_cells_after_a_prefix_get_what_each_gets_alone)
{
    check_after(0);
    check_after(0.4);
}

/* --- a forest beside --- */

/* Of the forest alone, by the counts of operators, kinds of input and blocks. */
static double forest_reference(const sample *s, const pnas_cell *cell)
{
    enum { COUNTED = OPERATORS + 4 };
    uint8_t row[CELLS + 1][COUNTED];
    float target[CELLS];
    pnas_forest *forest = NULL;
    memset(row, 0, sizeof row);
    for (int i = 0; i <= CELLS; ++i) {
        const pnas_cell *c = i < CELLS ? &s->cell[i] : cell;
        for (int b = 0; b < c->blocks; ++b) {
            const pnas_block *block = &c->block[b];
            ++row[i][block->op1];
            ++row[i][block->op2];
            ++row[i][OPERATORS + pnas_input_kind(block->in1)];
            ++row[i][OPERATORS + pnas_input_kind(block->in2)];
        }
        row[i][COUNTED - 1] = (uint8_t)c->blocks;
        if (i < CELLS)
            target[i] = (float)log(s->accuracy[i] / (1 - s->accuracy[i]));
    }
    cr_assert_eq(pnas_forest_fit(row[0], target, CELLS, COUNTED, &forest), PNAS_OK);
    double value = pnas_forest_value(forest, row[CELLS]);
    pnas_forest_destroy(&forest);
    return value;
}

Test(kernel_model, a_forest_takes_its_share_of_the_logit)
{
    const sample s = random_sample(7);
    pnas_kernel_model plain, with;
    cr_assert_eq(pnas_kernel_fit(OPERATORS, s.cell, s.accuracy, CELLS, NULL, &plain), PNAS_OK);
    cr_assert_eq(pnas_kernel_fit(OPERATORS, s.cell, s.accuracy, CELLS, NULL, &with), PNAS_OK);
    cr_assert_eq(pnas_kernel_add_forest(&with, 0.4, s.accuracy, CELLS), PNAS_OK);
    cr_assert_eq(pnas_kernel_add_forest(&plain, 0, s.accuracy, CELLS), PNAS_OK);
    cr_expect_null(plain.forest);
    pnas_stream stream = pnas_stream_make(7, PNAS_STREAM_TEST, 1, 0);
    for (int i = 0; i < 30; ++i) {
        const pnas_cell cell = random_cell(&stream, 1 + i % 4, OPERATORS);
        cr_expect_float_eq(logit_of(&with, &cell),
                           0.6 * logit_of(&plain, &cell) + 0.4 * forest_reference(&s, &cell), 2e-6);
    }
    pnas_kernel_free(&plain);
    pnas_kernel_free(&with);
}

/* --- another search --- */

static double wrong_by(const pnas_kernel_model *model, uint64_t seed)
{
    double sum = 0;
    pnas_stream stream = pnas_stream_make(seed, PNAS_STREAM_TEST, 2, 0);
    for (int i = 0; i < 60; ++i) {
        const pnas_cell cell = random_cell(&stream, 2, OPERATORS);
        sum += fabs(1 / (1 + exp(-logit_of(model, &cell))) - truth_of(&cell));
    }
    return sum;
}

static pnas_kernel_model fit_some(const sample *s, size_t cells, const pnas_kernel_model *origin)
{
    pnas_kernel_model model;
    cr_assert_eq(pnas_kernel_fit(OPERATORS, s->cell, s->accuracy, cells, origin, &model), PNAS_OK);
    return model;
}

enum { FEW = 12, SEARCHES = 12 };

/* The model of an origin of whose accuracies 1 is left where `opposite`. */
static pnas_kernel_model fit_origin(uint64_t seed, bool opposite)
{
    sample s = random_sample(seed);
    for (int i = 0; opposite && i < CELLS; ++i)
        s.accuracy[i] = 1 - s.accuracy[i];
    return fit_some(&s, CELLS, NULL);
}

Test(kernel_model, another_search_helps_where_it_agrees_and_is_left_out_where_not)
{
    double wrong_alone = 0, wrong_helped = 0;
    for (uint64_t seed = 1; seed <= SEARCHES; ++seed) {
        const sample here = random_sample(100 + seed);
        pnas_kernel_model right = fit_origin(200 + seed, false), wrong = fit_origin(200 + seed, true);
        pnas_kernel_model alone = fit_some(&here, FEW, NULL), helped = fit_some(&here, FEW, &right),
                          misled = fit_some(&here, FEW, &wrong);
        wrong_alone += wrong_by(&alone, seed);
        wrong_helped += wrong_by(&helped, seed);
        cr_expect_eq(misled.count, FEW);
        cr_expect_eq(memcmp(misled.values, alone.values, alone.size * sizeof *alone.values), 0);
        pnas_kernel_model *all[] = {&right, &wrong, &alone, &helped, &misled};
        for (int i = 0; i < 5; ++i)
            pnas_kernel_free(all[i]);
    }
    cr_expect_lt(wrong_helped, 0.95 * wrong_alone);
}

/* --- as values --- */

static pnas_status take(const float *values, size_t size)
{
    pnas_kernel_model model;
    pnas_status status = pnas_kernel_take(OPERATORS, values, size, &model);
    pnas_kernel_free(&model);
    return status;
}

Test(kernel_model, its_values_make_it_again_and_damaged_ones_are_refused)
{
    const sample s = random_sample(9);
    pnas_kernel_model model = fit_some(&s, CELLS, NULL), again;
    cr_assert_eq(pnas_kernel_add_forest(&model, 0.5, s.accuracy, CELLS), PNAS_OK);
    pnas_kernel_set_share(&model, 0.75);
    cr_assert_eq(pnas_kernel_take(OPERATORS, model.values, model.size, &again), PNAS_OK);
    cr_expect_eq(again.share, 0.75F);
    cr_expect_eq(logit_of(&again, &s.cell[3]), logit_of(&model, &s.cell[3]));
    cr_expect_eq(pnas_kernel_take(OPERATORS + 1, model.values, model.size, &(pnas_kernel_model){0}),
                 PNAS_ERROR_DATA);
    cr_expect_eq(take(model.values, model.size - 1), PNAS_ERROR_DATA);
    cr_expect_eq(take(model.values, 3), PNAS_ERROR_DATA);
    again.sides[0] = SIDES;
    cr_expect_eq(take(again.values, again.size), PNAS_ERROR_DATA);
    again.sides[0] = -1;
    cr_expect_eq(take(again.values, again.size), PNAS_ERROR_DATA);
    again.sides[0] = model.sides[0];
    again.target[1] = INFINITY;
    cr_expect_eq(take(again.values, again.size), PNAS_ERROR_DATA);
    again.target[1] = model.target[1];
    again.values[PNAS_KERNEL_TARGETS] = 0; /* a forest of nothing */
    cr_expect_eq(take(again.values, again.size - CELLS), PNAS_ERROR_DATA);
    again.values[PNAS_KERNEL_TARGETS] = CELLS + 1;
    cr_expect_eq(take(again.values, again.size), PNAS_ERROR_DATA);
    again.values[PNAS_KERNEL_TARGETS] = CELLS;
    cr_expect_eq(take(again.values, again.size), PNAS_OK);
    again.values[2] = 0; /* the width */
    cr_expect_eq(take(again.values, again.size), PNAS_ERROR_DATA);
    again.values[2] = NAN;
    cr_expect_eq(take(again.values, again.size), PNAS_ERROR_DATA);
    pnas_kernel_free(&model);
    pnas_kernel_free(&again);
}

/* --- what it is for --- */

enum { FIT = 100, BLOCKS = 3 };

Test(kernel_model, ranks_longer_cells_better_than_the_linear_part_alone)
{
    const pnas_space space = synthetic_space(BLOCKS);
    pnas_cell_table *table = NULL;
    pnas_cell cell[2 * FIT];
    double accuracy[2 * FIT], linear[300], kernel[300], measured[300];
    size_t begin, count, fit = 0;
    cr_assert_eq(synthetic_table(&space, 300, 2, 0.01, &table), PNAS_OK);
    const pnas_table_entry *entry = pnas_cell_table_entries(table);
    for (int b = 1; b < BLOCKS; ++b) {
        pnas_cell_table_level(table, b, &begin, &count);
        for (size_t i = 0; i < FIT; ++i, ++fit) {
            cell[fit] = entry[begin + i].cell;
            accuracy[fit] = entry[begin + i].accuracy;
        }
    }
    pnas_linear_model plain;
    pnas_kernel_model model;
    cr_assert_eq(pnas_linear_fit(BLOCKS + 1, space.operators.count, cell, accuracy, fit, &plain), PNAS_OK);
    cr_assert_eq(pnas_kernel_fit(space.operators.count, cell, accuracy, fit, NULL, &model), PNAS_OK);
    pnas_cell_table_level(table, BLOCKS, &begin, &count);
    cr_assert_eq(count, 300);
    for (size_t i = 0; i < count; ++i) {
        linear[i] = pnas_linear_logit(&plain, &entry[begin + i].cell);
        kernel[i] = logit_of(&model, &entry[begin + i].cell);
        measured[i] = entry[begin + i].accuracy;
    }
    cr_expect_gt(pnas_spearman(kernel, measured, count), pnas_spearman(linear, measured, count) + 0.005);
    pnas_linear_free(&plain);
    pnas_kernel_free(&model);
    pnas_cell_table_destroy(&table);
}
