/* The kernel part beside a surrogate's networks: its share, where it is kept, and along the trie. */
#include "cl/surrogate/space_trie.h"
#include "cl/surrogate/surrogate_ensemble.h"
#include "src/regression/kernel_model.h"
#include "src/regression/kernel_values.h"
#include "src/regression/linear_model.h"
#include "tests/cl/test_device.h"

#include <string.h>

enum { BLOCKS = 3, OPERATORS = 8, CELLS = 24 };

static const pnas_space space = {
    .operators = {.count = OPERATORS}, .blocks = BLOCKS, .lookback = -2, .lookforward = -1};

typedef struct {
    pnas_cell cell[CELLS];
    double accuracy[CELLS];
} sample;

static sample make_sample(void)
{
    sample s;
    pnas_stream stream = pnas_stream_make(5, PNAS_STREAM_TEST, 0, 0);
    for (int i = 0; i < CELLS; ++i) {
        s.cell[i] = (pnas_cell){.blocks = 1 + i % BLOCKS};
        double sum = 0;
        for (int b = 0; b < s.cell[i].blocks; ++b) {
            pnas_block *block = &s.cell[i].block[b];
            block->in1 = (int8_t)((int)pnas_stream_below(&stream, (uint32_t)b + 2) - 2);
            block->in2 = (int8_t)((int)pnas_stream_below(&stream, (uint32_t)b + 2) - 2);
            block->op1 = (int8_t)pnas_stream_below(&stream, OPERATORS);
            block->op2 = (int8_t)pnas_stream_below(&stream, OPERATORS);
            sum += block->op1 + block->op2 + (block->in1 == -1);
        }
        s.accuracy[i] = 0.3 + 0.03 * sum / s.cell[i].blocks;
    }
    return s;
}

static pnas_surrogate_options options_of(pnas_surrogate_model model, double kernel, int members)
{
    return (pnas_surrogate_options){.model = model,
                                    .members = members,
                                    .fit_share = members > 1 ? 0.8 : 1,
                                    .kernel = kernel,
                                    .forest = 0.5,
                                    .linear = 0.25,
                                    .embedding = 5,
                                    .hidden = 6,
                                    .epochs = 2,
                                    .batch = 4,
                                    .rate_first = 0.01,
                                    .rate_later = 0.002,
                                    .last_bias = 0.3,
                                    .seed = 11};
}

static pnas_ensemble *create(pnas_cl *cl, pnas_surrogate_options options)
{
    pnas_ensemble *ensemble = NULL;
    cr_assert_eq(pnas_ensemble_create(cl, &options, &space, &ensemble), PNAS_OK, "%s", pnas_message());
    return ensemble;
}

static pnas_ensemble *create_fitted(pnas_cl *cl, pnas_surrogate_options options, const sample *s)
{
    pnas_ensemble *ensemble = create(cl, options);
    cr_assert_eq(pnas_ensemble_fit(ensemble, 1, s->cell, s->accuracy, CELLS), PNAS_OK, "%s", pnas_message());
    return ensemble;
}

static void predict(pnas_ensemble *ensemble, const sample *s, double mean[CELLS])
{
    double spread[CELLS];
    cr_assert_eq(pnas_ensemble_predict(ensemble, s->cell, CELLS, mean, spread), PNAS_OK, "%s",
                 pnas_message());
}

static void predict_with(pnas_cl *cl, pnas_surrogate_options options, const sample *s, double mean[CELLS])
{
    pnas_ensemble *ensemble = create_fitted(cl, options, s);
    predict(ensemble, s, mean);
    pnas_ensemble_destroy(&ensemble);
}

static double kernel_logit(const pnas_kernel_model *model, const pnas_cell *cell)
{
    pnas_kernel_values *values = NULL;
    cr_assert_eq(pnas_kernel_values_create(model, cell->blocks, OPERATORS, NULL, &values), PNAS_OK);
    double logit = pnas_kernel_values_of(values, cell);
    pnas_kernel_values_destroy(&values);
    return logit;
}

