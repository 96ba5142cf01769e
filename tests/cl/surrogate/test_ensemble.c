#include "cl/surrogate/ensemble_state.h"
#include "cl/surrogate/held_out.h"
#include "cl/surrogate/member_order.h"
#include "cl/surrogate/member_predict.h"
#include "cl/surrogate/surrogate_ensemble.h"
#include "src/regression/linear_model.h"
#include "src/search/spearman.h"
#include "tests/cl/test_device.h"

#include <string.h>

enum { BLOCKS = 3, OPERATORS = 8 };

static const pnas_space space = {
    .operators = {.count = OPERATORS}, .blocks = BLOCKS, .lookback = -2, .lookforward = -1};

static pnas_surrogate_options small_options(pnas_surrogate_model model)
{
    return (pnas_surrogate_options){.model = model,
                                    .members = 1,
                                    .fit_share = 1,
                                    .embedding = 5,
                                    .hidden = 6,
                                    .epochs = 2,
                                    .batch = 4,
                                    .rate_first = 0.01,
                                    .rate_later = 0.002,
                                    .last_bias = 0.3,
                                    .seed = 11};
}

typedef struct {
    pnas_cell *cell;
    double *score;
    size_t count;
} sample;

static pnas_cell random_cell(pnas_stream *stream, int blocks)
{
    pnas_cell cell = {.blocks = blocks};
    for (int i = 0; i < blocks; ++i) {
        uint32_t inputs = (uint32_t)i + 2;
        cell.block[i].in1 = (int8_t)((int)pnas_stream_below(stream, inputs) - 2);
        cell.block[i].op1 = (int8_t)pnas_stream_below(stream, OPERATORS);
        cell.block[i].in2 = (int8_t)((int)pnas_stream_below(stream, inputs) - 2);
        cell.block[i].op2 = (int8_t)pnas_stream_below(stream, OPERATORS);
    }
    return cell;
}

/* A score that adds up over operators. */
static double additive_score(const pnas_cell *cell)
{
    static const double worth[OPERATORS] = {0, 0.05, 0.04, 0.02, 0.01, -0.05, -0.03, 0.03};
    double sum = 0;
    for (int i = 0; i < cell->blocks; ++i)
        sum += worth[cell->block[i].op1] + worth[cell->block[i].op2];
    return 0.6 + sum / cell->blocks;
}

/* `each` cells of every length. */
static sample make_sample(uint64_t seed, size_t each)
{
    sample s = {malloc(BLOCKS * each * sizeof *s.cell), malloc(BLOCKS * each * sizeof *s.score), 0};
    pnas_stream stream = pnas_stream_make(seed, PNAS_STREAM_TEST, 0, 0);
    for (int b = 1; b <= BLOCKS; ++b)
        for (size_t i = 0; i < each; ++i, ++s.count) {
            s.cell[s.count] = random_cell(&stream, b);
            s.score[s.count] = additive_score(&s.cell[s.count]);
        }
    return s;
}

static void free_sample(sample *s)
{
    free(s->cell);
    free(s->score);
}

static pnas_ensemble *make_ensemble(pnas_cl *cl, const pnas_surrogate_options *options)
{
    pnas_ensemble *ensemble = NULL;
    cr_assert_eq(pnas_ensemble_create(cl, options, &space, &ensemble), PNAS_OK, "%s", pnas_message());
    return ensemble;
}

static void fit(pnas_ensemble *ensemble, int level, const sample *s)
{
    cr_assert_eq(pnas_ensemble_fit(ensemble, level, s->cell, s->score, s->count), PNAS_OK, "%s",
                 pnas_message());
}

static float *read_weights(pnas_ensemble *ensemble, int member)
{
    float *weights = malloc(pnas_ensemble_weight_count(ensemble) * sizeof *weights);
    cr_assert_eq(pnas_ensemble_read(ensemble, member, weights), PNAS_OK, "%s", pnas_message());
    return weights;
}

static double spearman_of(pnas_ensemble *ensemble, const sample *s)
{
    double *mean = malloc(s->count * sizeof *mean), *spread = malloc(s->count * sizeof *spread);
    cr_assert_eq(pnas_ensemble_predict(ensemble, s->cell, s->count, mean, spread), PNAS_OK);
    double correlation = pnas_spearman(mean, s->score, s->count);
    free(mean);
    free(spread);
    return correlation;
}

