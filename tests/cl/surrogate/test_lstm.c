#include "cl/surrogate/ensemble_state.h"
#include "cl/surrogate/lstm_backward.h"
#include "cl/surrogate/lstm_forward.h"
#include "cl/surrogate/member_order.h"
#include "cl/surrogate/surrogate_ensemble.h"
#include "src/search/spearman.h"
#include "tests/cl/reference/lstm_reference.h"
#include "tests/cl/test_device.h"

#include <stdio.h>
#include <string.h>

enum { BLOCKS = 3, OPERATORS = 8 };

static const pnas_space space = {
    .operators = {.count = OPERATORS}, .blocks = BLOCKS, .lookback = -2, .lookforward = -1};

static pnas_surrogate_options small_options(void)
{
    return (pnas_surrogate_options){.embedding = 5,
                                    .hidden = 6,
                                    .epochs = 1,
                                    .batch = 4,
                                    .rate_first = 0.01,
                                    .rate_later = 0.002,
                                    .last_bias = 0.3,
                                    .seed = 11};
}

/* --- one batch, forward and back --- */

typedef struct {
    pnas_cl *cl;
    pnas_lstm_layout layout;
    pnas_lstm_work work;
    cl_mem parameters, gradients;
    int tokens;
} batch;

static void open_batch(batch *b, const pnas_surrogate_options *options, int rows, int tokens)
{
    memset(b, 0, sizeof *b);
    b->cl = test_device_open(0);
    b->tokens = tokens;
    pnas_lstm_layout_make(options, &space, &b->layout);
    cr_assert_eq(pnas_lstm_work_create(b->cl, &b->layout, rows, tokens, true, &b->work), PNAS_OK);
}

static void close_batch(batch *b)
{
    pnas_lstm_work_release(&b->work);
    pnas_buffer_release(&b->parameters);
    pnas_buffer_release(&b->gradients);
    test_device_close(&b->cl);
}

/* Output [rows] and gradients [layout.count], each the caller's; parameters not in the layout are left NaN to
 * see that nothing reads or writes them. */
static void run_batch(batch *b, const float *parameters, const cl_int *token, const float *target,
                      const float *valid, float *output, float *gradients)
{
    size_t rows = (size_t)b->work.rows, count = b->layout.count;
    pnas_launch_list list = {0};
    b->parameters = test_device_buffer(b->cl, parameters, count);
    memset(gradients, 0, count * sizeof *gradients);
    b->gradients = test_device_buffer(b->cl, gradients, count);
    cr_assert_eq(pnas_buffer_write(b->cl, b->work.token, 0, rows * (size_t)b->tokens * sizeof *token, token),
                 PNAS_OK);
    cr_assert_eq(pnas_buffer_write(b->cl, b->work.target, 0, rows * sizeof *target, target), PNAS_OK);
    cr_assert_eq(pnas_buffer_write(b->cl, b->work.valid, 0, rows * sizeof *valid, valid), PNAS_OK);
    cr_assert_eq(pnas_lstm_forward_append(b->cl, &list, &b->layout, b->parameters, &b->work, b->tokens),
                 PNAS_OK);
    const pnas_network_loss loss = {b->work.output, b->work.target, b->work.valid, b->work.logit_gradient,
                                    b->work.rows};
    cr_assert_eq(pnas_network_loss_append(b->cl, &list, PNAS_LOSS_L1, &loss), PNAS_OK);
    cr_assert_eq(
        pnas_lstm_backward_append(b->cl, &list, &b->layout, b->parameters, b->gradients, &b->work, b->tokens),
        PNAS_OK);
    test_device_run(b->cl, &list);
    test_device_read(b->cl, b->work.output, output, rows);
    test_device_read(b->cl, b->gradients, gradients, count);
}