Test(kernel_part, takes_its_share_of_the_logit)
{
    const sample s = make_sample();
    pnas_cl *cl = test_device_open(0);
    pnas_kernel_model model;
    double none[CELLS], all[CELLS], some[CELLS];
    cr_assert_eq(pnas_kernel_fit(OPERATORS, s.cell, s.accuracy, CELLS, NULL, &model), PNAS_OK);
    cr_assert_eq(pnas_kernel_add_forest(&model, 0.5, s.accuracy, CELLS), PNAS_OK);
    for (int kind = 0; kind < 2; ++kind) {
        predict_with(cl, options_of((pnas_surrogate_model)kind, 0, 1), &s, none);
        predict_with(cl, options_of((pnas_surrogate_model)kind, 1, 1), &s, all);
        predict_with(cl, options_of((pnas_surrogate_model)kind, 0.4, 1), &s, some);
        for (int i = 0; i < CELLS; ++i) {
            double kernel = pnas_logit(all[i], 0);
            cr_expect_float_eq(kernel, kernel_logit(&model, &s.cell[i]), 2e-6);
            cr_expect_float_eq(pnas_logit(some[i], 0), 0.6 * pnas_logit(none[i], 0) + 0.4 * kernel, 2e-6);
        }
    }
    pnas_kernel_free(&model);
    test_device_close(&cl);
}

/* --- where it is kept --- */

static size_t without_kernel(pnas_named_tensor *tensors, size_t count)
{
    size_t kept = 0;
    while (kept < count && strncmp(tensors[kept].name, "kernel/", 7) != 0)
        ++kept;
    return kept;
}

static void expect_same(pnas_ensemble *ensemble, const sample *s, const double *expected)
{
    double mean[CELLS];
    predict(ensemble, s, mean);
    cr_expect_eq(memcmp(mean, expected, sizeof mean), 0);
}

/* Weights of a surrogate without a kernel part, as older run files have them, are those of networks alone. */
Test(kernel_part, is_kept_with_member_0_and_not_missed_where_there_is_none)
{
    const sample s = make_sample();
    pnas_cl *cl = test_device_open(0);
    pnas_ensemble *from = create_fitted(cl, options_of(PNAS_MODEL_LSTM, 0.4, 2), &s);
    pnas_ensemble *to = create(cl, options_of(PNAS_MODEL_LSTM, 0.4, 2));
    double with[CELLS], none[CELLS];
    predict(from, &s, with);
    predict_with(cl, options_of(PNAS_MODEL_LSTM, 0, 2), &s, none);
    pnas_named_tensor *tensors[2] = {NULL, NULL};
    size_t count[2];
    for (int m = 0; m < 2; ++m) {
        cr_assert_eq(pnas_ensemble_weights(from, m, &tensors[m], &count[m]), PNAS_OK);
        cr_assert_eq(pnas_ensemble_set_weights(to, m, tensors[m], count[m]), PNAS_OK, "%s", pnas_message());
    }
    cr_expect_eq(count[0], count[1] + 10);
    expect_same(to, &s, with);
    size_t older = without_kernel(tensors[0], count[0]);
    cr_assert_eq(older, count[1]);
    cr_assert_eq(pnas_ensemble_set_weights(to, 0, tensors[0], older), PNAS_OK, "%s", pnas_message());
    expect_same(to, &s, none);
    for (size_t i = older; i < count[0]; ++i) {
        pnas_named_tensor whole = tensors[0][i];
        strcpy(tensors[0][i].name, "something_else");
        cr_expect_eq(pnas_ensemble_set_weights(to, 0, tensors[0], count[0]), PNAS_ERROR_DATA, "%s",
                     whole.name);
        tensors[0][i] = whole;
        ++tensors[0][i].shape[0];
        cr_expect_eq(pnas_ensemble_set_weights(to, 0, tensors[0], count[0]), PNAS_ERROR_DATA, "%s",
                     whole.name);
        tensors[0][i] = whole;
    }
    for (int m = 0; m < 2; ++m)
        pnas_ensemble_free_weights(&tensors[m], count[m]);
    pnas_ensemble_destroy(&from);
    pnas_ensemble_destroy(&to);
    test_device_close(&cl);
}