static void expect_to_learn(pnas_surrogate_loss loss, pnas_surrogate_optimizer optimizer, double rate)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options(PNAS_MODEL_MLP);
    options.embedding = options.hidden = 40;
    options.epochs = 40;
    options.batch = 16;
    options.rate_later = rate;
    options.loss = loss;
    options.optimizer = optimizer;
    options.momentum = 0.9;
    options.bias = PNAS_BIAS_MEAN;
    pnas_ensemble *ensemble = make_ensemble(cl, &options);
    sample seen = make_sample(21, 70), unseen = make_sample(22, 100);
    fit(ensemble, 3, &seen);
    double correlation = spearman_of(ensemble, &unseen);
    cr_assert_gt(correlation, 0.85, "Spearman %.3f", correlation);
    free_sample(&seen);
    free_sample(&unseen);
    pnas_ensemble_destroy(&ensemble);
    test_device_close(&cl);
}

Test(ensemble, an_mlp_learns_an_additive_score_by_absolute_error)
{
    expect_to_learn(PNAS_LOSS_L1, PNAS_SURROGATE_ADAM, 0.005);
}

Test(ensemble, an_mlp_learns_an_additive_score_by_squared_error_and_sgd)
{
    expect_to_learn(PNAS_LOSS_SQUARED, PNAS_SURROGATE_SGD, 1.0);
}

Test(ensemble, an_mlp_learns_an_additive_score_by_ranking)
{
    expect_to_learn(PNAS_LOSS_RANKING, PNAS_SURROGATE_ADAM, 0.005);
}

Test(ensemble, after_ranking_predictions_are_accuracies)
{
    pnas_cl *cl = test_device_open(0);
    for (int model = PNAS_MODEL_LSTM; model <= PNAS_MODEL_MLP; ++model) {
        pnas_surrogate_options options = small_options((pnas_surrogate_model)model);
        options.embedding = options.hidden = 20;
        options.epochs = 30;
        options.batch = 16;
        options.rate_later = 0.01;
        options.loss = PNAS_LOSS_RANKING;
        options.last_bias = 3; /* 0.95, far from all of them */
        pnas_ensemble *ensemble = make_ensemble(cl, &options);
        sample seen = make_sample(23, 50);
        double mean[150], spread[150], error = 0;
        fit(ensemble, 3, &seen);
        cr_assert_eq(pnas_ensemble_predict(ensemble, seen.cell, seen.count, mean, spread), PNAS_OK);
        for (size_t i = 0; i < seen.count; ++i)
            error += fabs(mean[i] - seen.score[i]) / (double)seen.count;
        cr_expect_lt(error, 0.05, "mean error %.3f", error);
        free_sample(&seen);
        pnas_ensemble_destroy(&ensemble);
    }
    test_device_close(&cl);
}

/* Accuracy depends on the operator of one side alone; the sides of what is predicted are exchanged. */
Test(ensemble, mirrored_cells_teach_that_both_sides_count_alike)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options(PNAS_MODEL_MLP);
    options.embedding = options.hidden = 20;
    options.epochs = 60;
    options.bias = PNAS_BIAS_MEAN;
    pnas_cell seen[OPERATORS], unseen[OPERATORS];
    double accuracy[OPERATORS], mean[OPERATORS], spread[OPERATORS], error[2] = {0};
    for (int op = 0; op < OPERATORS; ++op) {
        seen[op] = (pnas_cell){.blocks = 1, .block = {{-2, (int8_t)op, -1, 0}}};
        unseen[op] = (pnas_cell){.blocks = 1, .block = {{-1, 0, -2, (int8_t)op}}};
        accuracy[op] = 0.2 + 0.6 * (op * 3 % OPERATORS) / OPERATORS;
    }
    for (int mirror = 0; mirror < 2; ++mirror) {
        options.augment_swap = mirror;
        pnas_ensemble *ensemble = make_ensemble(cl, &options);
        cr_assert_eq(pnas_ensemble_fit(ensemble, 1, seen, accuracy, OPERATORS), PNAS_OK, "%s",
                     pnas_message());
        cr_assert_eq(pnas_ensemble_predict(ensemble, unseen, OPERATORS, mean, spread), PNAS_OK);
        for (int op = 0; op < OPERATORS; ++op)
            error[mirror] += fabs(mean[op] - accuracy[op]) / OPERATORS;
        pnas_ensemble_destroy(&ensemble);
    }
    cr_expect_lt(error[1], 0.03, "mean error %.3f", error[1]);
    cr_expect_gt(error[0], 2 * error[1], "mean error %.3f, and %.3f without", error[1], error[0]);
    test_device_close(&cl);
}