/* --- the plain reference in double precision --- */

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* The output of one row, straight from the equations in lstm_model.h. */
static double reference_output_of(const pnas_lstm_layout *l, const double *p, const cl_int *token, int rows,
                                  int row, int tokens)
{
    double h[64] = {0}, c[64] = {0}, z[4][64];
    cr_assert(l->hidden <= 64);
    for (int t = 0; t < tokens; ++t) {
        const double *x = p + l->embeddings + token[t * rows + row] * l->embedding;
        for (int gate = 0; gate < 4; ++gate)
            for (int j = 0; j < l->hidden; ++j) {
                int column = gate * l->padded + j;
                double sum = p[l->bias + (size_t)column];
                for (int e = 0; e < l->embedding; ++e)
                    sum += x[e] * p[l->input_weight + (size_t)(e * 4 * l->padded + column)];
                for (int u = 0; u < l->hidden; ++u)
                    sum += h[u] * p[l->recurrent_weight + (size_t)(u * 4 * l->padded + column)];
                z[gate][j] = gate == 2 ? tanh(sum) : sigmoid(sum);
            }
        for (int j = 0; j < l->hidden; ++j) {
            c[j] = z[1][j] * c[j] + z[0][j] * z[2][j];
            h[j] = z[3][j] * tanh(c[j]);
        }
    }
    double logit = p[l->output_bias];
    for (int j = 0; j < l->hidden; ++j)
        logit += h[j] * p[l->output_weight + (size_t)j];
    return sigmoid(logit);
}

static double reference_loss(const batch *b, const double *p, const cl_int *token, const float *target,
                             const float *valid)
{
    double sum = 0, count = 0;
    for (int r = 0; r < b->work.rows; ++r) {
        if (valid[r] == 0)
            continue;
        sum += fabs(reference_output_of(&b->layout, p, token, b->work.rows, r, b->tokens) - target[r]);
        ++count;
    }
    return sum / count;
}

static cl_int random_token(pnas_stream *stream, int t)
{
    return t % 4 < 2 ? (cl_int)pnas_stream_below(stream, BLOCKS + 1)
                     : BLOCKS + 1 + (cl_int)pnas_stream_below(stream, OPERATORS);
}

Test(lstm, output_and_every_gradient_agree_with_double_precision_differences)
{
    enum { ROWS = 4, TOKENS = 8 };
    const pnas_surrogate_options options = small_options();
    batch b;
    open_batch(&b, &options, ROWS, TOKENS);
    size_t count = b.layout.count;
    pnas_stream stream = pnas_stream_make(1, PNAS_STREAM_TEST, 0, 0);
    float *parameters = malloc(count * sizeof *parameters), *gradients = malloc(count * sizeof *gradients);
    double *p = malloc(count * sizeof *p);
    cl_int token[TOKENS * ROWS];
    float target[ROWS] = {0.1f, 0.9f, 0.4f, 0.5f}, valid[ROWS] = {1, 1, 1, 0}, output[ROWS];
    pnas_lstm_initialise(&b.layout, &options, 1, parameters);
    for (int i = 0; i < TOKENS * ROWS; ++i)
        token[i] = random_token(&stream, i / ROWS);
    for (size_t i = 0; i < count; ++i)
        p[i] = parameters[i];
    run_batch(&b, parameters, token, target, valid, output, gradients);
    for (int r = 0; r < ROWS; ++r) {
        double want = reference_output_of(&b.layout, p, token, ROWS, r, TOKENS);
        cr_assert(fabs(output[r] - want) < 1e-6, "row %d: %.9g, expected %.9g", r, output[r], want);
    }
    int nonzero = 0;
    for (size_t i = 0; i < count; ++i) {
        const double step = 1e-5, old = p[i];
        p[i] = old + step;
        double up = reference_loss(&b, p, token, target, valid);
        p[i] = old - step;
        double want = (up - reference_loss(&b, p, token, target, valid)) / (2 * step);
        p[i] = old;
        nonzero += fabs(want) > 1e-6;
        cr_assert(fabs(gradients[i] - want) < 1e-7 + 1e-5 * fabs(want), "parameter %zu: %.9g, expected %.9g",
                  i, gradients[i], want);
    }
    cr_assert_gt(nonzero, 100, "only %d gradients differ from zero: the test shows little", nonzero);
    free(parameters);
    free(gradients);
    free(p);
    close_batch(&b);
}

/* A tensor [rows][groups * width] of the flat layout: where element i of its logical form stands. */
typedef struct {
    const double *gradient;
    size_t at;
    int count, width, stride;
} reference_tensor;

static size_t place_of(const reference_tensor *t, int i)
{
    return t->at + (size_t)(i / t->width * t->stride + i % t->width);
}