Test(kernel_part, fit_elsewhere_and_written_here_it_is_the_same)
{
    const sample s = make_sample();
    pnas_cl *cl = test_device_open(0);
    pnas_ensemble *whole = create_fitted(cl, options_of(PNAS_MODEL_MLP, 0.4, 1), &s);
    pnas_ensemble *part = create(cl, options_of(PNAS_MODEL_MLP, 0.4, 1)),
                  *elsewhere = create(cl, options_of(PNAS_MODEL_MLP, 0.4, 1));
    double mean[CELLS];
    size_t count;
    predict(whole, &s, mean);
    cr_assert_eq(pnas_ensemble_fit_member(part, 0, 1, s.cell, s.accuracy, CELLS), PNAS_OK);
    cr_assert_eq(pnas_ensemble_fit_kernel(elsewhere, s.cell, s.accuracy, CELLS), PNAS_OK);
    const float *values = pnas_ensemble_kernel(elsewhere, &count);
    cr_assert_eq(pnas_ensemble_write_kernel(part, values, count), PNAS_OK);
    expect_same(part, &s, mean);
    pnas_ensemble_destroy(&whole);
    pnas_ensemble_destroy(&part);
    pnas_ensemble_destroy(&elsewhere);
    test_device_close(&cl);
}

/* --- along the trie --- */

static const int operator_of[] = {5, 0, 7};

typedef struct {
    pnas_ensemble *ensemble;
    size_t cells;
    double largest; /* difference to a prediction */
} comparison;

static pnas_status compare(void *payload, const pnas_trie_scores *scores)
{
    comparison *c = payload;
    const pnas_trie_batch *batch = scores->batch;
    for (size_t i = 0; i < batch->families; ++i) {
        const pnas_trie_family *family = &batch->family[i];
        pnas_cell cell = pnas_trie_batch_cell(batch, family, __builtin_ctz(family->operators));
        for (int b = 0; b < cell.blocks; ++b) {
            cell.block[b].op1 = (int8_t)operator_of[cell.block[b].op1];
            cell.block[b].op2 = (int8_t)operator_of[cell.block[b].op2];
        }
        double mean, spread;
        PNAS_TRY(pnas_ensemble_predict(c->ensemble, &cell, 1, &mean, &spread));
        c->largest = fmax(c->largest, fabs(mean - scores->mean[family->first]));
        ++c->cells;
    }
    return PNAS_OK;
}

static const pnas_cell roots[BLOCKS][2] = {
    {{0}},
    {{1, {{-2, 1, -1, 2}}}, {1, {{-1, 0, -1, 2}}}},
    {{2, {{-2, 1, -1, 2}, {-2, 2, 0, 1}}}, {2, {{-2, 1, -1, 2}, {-1, 0, 0, 0}}}}};

static void check_trie(pnas_route route, int blocks)
{
    const sample s = make_sample();
    pnas_cl *cl = test_device_open_route(0, route);
    comparison c = {.ensemble = create_fitted(cl, options_of(PNAS_MODEL_LSTM, 0.6, 2), &s)};
    const pnas_space_trie_options options = {
        .space = {.operators = {.count = 3}, .blocks = blocks, .lookback = -2, .lookforward = -1},
        .blocks = blocks,
        .operator_of = operator_of};
    pnas_named_tensor *tensor[2];
    pnas_member_tensors members[2];
    pnas_space_trie *trie = NULL;
    for (int m = 0; m < 2; ++m) {
        cr_assert_eq(pnas_ensemble_weights(c.ensemble, m, &tensor[m], &members[m].count), PNAS_OK);
        members[m].tensor = tensor[m];
    }
    cr_assert_eq(pnas_space_trie_create(cl, members, 2, &options, &trie), PNAS_OK, "%s", pnas_message());
    cr_assert_eq(pnas_space_trie_run(trie, roots[blocks - 1], blocks == 1 ? 1 : 2, compare, &c), PNAS_OK,
                 "%s", pnas_message());
    cr_expect_gt(c.cells, blocks == 1 ? 5 : 20);
    cr_expect_lt(c.largest, 2e-6);
    pnas_space_trie_destroy(&trie);
    for (int m = 0; m < 2; ++m)
        pnas_ensemble_free_weights(&tensor[m], members[m].count);
    pnas_ensemble_destroy(&c.ensemble);
    test_device_close(&cl);
}

Test(kernel_part, scores_along_a_trie_are_the_predictions)
{
    check_trie(PNAS_ROUTE_TILE, 1);
    check_trie(PNAS_ROUTE_TILE, 2);
    check_trie(PNAS_ROUTE_PLAIN, 2);
    check_trie(PNAS_ROUTE_TILE, 3);
}