/* --- the linear part --- */

static void predict_with(pnas_cl *cl, pnas_surrogate_options options, double linear, const sample *s,
                         double *mean)
{
    double *spread = malloc(s->count * sizeof *spread);
    options.linear = linear;
    pnas_ensemble *ensemble = make_ensemble(cl, &options);
    fit(ensemble, 1, s);
    fit(ensemble, 2, s);
    cr_assert_eq(pnas_ensemble_predict(ensemble, s->cell, s->count, mean, spread), PNAS_OK);
    pnas_ensemble_destroy(&ensemble);
    free(spread);
}

/* The network is fit as if there were no linear part, also where it is finetuned. */
static void expect_shares(pnas_cl *cl, const pnas_surrogate_options *options)
{
    sample s = make_sample(41, 8);
    double none[24], all[24], some[24];
    pnas_linear_model model;
    predict_with(cl, *options, 0, &s, none);
    predict_with(cl, *options, 1, &s, all);
    predict_with(cl, *options, 0.25, &s, some);
    cr_assert_eq(pnas_linear_fit(BLOCKS + 1, OPERATORS, s.cell, s.score, s.count, &model), PNAS_OK);
    for (int i = 0; i < 24; ++i) {
        cr_expect_float_eq(pnas_logit(all[i], 0), pnas_linear_logit(&model, &s.cell[i]), 1e-5);
        cr_expect_float_eq(pnas_logit(some[i], 0),
                           0.75 * pnas_logit(none[i], 0) + 0.25 * pnas_logit(all[i], 0), 1e-5);
    }
    pnas_linear_free(&model);
    free_sample(&s);
}

Test(ensemble, the_linear_part_takes_its_share_of_the_logit)
{
    pnas_cl *cl = test_device_open(0);
    for (int model = 0; model < 2; ++model)
        for (int loss = 0; loss < 3; loss += 2) {
            pnas_surrogate_options options = small_options((pnas_surrogate_model)model);
            options.loss = (pnas_surrogate_loss)loss;
            options.augment_swap = loss > 0;
            expect_shares(cl, &options);
            options.refit = PNAS_REFIT_FINETUNE;
            expect_shares(cl, &options);
        }
    test_device_close(&cl);
}

/* --- words that were never seen --- */

static const float *embeddings_of(pnas_ensemble *ensemble, const char *name, pnas_named_tensor **tensors,
                                  size_t *count)
{
    cr_assert_eq(pnas_ensemble_weights(ensemble, 0, tensors, count), PNAS_OK);
    size_t i = 0;
    while (i < *count && strcmp((*tensors)[i].name, name) != 0)
        ++i;
    cr_assert_lt(i, *count, "no tensor %s", name);
    return (*tensors)[i].data;
}