Test(lstm, output_and_gradients_agree_with_pytorch)
{
    pnas_surrogate_options options = small_options();
    options.embedding = REFERENCE_EMBEDDING;
    options.hidden = REFERENCE_HIDDEN;
    batch b;
    open_batch(&b, &options, REFERENCE_ROWS, REFERENCE_TOKENS);
    const pnas_lstm_layout *l = &b.layout;
    cr_assert_eq(l->inputs, REFERENCE_INPUTS);
    cr_assert_eq(l->operators, REFERENCE_OPERATORS);
    int E = l->embedding, H = l->hidden, P = l->padded;
    const reference_tensor tensors[] = {
        {reference_input_embedding, l->embeddings, REFERENCE_INPUTS * E, E, E},
        {reference_operator_embedding, l->embeddings + (size_t)(REFERENCE_INPUTS * E),
         REFERENCE_OPERATORS * E, E, E},
        {reference_input_weight, l->input_weight, E * 4 * H, H, P},
        {reference_recurrent_weight, l->recurrent_weight, H * 4 * H, H, P},
        {reference_bias, l->bias, 4 * H, H, P},
        {reference_output_weight, l->output_weight, H, H, P},
        {reference_output_bias, l->output_bias, 1, 1, 1},
    };
    float *parameters = calloc(l->count, sizeof *parameters),
          *gradients = malloc(l->count * sizeof *gradients);
    cl_int token[REFERENCE_TOKENS * REFERENCE_ROWS];
    float target[REFERENCE_ROWS], valid[REFERENCE_ROWS], output[REFERENCE_ROWS];
    for (int k = 0; k < 7; ++k)
        for (int i = 0; i < tensors[k].count; ++i)
            parameters[place_of(&tensors[k], i)] = (float)(0.4 * sin(1.3 * i + 0.7 * k));
    for (int r = 0; r < REFERENCE_ROWS; ++r) {
        target[r] = 0.1f + 0.2f * (float)r;
        valid[r] = 1;
        for (int t = 0; t < REFERENCE_TOKENS; ++t) {
            int words = t % 4 < 2 ? REFERENCE_INPUTS : REFERENCE_OPERATORS;
            token[t * REFERENCE_ROWS + r] =
                (5 * t + 3 * r + t * r) % words + (t % 4 < 2 ? 0 : REFERENCE_INPUTS);
        }
    }
    run_batch(&b, parameters, token, target, valid, output, gradients);
    test_device_compare(output, reference_output, REFERENCE_ROWS, 1e-6, 1, "output");
    for (int k = 0; k < 7; ++k)
        for (int i = 0; i < tensors[k].count; ++i) {
            double got = gradients[place_of(&tensors[k], i)], want = tensors[k].gradient[i];
            cr_assert(fabs(got - want) < 1e-8 + 1e-5 * fabs(want),
                      "tensor %d, element %d: %.9g, expected %.9g", k, i, got, want);
        }
    free(parameters);
    free(gradients);
    close_batch(&b);
}

Test(lstm, rows_that_are_not_valid_change_no_gradient)
{
    enum { ROWS = 8, VALID = 3, TOKENS = 4 };
    const pnas_surrogate_options options = small_options();
    pnas_stream stream = pnas_stream_make(2, PNAS_STREAM_TEST, 0, 0);
    cl_int wide[TOKENS * ROWS], narrow[TOKENS * VALID];
    float target[ROWS] = {0.2f, 0.9f, 0.3f, 0.7f, 0.8f, 0.1f, 0.6f, 0.5f}, valid[ROWS] = {1, 1, 1},
          output[ROWS];
    for (int t = 0; t < TOKENS; ++t)
        for (int r = 0; r < ROWS; ++r) {
            wide[t * ROWS + r] = random_token(&stream, t);
            if (r < VALID)
                narrow[t * VALID + r] = wide[t * ROWS + r];
        }
    float *gradients[2];
    size_t count = 0;
    for (int i = 0; i < 2; ++i) {
        batch b;
        open_batch(&b, &options, i ? VALID : ROWS, TOKENS);
        count = b.layout.count;
        float *parameters = malloc(count * sizeof *parameters);
        gradients[i] = malloc(count * sizeof *gradients[i]);
        pnas_lstm_initialise(&b.layout, &options, 1, parameters);
        run_batch(&b, parameters, i ? narrow : wide, target, valid, output, gradients[i]);
        free(parameters);
        close_batch(&b);
    }
    for (size_t i = 0; i < count; ++i)
        cr_assert(fabsf(gradients[0][i] - gradients[1][i]) <= 1e-6f * fabsf(gradients[1][i]) + 1e-9f,
                  "parameter %zu: %.9g with padding, %.9g without", i, gradients[0][i], gradients[1][i]);
    free(gradients[0]);
    free(gradients[1]);
}

/* --- the surrogate as the search sees it --- */

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

