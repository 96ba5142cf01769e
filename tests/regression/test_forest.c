/* A random forest, compared with scikit-learn's. */
#include "src/regression/forest.h"

#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

enum { ROWS = 40, FEATURES = 3, PROBES = 10, TURNS = 16 };

typedef struct {
    uint8_t row[ROWS][FEATURES];
    float target[ROWS];
} sample;

static uint32_t next(uint32_t *state)
{
    *state = 1664525U * *state + 1013904223U;
    return *state >> 16;
}

static const uint8_t probes[PROBES][FEATURES] = {{2, 1, 6}, {0, 1, 3}, {2, 0, 6}, {5, 1, 3}, {3, 0, 5},
                                                 {0, 2, 6}, {3, 2, 3}, {4, 0, 6}, {3, 2, 1}, {1, 2, 2}};

/* sklearn.ensemble.RandomForestRegressor(4000, random_state=1) of scikit-learn 1.9.1, fit to the sample below: mean
 * and standard deviation over its trees. */
static const double expected[PROBES] = {0.5781,  -0.4251, 1.1016, 1.0577, 2.0319,
                                        -0.1059, 1.5499,  2.6693, 1.5442, 0.6051};
static const double deviation[PROBES] = {0.7061, 0.4707, 0.5007, 0.1560, 0.4644,
                                         0.3277, 0.5515, 0.5666, 0.5667, 0.3792};

/* The rows begin with number `turn`, so that each turn draws others. */
static sample make_sample(int turn)
{
    static const uint32_t values[FEATURES] = {5, 3, 7};
    sample s;
    uint32_t state = 1;
    for (int i = 0; i < ROWS; ++i)
        for (int f = 0; f < FEATURES; ++f)
            s.row[(i + turn) % ROWS][f] = (uint8_t)(next(&state) % values[f]);
    for (int i = 0; i < ROWS; ++i) {
        const uint8_t *x = s.row[(i + turn) % ROWS];
        double noise = ((int)(next(&state) % 100) - 50) / 200.0;
        s.target[(i + turn) % ROWS] =
            (float)(0.5 * x[0] - (x[1] == 1) + (x[2] > 3 ? 0.25 * x[0] : 0) + noise);
    }
    return s;
}

static pnas_forest *fit(const sample *s, size_t rows)
{
    pnas_forest *forest = NULL;
    cr_assert_eq(pnas_forest_fit(s->row[0], s->target, rows, FEATURES, &forest), PNAS_OK);
    return forest;
}

Test(forest, predicts_what_scikit_learn_s_does)
{
    double mean[PROBES] = {0};
    for (int turn = 0; turn < TURNS; ++turn) {
        const sample s = make_sample(turn);
        pnas_forest *forest = fit(&s, ROWS);
        for (int i = 0; i < PROBES; ++i)
            mean[i] += pnas_forest_value(forest, probes[i]) / TURNS;
        pnas_forest_destroy(&forest);
    }
    for (int i = 0; i < PROBES; ++i)
        cr_expect_float_eq(mean[i], expected[i], 4 * deviation[i] / sqrt(TURNS * PNAS_FOREST_TREES), "%d: %g",
                           i, mean[i]);
}

Test(forest, is_the_same_each_time)
{
    const sample s = make_sample(0);
    pnas_forest *one = fit(&s, ROWS), *other = fit(&s, ROWS);
    for (int i = 0; i < PROBES; ++i)
        cr_expect_eq(pnas_forest_value(one, probes[i]), pnas_forest_value(other, probes[i]));
    pnas_forest_destroy(&one);
    pnas_forest_destroy(&other);
}

Test(forest, of_one_row_or_of_equal_rows_says_their_mean)
{
    sample s = make_sample(0);
    pnas_forest *forest = fit(&s, 1);
    cr_expect_float_eq(pnas_forest_value(forest, probes[3]), s.target[0], 1e-7);
    pnas_forest_destroy(&forest);
    for (int i = 1; i < ROWS; ++i)
        memcpy(s.row[i], s.row[0], FEATURES);
    forest = fit(&s, ROWS);
    cr_expect_eq(pnas_forest_value(forest, probes[3]), pnas_forest_value(forest, probes[4]));
    pnas_forest_destroy(&forest);
}