Test(ensemble, words_never_seen_are_like_those_of_their_kind)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options(PNAS_MODEL_LSTM);
    pnas_ensemble *ensemble = make_ensemble(cl, &options);
    const pnas_cell cells[] = {
        {1, {{-2, 0, -1, 1}}}, {1, {{-1, 1, -2, 0}}}, {2, {{-2, 0, -1, 1}, {0, 0, -1, 1}}}};
    const double accuracy[] = {0.5, 0.6, 0.7};
    pnas_named_tensor *tensors = NULL;
    size_t count;
    int E = options.embedding;
    for (size_t seen = 2; seen <= 3; ++seen) {
        cr_assert_eq(pnas_ensemble_fit(ensemble, 1, cells, accuracy, seen), PNAS_OK);
        const float *input = embeddings_of(ensemble, "input_embedding", &tensors, &count);
        for (int e = 0; e < E; ++e) {
            float mean = (input[e] + input[E + e]) / 2;
            cr_expect_eq(input[3 * E + e], seen == 2 ? mean : input[2 * E + e]);
            cr_expect(seen == 3 || input[2 * E + e] == mean);
        }
        pnas_ensemble_free_weights(&tensors, count);
        const float *op = embeddings_of(ensemble, "operator_embedding", &tensors, &count);
        for (int e = 0; e < E; ++e)
            cr_expect_eq(op[7 * E + e], (op[e] + op[E + e]) / 2);
        pnas_ensemble_free_weights(&tensors, count);
    }
    pnas_ensemble_destroy(&ensemble);
    test_device_close(&cl);
}

Test(ensemble, mean_and_spread_are_those_of_its_members)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options(PNAS_MODEL_MLP);
    options.members = 3;
    options.fit_share = 0.8;
    pnas_ensemble *ensemble = make_ensemble(cl, &options);
    sample s = make_sample(31, 5);
    double mean[15], spread[15], alone[3][15];
    fit(ensemble, 1, &s);
    cr_assert_eq(pnas_ensemble_predict(ensemble, s.cell, s.count, mean, spread), PNAS_OK);
    for (int m = 0; m < 3; ++m)
        cr_assert_eq(pnas_member_predict(&ensemble->member[m], s.cell, s.count, alone[m]), PNAS_OK);
    for (int i = 0; i < 15; ++i) {
        double a = alone[0][i], b = alone[1][i], c = alone[2][i], middle = (a + b + c) / 3;
        double squares =
            (a - middle) * (a - middle) + (b - middle) * (b - middle) + (c - middle) * (c - middle);
        cr_expect_float_eq(mean[i], middle, 1e-15);
        cr_expect_float_eq(spread[i], sqrt(squares / 2), 1e-15);
        cr_expect_gt(spread[i], 1e-6, "all members are alike");
    }
    free_sample(&s);
    pnas_ensemble_destroy(&ensemble);
    test_device_close(&cl);
}

Test(ensemble, a_member_fit_elsewhere_and_written_here_is_the_same)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options(PNAS_MODEL_LSTM);
    options.members = 2;
    options.fit_share = 0.8;
    sample s = make_sample(32, 5);
    double mean[2][15], spread[2][15];
    pnas_ensemble *whole = make_ensemble(cl, &options), *part = make_ensemble(cl, &options),
                  *elsewhere = make_ensemble(cl, &options);
    fit(whole, 2, &s);
    cr_assert_eq(pnas_ensemble_fit_member(elsewhere, 1, 2, s.cell, s.score, s.count), PNAS_OK);
    cr_assert_eq(pnas_ensemble_fit_member(part, 0, 2, s.cell, s.score, s.count), PNAS_OK);
    cr_assert_eq(pnas_ensemble_predict(part, s.cell, s.count, mean[1], spread[1]), PNAS_ERROR_INTERNAL,
                 "member 1 is not fitted yet");
    float *weights = read_weights(elsewhere, 1);
    cr_assert_eq(pnas_ensemble_write(part, 1, weights), PNAS_OK);
    cr_assert_eq(pnas_ensemble_predict(whole, s.cell, s.count, mean[0], spread[0]), PNAS_OK);
    cr_assert_eq(pnas_ensemble_predict(part, s.cell, s.count, mean[1], spread[1]), PNAS_OK);
    cr_expect_arr_eq(mean[0], mean[1], sizeof mean[0]);
    cr_expect_arr_eq(spread[0], spread[1], sizeof spread[0]);
    free(weights);
    free_sample(&s);
    pnas_ensemble_destroy(&whole);
    pnas_ensemble_destroy(&part);
    pnas_ensemble_destroy(&elsewhere);
    test_device_close(&cl);
}