/* A score that adds up over operators and inputs. */
static double additive_score(const pnas_cell *cell)
{
    static const double worth[OPERATORS] = {0, 0.05, 0.04, 0.02, 0.01, -0.05, -0.03, 0.03};
    double sum = 0;
    for (int i = 0; i < cell->blocks; ++i) {
        const pnas_block *block = &cell->block[i];
        sum += worth[block->op1] + worth[block->op2] + 0.01 * (block->in1 == -1) + 0.01 * (block->in2 == -1);
    }
    return 0.8 + sum / cell->blocks;
}

typedef struct {
    pnas_cell *cell;
    double *score;
    size_t count;
} sample;

/* `each` cells of every length from 1 to blocks. */
static sample make_sample(uint64_t seed, int blocks, size_t each)
{
    sample s = {malloc((size_t)blocks * each * sizeof *s.cell),
                malloc((size_t)blocks * each * sizeof *s.score), 0};
    pnas_stream stream = pnas_stream_make(seed, PNAS_STREAM_TEST, 0, 0);
    for (int b = 1; b <= blocks; ++b)
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

static pnas_ensemble *make_lstm(pnas_cl *cl, const pnas_surrogate_options *options)
{
    pnas_ensemble *lstm = NULL;
    cr_assert_eq(pnas_ensemble_create(cl, options, &space, &lstm), PNAS_OK, "%s", pnas_message());
    return lstm;
}

static void fit(pnas_ensemble *lstm, int level, const sample *s)
{
    cr_assert_eq(pnas_ensemble_fit(lstm, level, s->cell, s->score, s->count), PNAS_OK, "%s", pnas_message());
}

Test(surrogate, learns_an_additive_score_well_enough_to_rank_unseen_cells)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options();
    options.embedding = options.hidden = 40;
    options.epochs = 40;
    options.batch = 16;
    options.rate_later = 0.01;
    options.last_bias = 1.8;
    pnas_ensemble *lstm = make_lstm(cl, &options);
    sample seen = make_sample(21, 3, 70), unseen = make_sample(22, 3, 150);
    double *mean = malloc(unseen.count * sizeof *mean), *spread = malloc(unseen.count * sizeof *spread);
    fit(lstm, 3, &seen);
    cr_assert_eq(pnas_ensemble_predict(lstm, unseen.cell, unseen.count, mean, spread), PNAS_OK);
    double rank_correlation = pnas_spearman(mean, unseen.score, unseen.count);
    cr_assert_gt(rank_correlation, 0.8, "Spearman %.3f", rank_correlation);
    for (size_t i = 0; i < unseen.count; ++i)
        cr_assert_eq(spread[i], 0);
    free(mean);
    free(spread);
    free_sample(&seen);
    free_sample(&unseen);
    pnas_ensemble_destroy(&lstm);
    test_device_close(&cl);
}

/* All weights of a fresh surrogate after one fit; the caller's. */
static float *fitted_weights(pnas_cl *cl, const pnas_surrogate_options *options, int level, const sample *s,
                             size_t *count)
{
    pnas_ensemble *lstm = make_lstm(cl, options);
    fit(lstm, level, s);
    *count = pnas_ensemble_weight_count(lstm);
    float *weights = malloc(*count * sizeof *weights);
    test_device_read(cl, lstm->member[0].parameters, weights, *count);
    pnas_ensemble_destroy(&lstm);
    return weights;
}

Test(surrogate, a_repeated_fit_gives_the_same_bits_and_another_seed_does_not)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options();
    options.hidden = 20;
    options.epochs = 3;
    sample s = make_sample(31, 3, 7);
    size_t count;
    float *first = fitted_weights(cl, &options, 2, &s, &count);
    float *again = fitted_weights(cl, &options, 2, &s, &count);
    cr_assert_arr_eq(first, again, count * sizeof *first);
    options.seed = 12;
    float *other = fitted_weights(cl, &options, 2, &s, &count);
    cr_assert_arr_neq(first, other, count * sizeof *first);
    for (size_t i = 0; i < count; ++i)
        cr_assert(isfinite(first[i]));
    free(first);
    free(again);
    free(other);
    free_sample(&s);
    test_device_close(&cl);
}

Test(surrogate, a_second_fit_starts_from_scratch)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options();
    sample one = make_sample(32, 1, 5), two = make_sample(33, 2, 5);
    size_t count;
    float *fresh = fitted_weights(cl, &options, 2, &two, &count);
    pnas_ensemble *lstm = make_lstm(cl, &options);
    fit(lstm, 1, &one);
    fit(lstm, 2, &two);
    float *weights = malloc(count * sizeof *weights);
    test_device_read(cl, lstm->member[0].parameters, weights, count);
    cr_assert_arr_eq(fresh, weights, count * sizeof *weights);
    free(fresh);
    free(weights);
    free_sample(&one);
    free_sample(&two);
    pnas_ensemble_destroy(&lstm);
    test_device_close(&cl);
}

Test(surrogate, a_prediction_does_not_depend_on_the_cells_beside_it)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options();
    pnas_ensemble *lstm = make_lstm(cl, &options);
    sample s = make_sample(41, 3, 5);
    double mean[15], spread[15], alone;
    fit(lstm, 1, &s);
    cr_assert_eq(pnas_ensemble_predict(lstm, s.cell, s.count, mean, spread), PNAS_OK);
    for (size_t i = 0; i < s.count; ++i) {
        cr_assert_eq(pnas_ensemble_predict(lstm, &s.cell[i], 1, &alone, spread), PNAS_OK);
        cr_assert_float_eq(mean[i], alone, 1e-6);
    }
    cr_assert_gt(fabs(mean[0] - mean[14]), 1e-6, "all predictions are alike: the test shows little");
    free_sample(&s);
    pnas_ensemble_destroy(&lstm);
    test_device_close(&cl);
}

Test(surrogate, predictions_are_those_of_the_equations)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options();
    pnas_ensemble *lstm = make_lstm(cl, &options);
    sample s = make_sample(42, 3, 3);
    double mean[9], spread[9];
    cl_int token[4 * BLOCKS];
    fit(lstm, 1, &s);
    cr_assert_eq(pnas_ensemble_predict(lstm, s.cell, s.count, mean, spread), PNAS_OK);
    size_t count = pnas_ensemble_weight_count(lstm);
    float *weights = malloc(count * sizeof *weights);
    double *p = malloc(count * sizeof *p);
    test_device_read(cl, lstm->member[0].parameters, weights, count);
    for (size_t i = 0; i < count; ++i)
        p[i] = weights[i];
    for (size_t i = 0; i < s.count; ++i) {
        cr_assert_eq(pnas_network_encode(&lstm->member[0].network, &s.cell[i], token), PNAS_OK);
        double want =
            reference_output_of(&lstm->member[0].network.layout.lstm, p, token, 1, 0, 4 * s.cell[i].blocks);
        cr_assert_float_eq(mean[i], want, 1e-6);
    }
    free(weights);
    free(p);
    free_sample(&s);
    pnas_ensemble_destroy(&lstm);
    test_device_close(&cl);
}

Test(surrogate, weights_have_names_and_logical_shapes)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options();
    pnas_ensemble *lstm = make_lstm(cl, &options);
    sample s = make_sample(43, 1, 3);
    pnas_named_tensor *tensor;
    size_t count;
    cr_assert_eq(pnas_ensemble_weights(lstm, 0, &tensor, &count), PNAS_ERROR_INTERNAL);
    fit(lstm, 1, &s);
    cr_assert_eq(pnas_ensemble_weights(lstm, 0, &tensor, &count), PNAS_OK);
    static const struct {
        const char *name;
        int rank;
        size_t shape[2];
    } want[] = {{"input_embedding", 2, {4, 5}},    {"operator_embedding", 2, {8, 5}},
                {"lstm/input_weight", 2, {5, 24}}, {"lstm/recurrent_weight", 2, {6, 24}},
                {"lstm/bias", 1, {24, 0}},         {"output/weight", 1, {6, 0}},
                {"output/bias", 1, {1, 0}}};
    cr_assert_eq(count, 7);
    for (size_t i = 0; i < count; ++i) {
        cr_assert_str_eq(tensor[i].name, want[i].name);
        cr_assert_eq(tensor[i].rank, want[i].rank);
        cr_assert_eq(tensor[i].shape[0], want[i].shape[0]);
        cr_assert_eq(tensor[i].shape[1], want[i].shape[1]);
    }
    /* The forget gates' biases begin at 1 and one short fit moves them little. */
    for (int unit = 0; unit < 6; ++unit)
        cr_assert_float_eq(tensor[4].data[6 + unit], 1, 0.1);
    pnas_ensemble_free_weights(&tensor, count);
    cr_assert_null(tensor);
    free_sample(&s);
    pnas_ensemble_destroy(&lstm);
    test_device_close(&cl);
}