Test(ensemble, pieces_predicted_apart_have_the_same_bits)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options(PNAS_MODEL_MLP);
    options.members = 2;
    pnas_ensemble *ensemble = make_ensemble(cl, &options);
    sample s = make_sample(33, 500); /* 1500 cells */
    double *mean = malloc(2 * s.count * sizeof *mean), *spread = malloc(2 * s.count * sizeof *spread);
    size_t first = PNAS_ENSEMBLE_PIECE;
    fit(ensemble, 1, &s);
    cr_assert_eq(pnas_ensemble_predict(ensemble, s.cell, s.count, mean, spread), PNAS_OK);
    cr_assert_eq(pnas_ensemble_predict(ensemble, s.cell + first, s.count - first, mean + s.count + first,
                                       spread + s.count + first),
                 PNAS_OK);
    cr_assert_eq(pnas_ensemble_predict(ensemble, s.cell, first, mean + s.count, spread + s.count), PNAS_OK);
    cr_expect_arr_eq(mean, mean + s.count, s.count * sizeof *mean);
    cr_expect_arr_eq(spread, spread + s.count, s.count * sizeof *spread);
    free(mean);
    free(spread);
    free_sample(&s);
    pnas_ensemble_destroy(&ensemble);
    test_device_close(&cl);
}

/* Member 0's weights after a fit at level 2 of a fresh ensemble; the caller's. */
static float *weights_after(pnas_cl *cl, const pnas_surrogate_options *options, const sample *s,
                            size_t *count)
{
    pnas_ensemble *ensemble = make_ensemble(cl, options);
    fit(ensemble, 2, s);
    float *weights = read_weights(ensemble, 0);
    *count = pnas_ensemble_weight_count(ensemble);
    pnas_ensemble_destroy(&ensemble);
    return weights;
}

Test(ensemble, a_fit_that_stops_early_keeps_the_weights_of_its_best_epoch)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options(PNAS_MODEL_MLP);
    options.fit_share = 0.8;
    options.rate_later = 0.3; /* so that the loss jumps about */
    sample s = make_sample(34, 10);
    double loss[8], predicted[6], held_out[6], least = INFINITY;
    pnas_cell out_cell[6];
    bool out[30];
    size_t count, taken = 0;
    int best = 0;
    cr_assert_eq(pnas_member_leave_out(&options, 2, 0, s.cell, s.count, out), PNAS_OK);
    for (size_t i = 0; i < s.count; ++i)
        if (out[i]) {
            out_cell[taken] = s.cell[i];
            held_out[taken++] = s.score[i];
        }
    cr_assert_eq(taken, 6);
    for (int epochs = 1; epochs <= 8; ++epochs) {
        options.epochs = epochs;
        pnas_ensemble *ensemble = make_ensemble(cl, &options);
        fit(ensemble, 2, &s);
        cr_assert_eq(pnas_member_predict(&ensemble->member[0], out_cell, 6, predicted), PNAS_OK);
        loss[epochs - 1] = pnas_held_out_loss(options.loss, out_cell, held_out, predicted, 6);
        pnas_ensemble_destroy(&ensemble);
    }
    for (int i = 0; i < 8 && i < best + 2; ++i) /* as a patience of two epochs sees it */
        if (loss[i] < least) {
            least = loss[i];
            best = i + 1;
        }
    cr_assert_lt(best, 7, "the fit never stops early: the test shows little");
    options.epochs = best;
    float *want = weights_after(cl, &options, &s, &count);
    options.epochs = 8;
    options.patience = 2;
    float *got = weights_after(cl, &options, &s, &count);
    cr_expect_arr_eq(got, want, count * sizeof *got);
    free(want);
    free(got);
    free_sample(&s);
    test_device_close(&cl);
}

Test(ensemble, the_last_bias_can_start_from_the_mean_accuracy)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options(PNAS_MODEL_LSTM);
    options.bias = PNAS_BIAS_MEAN;
    options.rate_first = 1e-9; /* so that the fit leaves it where it was */
    options.epochs = 1;
    sample s = make_sample(35, 4);
    double sum = 0;
    pnas_ensemble *ensemble = make_ensemble(cl, &options);
    pnas_named_tensor *tensor;
    size_t count;
    for (size_t i = 0; i < s.count; ++i)
        sum += s.score[i];
    fit(ensemble, 1, &s);
    cr_assert_eq(pnas_ensemble_weights(ensemble, 0, &tensor, &count), PNAS_OK);
    cr_assert_str_eq(tensor[count - 1].name, "output/bias");
    double mean = sum / (double)s.count;
    cr_expect_float_eq(tensor[count - 1].data[0], log(mean / (1 - mean)), 1e-5);
    pnas_ensemble_free_weights(&tensor, count);
    free_sample(&s);
    pnas_ensemble_destroy(&ensemble);
    test_device_close(&cl);
}

Test(ensemble, finetuning_goes_on_from_stored_weights_to_the_bit)
{
    pnas_cl *cl = test_device_open(0);
    for (int model = PNAS_MODEL_LSTM; model <= PNAS_MODEL_MLP; ++model) {
        pnas_surrogate_options options = small_options((pnas_surrogate_model)model);
        options.refit = PNAS_REFIT_FINETUNE;
        sample s = make_sample(36, 4);
        pnas_ensemble *one = make_ensemble(cl, &options), *resumed = make_ensemble(cl, &options);
        pnas_named_tensor *stored;
        size_t tensors, count = pnas_ensemble_weight_count(one), fresh_count;
        fit(one, 1, &s);
        cr_assert_eq(pnas_ensemble_weights(one, 0, &stored, &tensors), PNAS_OK);
        fit(one, 2, &s);
        cr_assert_eq(pnas_ensemble_set_weights(resumed, 0, stored, tensors), PNAS_OK, "%s", pnas_message());
        fit(resumed, 2, &s);
        float *weights = read_weights(one, 0), *same = read_weights(resumed, 0);
        float *fresh = weights_after(cl, &options, &s, &fresh_count);
        cr_expect_arr_eq(weights, same, count * sizeof *weights);
        cr_expect_arr_neq(weights, fresh, count * sizeof *weights, "it did not start from what was there");
        free(weights);
        free(same);
        free(fresh);
        pnas_ensemble_free_weights(&stored, tensors);
        pnas_ensemble_destroy(&one);
        pnas_ensemble_destroy(&resumed);
        free_sample(&s);
    }
    test_device_close(&cl);
}

Test(ensemble, weight_decay_draws_embeddings_towards_zero)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options(PNAS_MODEL_MLP);
    options.optimizer = PNAS_SURROGATE_SGD;
    options.rate_later = 0.1;
    options.weight_decay = 1;
    sample s = make_sample(37, 10);
    size_t count;
    float *weights = weights_after(cl, &options, &s, &count);
    for (int i = 0; i < 5; ++i) /* 0.9 to the power of 16 steps is 0.19 */
        cr_expect_lt(fabs(weights[i]), 0.05);
    free(weights);
    free_sample(&s);
    test_device_close(&cl);
}

Test(ensemble, refuses_weights_of_another_shape_and_impossible_options)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options(PNAS_MODEL_MLP), other = options;
    other.hidden = 7;
    sample s = make_sample(38, 2);
    pnas_ensemble *a = make_ensemble(cl, &options), *b = make_ensemble(cl, &other), *none;
    pnas_named_tensor *tensor;
    size_t count;
    fit(a, 1, &s);
    cr_assert_eq(pnas_ensemble_weights(a, 0, &tensor, &count), PNAS_OK);
    cr_expect_eq(pnas_ensemble_set_weights(b, 0, tensor, count), PNAS_ERROR_DATA);
    cr_expect_eq(pnas_ensemble_set_weights(a, 0, tensor, count - 1), PNAS_ERROR_DATA);
    cr_expect_eq(pnas_ensemble_fit_member(a, 1, 1, s.cell, s.score, s.count), PNAS_ERROR_INTERNAL);
    options.members = -1;
    cr_expect_eq(pnas_ensemble_create(cl, &options, &space, &none), PNAS_ERROR_USAGE);
    options.members = 1;
    options.fit_share = 1.5;
    cr_expect_eq(pnas_ensemble_create(cl, &options, &space, &none), PNAS_ERROR_USAGE);
    pnas_ensemble_free_weights(&tensor, count);
    pnas_ensemble_destroy(&a);
    pnas_ensemble_destroy(&b);
    free_sample(&s);
    test_device_close(&cl);
}