static pnas_status stop_at_once(void *payload)
{
    ++*(int *)payload;
    return PNAS_STOPPED;
}

static pnas_status count_ticks(void *payload)
{
    ++*(int *)payload;
    return PNAS_OK;
}

Test(surrogate, a_tick_is_called_and_can_stop_a_fit)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options();
    options.epochs = 20;
    pnas_ensemble *lstm = make_lstm(cl, &options);
    sample s = make_sample(44, 2, 8);
    int calls = 0;
    double mean[16], spread[16];
    pnas_ensemble_set_tick(lstm, stop_at_once, &calls);
    cr_assert_eq(pnas_ensemble_fit(lstm, 1, s.cell, s.score, s.count), PNAS_STOPPED);
    cr_assert_eq(calls, 1);
    cr_assert_eq(pnas_ensemble_predict(lstm, s.cell, s.count, mean, spread), PNAS_ERROR_INTERNAL,
                 "a fit that was stopped is no fit");
    calls = 0;
    pnas_ensemble_set_tick(lstm, count_ticks, &calls);
    fit(lstm, 1, &s); /* 80 steps */
    cr_assert_geq(calls, 10);
    free_sample(&s);
    pnas_ensemble_destroy(&lstm);
    test_device_close(&cl);
}

Test(surrogate, refuses_what_it_was_not_made_for)
{
    pnas_cl *cl = test_device_open(0);
    pnas_surrogate_options options = small_options();
    pnas_ensemble *lstm = make_lstm(cl, &options);
    sample s = make_sample(45, 3, 2);
    double mean[6], spread[6];
    cr_assert_eq(pnas_ensemble_predict(lstm, s.cell, s.count, mean, spread), PNAS_ERROR_INTERNAL);
    cr_assert_eq(pnas_ensemble_fit(lstm, 1, s.cell, s.score, 0), PNAS_ERROR_DATA);
    s.score[1] = NAN;
    cr_assert_eq(pnas_ensemble_fit(lstm, 1, s.cell, s.score, s.count), PNAS_ERROR_DATA);
    s.score[1] = 0.5;
    s.cell[0].block[0].op1 = OPERATORS;
    cr_assert_eq(pnas_ensemble_fit(lstm, 1, s.cell, s.score, s.count), PNAS_ERROR_DATA);
    s.cell[0].block[0].op1 = 0;
    s.cell[0].blocks = BLOCKS + 1;
    cr_assert_eq(pnas_ensemble_fit(lstm, 1, s.cell, s.score, s.count), PNAS_ERROR_DATA);
    options.epochs = 0;
    pnas_ensemble *none = NULL;
    cr_assert_eq(pnas_ensemble_create(cl, &options, &space, &none), PNAS_ERROR_USAGE);
    cr_assert_null(none);
    free_sample(&s);
    pnas_ensemble_destroy(&lstm);
    test_device_close(&cl);
}

/* --- the order of cells --- */

Test(order, every_epoch_shows_every_cell_once_in_batches_of_one_length)
{
    pnas_surrogate_options options = small_options();
    options.epochs = 3;
    sample s = make_sample(51, 3, 10); /* 30 cells; batches of 4: 3 a length */
    pnas_fit_order order;
    cr_assert_eq(pnas_fit_order_make(&options, 1, s.cell, s.count, &order), PNAS_OK);
    cr_assert_eq(order.steps, 27);
    for (size_t epoch = 0; epoch < 3; ++epoch) {
        int seen[30] = {0};
        for (size_t step = 9 * epoch; step < 9 * epoch + 9; ++step) {
            bool ended = false;
            for (int r = 0; r < 4; ++r) {
                int cell = order.cell[step * 4 + (size_t)r];
                ended = ended || cell < 0;
                cr_assert(ended == (cell < 0), "an empty row stands before a full one");
                if (cell < 0)
                    continue;
                ++seen[cell];
                cr_assert_eq(s.cell[cell].blocks, order.blocks[step]);
            }
            cr_assert_geq(order.cell[step * 4], 0, "a batch is empty");
        }
        for (int i = 0; i < 30; ++i)
            cr_assert_eq(seen[i], 1);
    }
    cr_assert_arr_neq(order.cell, order.cell + 9 * 4, 9 * 4 * sizeof *order.cell,
                      "two epochs have the same order");
    pnas_fit_order_free(&order);
    free_sample(&s);
}
